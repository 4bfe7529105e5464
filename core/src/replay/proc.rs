//! Descriptors by name beneath a root, where there is no `/proc`.
//!
//! `/proc/self/fd/5` is how a program, or its C library, names a file that it has open (fchmodat(3) without
//! following links does). Beneath a root of the replay's own that name leads nowhere, and a `/proc` there would
//! lead out of it. So the path of the descriptor's file is passed in its place: as the kernel tells it, from
//! this root on.

use std::ffi::OsStr;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use nix::fcntl::{AT_FDCWD, OFlag, openat, readlinkat};
use nix::sys::stat::Mode;

/// What the path of a descriptor begins with, as plugins put it.
const DESCRIPTORS: &[u8] = b"/proc/thread-self/fd/";

/// The kernel's `/proc`, out of reach of any path beneath the root.
#[derive(Debug)]
pub struct Proc(OwnedFd);

impl Proc {
    /// Opens it; call it before the root is entered.
    pub fn open() -> Option<Self> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        openat(AT_FDCWD, "/proc", flags, Mode::empty()).ok().map(Self)
    }

    /// Whether `path` is one of a descriptor.
    pub fn is_of_descriptor(path: &[u8]) -> bool {
        path.starts_with(DESCRIPTORS)
    }

    /// The path, with its NUL, of what is at `path`: `/proc/thread-self/fd/N`, maybe with more behind it. None
    /// if the descriptor's file has no path from this root.
    pub fn path_of(&self, path: &[u8]) -> Option<Vec<u8>> {
        let name = path.strip_prefix(DESCRIPTORS)?;
        let digits = name.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = name.split_at(digits);
        let digits = std::str::from_utf8(digits).ok()?;
        let target = readlinkat(&self.0, format!("thread-self/fd/{digits}").as_str()).ok()?;
        let mut target = target.into_vec();
        // A pipe, say, or a file of another root's.
        if target.first() != Some(&b'/') {
            return None;
        }
        // Gone, or a link itself, whose path would be followed.
        let metadata = fs::symlink_metadata(OsStr::from_bytes(&target)).ok()?;
        if metadata.is_symlink() {
            return None;
        }
        target.extend_from_slice(rest);
        Some(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    #[test]
    fn the_path_of_a_descriptor_is_that_of_its_file() {
        let proc = Proc::open().expect("there is a /proc");
        let scratch = tempfile::tempdir().expect("a scratch folder");
        let folder = scratch.path().canonicalize().expect("it is there");
        let open = fs::File::open(&folder).expect("it can be opened");
        let path =
            |rest: &str| format!("/proc/thread-self/fd/{}{rest}\0", open.as_raw_fd()).into_bytes();
        let expected = [folder.as_os_str().as_bytes(), b"/a\0"].concat();
        assert_eq!(proc.path_of(&path("/a")), Some(expected));
        assert_eq!(proc.path_of(b"/proc/thread-self/fd/999999\0"), None);
        assert_eq!(proc.path_of(b"/proc/thread-self/fd/\0"), None);
        assert_eq!(proc.path_of(b"/proc/1/root\0"), None);
        drop(scratch);
        assert_eq!(proc.path_of(&path("")), None, "it is gone");
    }
}
