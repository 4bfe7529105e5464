//! Where a replay takes place: in place, or beneath a root that it can't leave.

use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::unistd;

use crate::trace::Initial;

/// Where to replay.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The directory that stands for `/`.
    pub root: Option<PathBuf>,
    /// The working directory to start in, beneath the root; else the recorded one.
    pub cwd: Option<PathBuf>,
}

/// Why the place can't be had.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The working directory.
    #[error(
        "the program was recorded in {}, which isn't there{beneath}: {error}; make it, or name \
         another with --cwd DIR", cwd.display()
    )]
    Recorded {
        /// As recorded.
        cwd: PathBuf,
        /// Where it was looked for.
        beneath: String,
        /// Why.
        error: Errno,
    },
    /// The working directory that was asked for.
    #[error("--cwd {}: {error}", cwd.display())]
    Cwd {
        /// As given.
        cwd: PathBuf,
        /// Why.
        error: Errno,
    },
    /// The root.
    #[error("--root {}: {error}", root.display())]
    Root {
        /// As given.
        root: PathBuf,
        /// Why.
        error: Errno,
    },
    /// No way to have a root.
    #[error(
        "--root needs the right to change the root directory: run as root, or let users make \
         namespaces of their own ({error})"
    )]
    Namespace {
        /// Why.
        error: std::io::Error,
    },
}

impl Place {
    /// Goes there, with the whole process: nothing of it can be reached from beneath the root
    /// afterwards. Call it before there are other threads, and after all files are opened that
    /// the replayer itself needs.
    ///
    /// # Errors
    /// What isn't there, or isn't allowed.
    pub fn enter(&self, initial: &Initial) -> Result<(), PlaceError> {
        if let Some(root) = &self.root {
            enter_root(root)?;
        }
        match (&self.cwd, &initial.cwd) {
            (Some(cwd), _) => {
                unistd::chdir(cwd).map_err(|error| PlaceError::Cwd { cwd: cwd.clone(), error })
            }
            (None, Some(cwd)) => unistd::chdir(cwd).map_err(|error| {
                let root = self.root.as_ref();
                let beneath =
                    root.map_or_else(String::new, |root| format!(" beneath {}", root.display()));
                PlaceError::Recorded { cwd: cwd.clone(), beneath, error }
            }),
            // Old traces don't tell: relative paths are looked up from here.
            (None, None) => Ok(()),
        }
    }
}

/// Changes the root, and gives up what leads out of it again.
fn enter_root(root: &Path) -> Result<(), PlaceError> {
    let failed = |error| PlaceError::Root { root: root.to_owned(), error };
    let root = std::fs::canonicalize(root)
        .map_err(|error| failed(Errno::from_raw(error.raw_os_error().unwrap_or(0))))?;
    if !root.is_dir() {
        return Err(failed(Errno::ENOTDIR));
    }
    if !unistd::geteuid().is_root() {
        own_namespace().map_err(|error| PlaceError::Namespace { error })?;
    }
    unistd::chroot(&root).map_err(failed)?;
    unistd::chdir("/").map_err(failed)?;
    keep_file_capabilities().map_err(failed)
}

/// A user namespace in which this user is who they were, and may change the root.
fn own_namespace() -> std::io::Result<()> {
    let (user, group) = (unistd::geteuid(), unistd::getegid());
    unshare(CloneFlags::CLONE_NEWUSER)?;
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    std::fs::write("/proc/self/gid_map", format!("{group} {group} 1"))
}

/// Header of capset(2), version 3.
#[repr(C)]
struct CapabilityHeader {
    version: u32,
    pid: i32,
}

/// One half of the sets of capset(2).
#[repr(C)]
#[derive(Clone, Copy)]
struct CapabilitySets {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Drops every capability but those that are about files' owners and modes (capabilities(7)). With
/// `CAP_SYS_CHROOT` a trace could leave the root, with `CAP_MKNOD` or `CAP_SYS_ADMIN` reach the
/// machine's devices.
fn keep_file_capabilities() -> nix::Result<()> {
    const VERSION_3: u32 = 0x2008_0522;
    const CAP_CHOWN: u32 = 0;
    const CAP_DAC_OVERRIDE: u32 = 1;
    const CAP_DAC_READ_SEARCH: u32 = 2;
    const CAP_FOWNER: u32 = 3;
    const CAP_FSETID: u32 = 4;
    let kept = [CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID];
    let mut sets = [CapabilitySets { effective: 0, permitted: 0, inheritable: 0 }; 2];
    let mut header = CapabilityHeader { version: VERSION_3, pid: 0 };
    // SAFETY: header and sets have the layout of version 3 of capget(2).
    let got = unsafe { libc::syscall(libc::SYS_capget, &raw mut header, sets.as_mut_ptr()) };
    Errno::result(got)?;
    let mask = kept.iter().fold(0, |mask, capability| mask | 1 << capability);
    sets[0] = CapabilitySets {
        effective: sets[0].permitted & mask,
        permitted: sets[0].permitted & mask,
        inheritable: 0,
    };
    sets[1] = CapabilitySets { effective: 0, permitted: 0, inheritable: 0 };
    // SAFETY: as above.
    let set = unsafe { libc::syscall(libc::SYS_capset, &raw mut header, sets.as_ptr()) };
    Errno::result(set).map(drop)
}
