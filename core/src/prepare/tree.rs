//! Makes files beneath a directory, and nowhere else.
//!
//! Paths are a trace's, and may be anything. Each is walked name by name from the directory on, through
//! descriptors that are opened without following symbolic links: so neither `..` nor a link, nor somebody who
//! changes the tree meanwhile, leads out of it.

use std::ffi::CString;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat};
use nix::sys::stat::{
    FchmodatFlags, Mode, SFlag, UtimensatFlags, fchmodat, fstat, mkdirat, mknodat, utimensat,
};
use nix::sys::time::TimeSpec;
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchownat, linkat, symlinkat, unlinkat};

/// Why a file isn't made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The path has `..` in it, or a NUL.
    #[error("its path leads elsewhere")]
    Elsewhere,
    /// A name on the way isn't a directory.
    #[error("a name on its path isn't a directory")]
    NotADirectory,
    /// The kernel refuses.
    #[error(transparent)]
    System(#[from] Errno),
}

type Result<T> = std::result::Result<T, TreeError>;

/// A directory, and what is made beneath it.
#[derive(Debug)]
pub struct Tree {
    root: OwnedFd,
    /// Whether what is in the way is removed.
    replaces: bool,
    /// The directory that was walked to last.
    last: Option<(Vec<u8>, OwnedFd)>,
}

/// Names that lead down one by one; none is `..`.
fn names(path: &[u8]) -> Result<Vec<CString>> {
    let names = path.split(|byte| *byte == b'/').filter(|name| !matches!(*name, b"" | b"."));
    names
        .map(|name| match name {
            b".." => Err(TreeError::Elsewhere),
            name => CString::new(name).map_err(|_| TreeError::Elsewhere),
        })
        .collect()
}

impl Tree {
    /// The tree beneath `root`, which is there.
    ///
    /// # Errors
    /// It can't be opened, or is no directory.
    pub fn open(root: &Path, replaces: bool) -> nix::Result<Self> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let root = openat(AT_FDCWD, root, flags, Mode::empty())?;
        Ok(Self { root, replaces, last: None })
    }

    /// Whether nothing is in it.
    ///
    /// # Errors
    /// It can't be listed.
    pub fn is_empty(&self) -> nix::Result<bool> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let mut listing = Dir::openat(&self.root, ".", flags, Mode::empty())?;
        let mut names = listing.iter().flatten();
        Ok(names.all(|entry| matches!(entry.file_name().to_bytes(), b"." | b"..")))
    }

    /// Calls `act` with the directory that `path` is in and the name there; `.` in the root itself.
    fn at<T>(
        &mut self,
        path: &[u8],
        act: impl FnOnce(BorrowedFd<'_>, &CString, bool) -> Result<T>,
    ) -> Result<T> {
        let mut names = names(path)?;
        let Some(name) = names.pop() else {
            return act(self.root.as_fd(), &c".".to_owned(), false);
        };
        let end = path.len() - path.iter().rev().take_while(|byte| **byte == b'/').count();
        let start = end - name.as_bytes().len();
        let above = &path[..start];
        if self.last.as_ref().is_none_or(|(known, _)| known != above) {
            let directory = self.walk(&names)?;
            self.last = Some((above.to_vec(), directory));
        }
        let directory = self.last.as_ref().map_or(self.root.as_fd(), |(_, fd)| fd.as_fd());
        act(directory, &name, self.replaces)
    }

    /// The directory at the end of `names`; missing ones are made.
    fn walk(&self, names: &[CString]) -> Result<OwnedFd> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let mut at = self.root.try_clone().map_err(|_| Errno::EMFILE)?;
        for name in names {
            let open = || openat(&at, name.as_c_str(), flags, Mode::empty());
            let next = match open() {
                Err(Errno::ENOENT) => {
                    mkdirat(&at, name.as_c_str(), Mode::from_bits_truncate(0o755))?;
                    open()
                }
                other => other,
            };
            at = next.map_err(|error| match error {
                Errno::ENOTDIR | Errno::ELOOP => TreeError::NotADirectory,
                other => TreeError::System(other),
            })?;
        }
        Ok(at)
    }

    /// Makes a directory that only its owner may enter, or takes one that is there.
    ///
    /// # Errors
    /// It isn't to be had.
    pub fn directory(&mut self, path: &[u8]) -> Result<()> {
        self.at(path, |parent, name, replaces| {
            let make = || mkdirat(parent, name.as_c_str(), Mode::S_IRWXU);
            match make() {
                Err(Errno::EEXIST) => {
                    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_DIRECTORY;
                    let there = openat(parent, name.as_c_str(), flags, Mode::empty());
                    if there.is_ok() || !replaces {
                        return there.map(drop).map_err(TreeError::from);
                    }
                    unlinkat(parent, name.as_c_str(), UnlinkatFlags::NoRemoveDir)?;
                    Ok(make()?)
                }
                made => Ok(made?),
            }
        })
    }

    /// Makes something that isn't a directory: `make` is given where.
    fn node<T>(
        &mut self,
        path: &[u8],
        make: impl Fn(BorrowedFd<'_>, &CString) -> nix::Result<T>,
    ) -> Result<T> {
        self.at(path, |parent, name, replaces| match make(parent, name) {
            Err(Errno::EEXIST) if replaces => {
                unlinkat(parent, name.as_c_str(), UnlinkatFlags::NoRemoveDir)?;
                Ok(make(parent, name)?)
            }
            made => Ok(made?),
        })
    }

    /// Makes a file of `size` bytes, all of them a hole.
    ///
    /// # Errors
    /// It isn't to be had.
    pub fn file(&mut self, path: &[u8], size: u64) -> Result<()> {
        let flags = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        let file = self.node(path, |parent, name| openat(parent, name.as_c_str(), flags, mode))?;
        let set = File::from(file).set_len(size);
        set.map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EINVAL)).into())
    }

    /// Opens a file that was made, to be written.
    ///
    /// # Errors
    /// It isn't there.
    pub fn open_file(&mut self, path: &[u8]) -> Result<File> {
        let flags = OFlag::O_WRONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        self.at(path, |parent, name, _| {
            Ok(openat(parent, name.as_c_str(), flags, Mode::empty())?.into())
        })
    }

    /// Makes `path` another name of `first`.
    ///
    /// # Errors
    /// It isn't to be had.
    pub fn link(&mut self, first: &[u8], path: &[u8]) -> Result<()> {
        let (directory, of) = self.at(first, |parent, name, _| {
            let parent = parent.try_clone_to_owned().map_err(|_| Errno::EMFILE)?;
            Ok((parent, name.clone()))
        })?;
        self.node(path, |parent, name| {
            linkat(&directory, of.as_c_str(), parent, name.as_c_str(), AtFlags::empty())
        })
    }

    /// Makes a symbolic link.
    ///
    /// # Errors
    /// It isn't to be had.
    pub fn symlink(&mut self, target: &[u8], path: &[u8]) -> Result<()> {
        let target = CString::new(target).map_err(|_| TreeError::Elsewhere)?;
        self.node(path, |parent, name| symlinkat(target.as_c_str(), parent, name.as_c_str()))
    }

    /// Makes a FIFO or a socket.
    ///
    /// # Errors
    /// It isn't to be had.
    pub fn special(&mut self, path: &[u8], kind: u32) -> Result<()> {
        let kind = SFlag::from_bits_truncate(kind);
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        self.node(path, |parent, name| mknodat(parent, name.as_c_str(), kind, mode, 0))
    }

    /// Sets owner and group.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn set_owner(&mut self, path: &[u8], owner: u32, group: u32) -> Result<()> {
        let (owner, group) = (Uid::from_raw(owner), Gid::from_raw(group));
        self.at(path, |parent, name, _| {
            let flags = AtFlags::AT_SYMLINK_NOFOLLOW;
            Ok(fchownat(parent, name.as_c_str(), Some(owner), Some(group), flags)?)
        })
    }

    /// Sets the permissions of what is no symbolic link.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn set_mode(&mut self, path: &[u8], mode: u32) -> Result<()> {
        self.at(path, |parent, name, _| {
            let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
            let file = openat(parent, name.as_c_str(), flags, Mode::empty())?;
            if fstat(&file)?.st_mode & libc::S_IFMT == libc::S_IFLNK {
                return Err(TreeError::Elsewhere);
            }
            // The file itself, whatever is at its path by now.
            let file = format!("/proc/self/fd/{}", file.as_raw_fd());
            let mode = Mode::from_bits_truncate(mode);
            Ok(fchmodat(AT_FDCWD, file.as_str(), mode, FchmodatFlags::FollowSymlink)?)
        })
    }

    /// Sets an extended attribute.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn set_attribute(&mut self, path: &[u8], key: &[u8], value: &[u8]) -> Result<()> {
        let key = CString::new(key).map_err(|_| TreeError::Elsewhere)?;
        self.at(path, |parent, name, _| {
            // There is no such call that takes a directory's descriptor; the last name isn't followed.
            let prefix = format!("/proc/self/fd/{}/", parent.as_raw_fd());
            let file = CString::new([prefix.as_bytes(), name.as_bytes()].concat());
            let file = file.map_err(|_| TreeError::Elsewhere)?;
            // SAFETY: both strings end in NUL, and the value is as long as is said.
            let set = unsafe {
                libc::lsetxattr(file.as_ptr(), key.as_ptr(), value.as_ptr().cast(), value.len(), 0)
            };
            Ok(Errno::result(set).map(drop)?)
        })
    }

    /// Sets the times, in nanoseconds since the epoch.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn set_times(&mut self, path: &[u8], accessed: i64, modified: i64) -> Result<()> {
        let time = |time: i64| {
            TimeSpec::new(time.div_euclid(1_000_000_000), time.rem_euclid(1_000_000_000))
        };
        self.at(path, |parent, name, _| {
            let flags = UtimensatFlags::NoFollowSymlink;
            Ok(utimensat(parent, name.as_c_str(), &time(accessed), &time(modified), flags)?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn scratch() -> (tempfile::TempDir, Tree) {
        let scratch = tempfile::tempdir().expect("a scratch folder");
        fs::create_dir_all(scratch.path().join("root")).expect("it is empty");
        fs::create_dir_all(scratch.path().join("outside")).expect("it is empty");
        let tree = Tree::open(&scratch.path().join("root"), false).expect("it is there");
        (scratch, tree)
    }

    #[test]
    fn no_path_leads_out() {
        let (scratch, mut tree) = scratch();
        let outside = scratch.path().join("outside");
        symlink(&outside, scratch.path().join("root/link")).expect("it is new");
        for path in ["/../outside/a", "/a/../../outside/a", "..", "/link/../outside/a"] {
            assert_eq!(tree.file(path.as_bytes(), 1), Err(TreeError::Elsewhere), "{path}");
            assert_eq!(tree.directory(path.as_bytes()), Err(TreeError::Elsewhere), "{path}");
        }
        for path in ["/link/a", "link/a", "//link//a", "/./link/a"] {
            assert_eq!(tree.file(path.as_bytes(), 1), Err(TreeError::NotADirectory), "{path}");
            assert_eq!(tree.symlink(b"x", path.as_bytes()), Err(TreeError::NotADirectory));
            assert!(tree.set_owner(path.as_bytes(), 1, 1).is_err());
        }
        assert!(tree.set_mode(b"/link", 0o777).is_err());
        assert!(tree.open_file(b"/link").is_err());
        assert!(tree.directory(b"/link").is_err());
        assert_eq!(fs::read_dir(&outside).expect("it is there").count(), 0);
    }

    #[test]
    fn what_is_in_the_way_is_replaced_only_if_asked_for() {
        let (scratch, mut tree) = scratch();
        let outside = scratch.path().join("outside/a");
        fs::write(&outside, "a").expect("it is new");
        symlink(&outside, scratch.path().join("root/a")).expect("it is new");
        assert_eq!(tree.file(b"/a", 3), Err(TreeError::System(Errno::EEXIST)));
        let mut tree = Tree::open(&scratch.path().join("root"), true).expect("it is there");
        tree.file(b"/a", 3).expect("the link is removed");
        assert_eq!(fs::read(&outside).expect("it is there"), b"a");
        assert_eq!(fs::read(scratch.path().join("root/a")).expect("it is there"), [0; 3]);
    }

    #[test]
    fn directories_on_the_way_are_made() {
        let (scratch, mut tree) = scratch();
        tree.file(b"/a/b/c", 0).expect("the directories are made");
        tree.link(b"/a/b/c", b"/a/d").expect("both are there");
        assert!(scratch.path().join("root/a/d").is_file());
        assert!(!tree.is_empty().expect("it can be listed"));
    }
}
