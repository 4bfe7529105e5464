//! Paths whose files are the kernel's or the machine's, and not the program's: what they hold is of the
//! moment, and what is written to them changes the machine. A replay leaves them alone.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::follow::plain;

/// Devices that are the same on every machine and at every moment.
const HARMLESS: [&[u8]; 3] = [b"null", b"zero", b"full"];

/// Whether the file at absolute `path` (without NUL) is the kernel's: in `/proc`, `/sys`, or a device in
/// `/dev`. A process's own descriptors by name (`/proc/self/fd`, `/dev/fd`) are not among them: plugins know
/// what stands for them. Beneath a root of the replay's own there are no devices.
pub fn is_kernels(path: &[u8], is_rooted: bool) -> bool {
    if path.first() != Some(&b'/') {
        return false;
    }
    let names = path.split(|byte| *byte == b'/');
    let mut names = names.filter(|name| !matches!(*name, b"" | b"." | b".."));
    match names.next() {
        Some(b"proc") => {
            let is_own = matches!(names.next(), Some(b"self" | b"thread-self"));
            !(is_own && names.next() == Some(b"fd") && names.next().is_some())
        }
        Some(b"sys") => true,
        Some(b"dev") => match names.next() {
            None | Some(b"shm" | b"stdin" | b"stdout" | b"stderr") => false,
            Some(b"fd") => names.next().is_none(),
            Some(device) => is_rooted || !HARMLESS.contains(&device),
        },
        _ => false,
    }
}

/// Whether absolute `path` (without NUL) is the folder of all devices.
pub fn is_of_devices(path: &[u8]) -> bool {
    path.starts_with(b"/") && plain(b"", path) == b"/dev"
}

/// Which paths a call beneath a root may have failed for with `errno` since the kernel's files aren't there.
pub fn is_missed(errno: i32) -> fn(&[u8]) -> bool {
    match errno {
        libc::ENOENT => leads_there,
        // What is passed in place of such a path is no symbolic link.
        libc::EINVAL => is_of_descriptor,
        _ => |_| false,
    }
}

/// Whether `path` (without NUL) is one of the process's descriptors by its name.
fn is_of_descriptor(path: &[u8]) -> bool {
    let names: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
    matches!(
        names[..],
        [b"", b"proc", b"self" | b"thread-self", b"fd", _] | [b"", b"dev", b"fd", _]
    )
}

/// Symbolic links that are followed one after the other (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// Whether absolute `path` (without NUL) leads to one of the kernel's files by symbolic links that are there, as
/// `/etc/mtab` does.
fn leads_there(path: &[u8]) -> bool {
    if !path.starts_with(b"/") {
        return false;
    }
    let mut path = plain(b"", path);
    for _ in 0..MOST_LINKS {
        if is_kernels(&path, true) {
            return true;
        }
        let Some(next) = without_a_link(&path) else { return false };
        path = next;
    }
    false
}

/// `path` with what its first symbolic link leads to in place of that; none if it has no link.
fn without_a_link(path: &[u8]) -> Option<Vec<u8>> {
    let ends = (1..path.len()).filter(|at| path[*at] == b'/').chain([path.len()]);
    for end in ends {
        let name = Path::new(OsStr::from_bytes(&path[..end]));
        if let (Ok(target), Some(folder)) = (name.read_link(), name.parent()) {
            let there = plain(folder.as_os_str().as_bytes(), target.as_os_str().as_bytes());
            return Some([&there[..], &path[end..]].concat());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbolic_links_lead_to_the_kernels_files() {
        use std::os::unix::fs::symlink;
        let scratch = tempfile::tempdir().unwrap();
        let path = |name: &str| scratch.path().join(name).into_os_string().into_encoded_bytes();
        symlink("/proc/self/mounts", scratch.path().join("mtab")).unwrap();
        symlink("mtab", scratch.path().join("again")).unwrap();
        symlink(scratch.path(), scratch.path().join("here")).unwrap();
        symlink("round", scratch.path().join("round")).unwrap();
        std::fs::write(scratch.path().join("file"), b"").unwrap();
        for name in ["mtab", "again", "here/again", "here/../here/mtab"] {
            assert!(leads_there(&path(name)), "{name}");
        }
        for name in ["file", "here/file", "round", "none", "here"] {
            assert!(!leads_there(&path(name)), "{name}");
        }
        assert!(!leads_there(b"mtab"));
    }

    #[test]
    fn the_kernels_files_are_known_by_their_paths() {
        for path in [
            "/proc",
            "/proc/self/maps",
            "/sys/block",
            "/dev/urandom",
            "//./dev//tty",
            "/dev/sda",
            "/proc/self/fd",
            "/dev/fd",
        ] {
            assert!(is_kernels(path.as_bytes(), false), "{path}");
        }
        for path in [
            "",
            "proc/a",
            "/",
            "/process",
            "/dev",
            "/dev/shm/a",
            "/dev/null",
            "/home/proc",
            "/proc/self/fd/3",
        ] {
            assert!(!is_kernels(path.as_bytes(), false), "{path}");
        }
        assert!(is_kernels(b"/dev/null", true));
        for path in ["/dev/shm/a", "/proc/self/fd/3", "/dev/fd/0"] {
            assert!(!is_kernels(path.as_bytes(), true), "{path}");
        }
    }
}
