//! A root of the replay's own: a mount namespace with nothing in it but the root's folder.
//!
//! 1. A private mount namespace; for users without the right to one, in a user namespace of their own.
//! 2. The folder, bound to itself, is a mount: without devices, set-user-ID programs and the kernel's own file
//!    systems.
//! 3. It becomes the root (pivot_root(2)), and the old root is detached: no path leads to it, no `..`, no
//!    link, no handle.
//! 4. A network and IPC of its own, so that no name leads to a service of the machine either.
//! 5. All capabilities go but those about files' owners, and with them the way to any other namespace.
//!
//! Where there is no namespace to be had, chroot(2) and 5. have to do, and people are told.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::unistd;

use super::PlaceError;
use super::capabilities;
use crate::replay::Net;

/// Types of file systems that show the kernel or the machine, not files of anybody's.
const KERNELS: [&str; 19] = [
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "fusectl",
    "mqueue",
    "nsfs",
    "proc",
    "pstore",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "sysfs",
    "tracefs",
];

/// Makes `root` the root of this process, for good; returns what people should know of it.
///
/// # Errors
/// It isn't a folder, or can't be the root.
pub fn enter(root: &Path, net: Net) -> Result<Vec<String>, PlaceError> {
    let failed = |error| PlaceError::Root { root: root.to_owned(), error };
    let folder = fs::canonicalize(root)
        .map_err(|error| failed(Errno::from_raw(error.raw_os_error().unwrap_or(0))))?;
    if !folder.is_dir() {
        return Err(failed(Errno::ENOTDIR));
    }
    if folder == Path::new("/") {
        return Err(PlaceError::WholeMachine);
    }
    // Whoever may not enter it is told so here, and not by a step below.
    unistd::chdir(&folder).map_err(failed)?;
    let mut notes = Vec::new();
    match own_namespace() {
        Ok(()) => {
            let step = |step| move |error| PlaceError::Namespace { step, error };
            pivot(&folder).map_err(|(what, error)| step(what)(error))?;
            if unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWIPC).is_err() {
                notes.push(
                    "--root: there is no network namespace to be had: abstract local sockets of the trace \
                     are the machine's"
                        .to_owned(),
                );
            } else if net == Net::Loopback {
                loopback_up().map_err(PlaceError::Loopback)?;
            }
        }
        Err((step, error)) => {
            if let Some(below) = kernels_mounts(&folder).first() {
                return Err(PlaceError::KernelsBelow { path: root.join(below), step, error });
            }
            let chrooted = unistd::chroot(&folder).and_then(|()| unistd::chdir("/"));
            chrooted.map_err(|_| PlaceError::Namespace { step, error })?;
            notes.push(format!(
                "--root: no mount namespace is to be had here ({step}: {error}); the replay is kept beneath \
                 {} by chroot(2) and without capabilities, and devices beneath it stay within reach",
                root.display()
            ));
        }
    }
    capabilities::give_up().map_err(failed)?;
    Ok(notes)
}

/// Has the loopback interface of a new network namespace work (netdevice(7)).
fn loopback_up() -> Result<(), Errno> {
    // SAFETY: the call takes numbers only.
    let socket = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    Errno::result(socket)?;
    // SAFETY: the descriptor is new, and nobody else's.
    let socket = unsafe { OwnedFd::from_raw_fd(socket) };
    // SAFETY: all zeroes is a request of no interface.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = *from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: the kernel reads the request.
    let set = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
    Errno::result(set).map(drop)
}

type Failed = (&'static str, Errno);

/// A mount namespace of this process's own, in which it may mount.
fn own_namespace() -> Result<(), Failed> {
    if capabilities::is_administrator() {
        return unshare(CloneFlags::CLONE_NEWNS).map_err(|error| ("unshare", error));
    }
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS;
    if capabilities::may_change_users() {
        return own_users(flags);
    }
    let (user, group) = (unistd::geteuid(), unistd::getegid());
    unshare(flags).map_err(|error| ("unshare", error))?;
    for (file, text) in [
        ("setgroups", "deny".to_owned()),
        ("uid_map", format!("{user} {user} 1")),
        ("gid_map", format!("{group} {group} 1")),
    ] {
        let written = fs::write(Path::new("/proc/self").join(file), text);
        written.map_err(|error| ("user namespace", errno(&error)))?;
    }
    Ok(())
}

/// Namespaces with all the users that there are in this one. Only somebody outside may say so: a child that
/// stays there.
fn own_users(flags: CloneFlags) -> Result<(), Failed> {
    let failed = |error: std::io::Error| ("user namespace", errno(&error));
    let all = |file| {
        let map = fs::read_to_string(Path::new("/proc/self").join(file)).map_err(failed)?;
        let lines = map.lines().filter_map(|line| {
            let mut words = line.split_whitespace();
            let (first, count) = (words.next()?, words.nth(1)?);
            Some(format!("{first} {first} {count}\n"))
        });
        Ok::<_, Failed>(lines.collect::<String>())
    };
    let maps = [("uid_map", all("uid_map")?), ("gid_map", all("gid_map")?)];
    let process = PathBuf::from(format!("/proc/{}", std::process::id()));
    let (mut is_unshared, mut unshared) = std::io::pipe().map_err(failed)?;
    // SAFETY: there are no other threads, so the child is a whole process.
    match unsafe { unistd::fork() }.map_err(|error| ("fork", error))? {
        unistd::ForkResult::Child => {
            drop(unshared);
            let told = is_unshared.read_exact(&mut [0]);
            let written = told.and_then(|()| {
                maps.iter().try_for_each(|(file, map)| fs::write(process.join(file), map))
            });
            let status = written.map_or_else(|error| errno(&error) as i32, |()| 0);
            // SAFETY: the child has nothing to clean up.
            unsafe { libc::_exit(status) }
        }
        unistd::ForkResult::Parent { child } => {
            drop(is_unshared);
            let made = unshare(flags);
            // A child that isn't told ends by itself.
            let told = made.is_ok().then(|| unshared.write_all(&[0]));
            drop(unshared);
            let status = nix::sys::wait::waitpid(child, None);
            made.map_err(|error| ("unshare", error))?;
            told.transpose().map_err(failed)?;
            match status {
                Ok(nix::sys::wait::WaitStatus::Exited(_, 0)) => Ok(()),
                Ok(nix::sys::wait::WaitStatus::Exited(_, error)) => {
                    Err(("user namespace", Errno::from_raw(error)))
                }
                _ => Err(("user namespace", Errno::ECHILD)),
            }
        }
    }
}

/// Makes `folder` the root of this mount namespace, and nothing else be in it.
fn pivot(folder: &Path) -> Result<(), Failed> {
    let step = |step| move |error| (step, error);
    let none = None::<&Path>;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(none, "/", none, private, none).map_err(step("private mounts"))?;
    let bind = MsFlags::MS_BIND | MsFlags::MS_REC;
    mount(Some(folder), folder, none, bind, none).map_err(step("bind mount"))?;
    unistd::chdir(folder).map_err(step("chdir"))?;
    without_devices().map_err(step("mount_setattr"))?;
    for below in kernels_mounts(folder) {
        cover(&below).map_err(step("a file system of the kernel's beneath the root"))?;
    }
    unistd::pivot_root(".", ".").map_err(step("pivot_root"))?;
    // The old root lies on top of the new one now.
    umount2(".", MntFlags::MNT_DETACH).map_err(step("umount"))?;
    unistd::chdir("/").map_err(step("chdir"))
}

/// No device can be opened, and no program gives its user another's rights, on any mount from here on down.
fn without_devices() -> nix::Result<()> {
    let attributes = libc::mount_attr {
        attr_set: libc::MOUNT_ATTR_NODEV | libc::MOUNT_ATTR_NOSUID,
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    let size = size_of_val(&attributes);
    let flags = libc::AT_RECURSIVE as libc::c_uint;
    // SAFETY: the path ends in NUL, and the structure is as long as it says.
    let set = unsafe {
        let path = c".".as_ptr();
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            path,
            flags,
            &raw const attributes,
            size,
        )
    };
    Errno::result(set).map(drop)
}

/// Where below `folder` file systems of the kernel's are mounted, as paths from there.
fn kernels_mounts(folder: &Path) -> Vec<PathBuf> {
    let mounts = fs::read("/proc/self/mountinfo").unwrap_or_default();
    let mounts = mounts.split(|byte| *byte == b'\n').filter_map(mounted);
    let mounts =
        mounts.filter(|(_, kind)| KERNELS.iter().any(|kernels| kernels.as_bytes() == *kind));
    let below = mounts.filter_map(|(path, _)| {
        let path = PathBuf::from(OsStr::from_bytes(&path));
        path.strip_prefix(folder).ok().map(Path::to_owned)
    });
    let mut below: Vec<_> = below.filter(|path| !path.as_os_str().is_empty()).collect();
    // The folder's own mounts are hidden by those of its bound self, at the same paths.
    below.sort();
    below.dedup();
    below
}

/// Mount point and type of a line of proc_pid_mountinfo(5).
fn mounted(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut words = line.split(|byte| *byte == b' ');
    let path = unescaped(words.nth(4)?);
    let kind = words.skip_while(|word| *word != b"-").nth(1)?;
    Some((path, kind))
}

/// The bytes that stand for spaces and the like, as `\040`, put back.
fn unescaped(word: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) if *first == b'\\' => {
                plain.push(byte);
                rest = &behind[3..];
            }
            _ => {
                plain.push(*first);
                rest = behind;
            }
        }
    }
    plain
}

/// Takes what is mounted at `path` away, or, where that is forbidden, puts an empty folder over it.
fn cover(path: &Path) -> nix::Result<()> {
    if umount2(path, MntFlags::MNT_DETACH).is_ok() {
        return Ok(());
    }
    let none = None::<&Path>;
    let flags = MsFlags::MS_RDONLY | MsFlags::MS_NODEV | MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    match mount(Some("none"), path, Some("tmpfs"), flags, none) {
        // It went with one above it.
        Err(Errno::ENOENT) => Ok(()),
        covered => covered,
    }
}

fn errno(error: &std::io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_read_with_their_escapes() {
        let line = br"36 35 98:0 /mnt1 /mnt\0402/a\134b rw,noatime master:1 - ext3 /dev/root rw";
        assert_eq!(mounted(line), Some((br"/mnt 2/a\b".to_vec(), &b"ext3"[..])));
        let line = b"21 1 0:20 / /proc rw - proc proc rw";
        assert_eq!(mounted(line), Some((b"/proc".to_vec(), &b"proc"[..])));
        for odd in [&b""[..], b"21 1", b"21 1 0:20 / /proc rw", b"21 1 0:20 / /proc rw -"] {
            assert_eq!(mounted(odd), None);
        }
        assert_eq!(unescaped(br"a\0x"), br"a\0x");
    }
}
