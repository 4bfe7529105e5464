//! Where a replay takes place: in place, or beneath a root that it can't leave.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

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
    /// Where else paths lead.
    pub map: PathMap,
}

/// Folders that others stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathMap(Vec<Mapping>);

/// A folder, and the one that stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    from: Vec<u8>,
    to: Vec<u8>,
}

impl FromStr for Mapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let folder = |path: &str| {
            let path = path.trim_end_matches('/');
            path.starts_with('/').then(|| path.as_bytes().to_vec())
        };
        match text.split_once('=').map(|(from, to)| (folder(from), folder(to))) {
            Some((Some(from), Some(to))) => Ok(Self { from, to }),
            _ => Err("say FROM=TO, both absolute paths of folders other than /".to_owned()),
        }
    }
}

impl FromIterator<Mapping> for PathMap {
    fn from_iter<I: IntoIterator<Item = Mapping>>(mappings: I) -> Self {
        let mut mappings: Vec<_> = mappings.into_iter().collect();
        // The longest prefix is the one that is meant.
        mappings.sort_by_key(|mapping| std::cmp::Reverse(mapping.from.len()));
        Self(mappings)
    }
}

impl PathMap {
    /// Whether all paths lead where they say.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where `path`, which may end in NUL, leads instead, if it does.
    pub fn apply(&self, path: &[u8]) -> Option<Vec<u8>> {
        self.0.iter().find_map(|Mapping { from, to }| {
            let rest = path.strip_prefix(&from[..])?;
            matches!(rest.first(), None | Some(b'/' | 0)).then(|| [to, rest].concat())
        })
    }
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
            (None, Some(cwd)) => unistd::chdir(&self.mapped(cwd)).map_err(|error| {
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

impl Place {
    /// Where `path` leads in this replay.
    pub fn mapped(&self, path: &Path) -> PathBuf {
        let mapped = self.map.apply(path.as_os_str().as_bytes());
        mapped.map_or_else(|| path.to_owned(), |path| OsString::from_vec(path).into())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn map(mappings: &[&str]) -> PathMap {
        mappings.iter().map(|mapping| mapping.parse::<Mapping>().expect("it is one")).collect()
    }

    #[test]
    fn a_path_is_mapped_by_whole_names_and_the_longest_prefix() {
        let map = map(&["/srv=/a", "/srv/w/=/b/c/"]);
        for (path, mapped) in [
            ("/srv", Some("/a")),
            ("/srv/x\0", Some("/a/x\0")),
            ("/srv/w/x", Some("/b/c/x")),
            ("/srv/work", Some("/a/work")),
            ("/service", None),
            ("srv/x", None),
            ("", None),
        ] {
            let expected = mapped.map(|path| path.as_bytes().to_vec());
            assert_eq!(map.apply(path.as_bytes()), expected, "{path}");
        }
    }

    #[test]
    fn a_mapping_is_between_absolute_folders() {
        for wrong in ["", "/a", "a=/b", "/a=b", "/=/a", "=/a"] {
            assert!(wrong.parse::<Mapping>().is_err(), "{wrong}");
        }
    }
}
