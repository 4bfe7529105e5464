//! Where a replay takes place: in place, or beneath a root that it can't leave.

mod capabilities;
mod glob;
mod map;
mod root;

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd;

use crate::replay::Net;
use crate::trace::Initial;

pub use capabilities::{has_all_users, has_roots_rights, may_change_users};
pub use glob::PathGlob;
pub use map::{Mapping, PathMap};

/// Where to replay.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The directory that stands for `/`.
    pub root: Option<PathBuf>,
    /// The working directory to start in, beneath the root; else the recorded one.
    pub cwd: Option<PathBuf>,
    /// Where else paths lead.
    pub map: PathMap,
    /// Paths of the trace that calls aren't made on.
    pub ignore: Vec<PathGlob>,
    /// What calls on sockets of the network do.
    pub net: Net,
}

/// Why the place can't be had.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The working directory.
    #[error(
        "the program was recorded in {}, which isn't there{beneath}: {error}; make it (mkdir -p {}), \
         name another with --cwd DIR, or let another stand for it with --map FROM=TO",
        cwd.display(), full.display()
    )]
    Recorded {
        /// As recorded, and mapped.
        cwd: PathBuf,
        /// Where it was looked for.
        beneath: String,
        /// The same as a path that people can make.
        full: PathBuf,
        /// Why.
        error: Errno,
    },
    /// The working directory that was asked for.
    #[error("--cwd {}: {error}{beneath}", cwd.display())]
    Cwd {
        /// As given.
        cwd: PathBuf,
        /// Where it was looked for.
        beneath: String,
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
    /// The root is the one that is there.
    #[error("--root /: that is the whole machine; without --root a replay works in place")]
    WholeMachine,
    /// A way out that can't be closed.
    #[error(
        "--root: {} shows the kernel's own files, through which a replay could leave the root, and no mount \
         namespace is to be had to leave it out ({step}: {error}): unmount it, or run as root", path.display()
    )]
    KernelsBelow {
        /// Where they are mounted.
        path: PathBuf,
        /// What failed.
        step: &'static str,
        /// Why.
        error: Errno,
    },
    /// A network namespace's only interface.
    #[error("--net loopback: the loopback interface can't be had beneath the root: {0}")]
    Loopback(Errno),
    /// No way to have a root.
    #[error(
        "--root needs a mount namespace of its own, and there is none to be had ({step}: {error}): run as \
         root, or let users make namespaces (sysctl user.max_user_namespaces, and on Ubuntu \
         kernel.apparmor_restrict_unprivileged_userns)"
    )]
    Namespace {
        /// What failed.
        step: &'static str,
        /// Why.
        error: Errno,
    },
}

impl Place {
    /// Goes there, with the whole process: nothing of it can be reached from beneath the root
    /// afterwards. Call it before there are other threads, and after all files are opened that
    /// the replayer itself needs. Returns what people should know of the place.
    ///
    /// # Errors
    /// What isn't there, or isn't allowed.
    pub fn enter(&self, initial: &Initial) -> Result<Vec<String>, PlaceError> {
        let notes = match &self.root {
            Some(root) => root::enter(root, self.net)?,
            None => Vec::new(),
        };
        let beneath = match &self.root {
            Some(root) => format!(" beneath {}", root.display()),
            None => String::new(),
        };
        match (&self.cwd, &initial.cwd) {
            (Some(cwd), _) => unistd::chdir(cwd).map_err(|error| PlaceError::Cwd {
                cwd: cwd.clone(),
                beneath,
                error,
            })?,
            (None, Some(cwd)) => {
                let cwd = self.mapped(cwd);
                unistd::chdir(&cwd).map_err(|error| PlaceError::Recorded {
                    full: self.full(&cwd),
                    cwd,
                    beneath,
                    error,
                })?;
            }
            // Old traces don't tell: relative paths are looked up from here.
            (None, None) => {}
        }
        Ok(notes)
    }

    /// Whether calls on `path`, a plain one of the trace, aren't made.
    pub fn ignores(&self, path: &[u8]) -> bool {
        self.ignore.iter().any(|glob| glob.matches(path))
    }

    /// Where `path` leads in this replay.
    pub fn mapped(&self, path: &Path) -> PathBuf {
        let mapped = self.map.apply(path.as_os_str().as_bytes());
        mapped.map_or_else(|| path.to_owned(), |path| OsString::from_vec(path).into())
    }

    /// `path`, which is looked up beneath the root, as it is called outside.
    pub fn full(&self, path: &Path) -> PathBuf {
        match &self.root {
            Some(root) => root.join(path.strip_prefix("/").unwrap_or(path)),
            None => path.to_owned(),
        }
    }
}
