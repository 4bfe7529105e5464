//! Which names are known, and what those that are found were called in the beginning.

use std::collections::{HashMap, HashSet};

/// A name that the program came upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// There was nothing.
    Absent,
    /// It is the kernel's, and isn't looked at.
    Kernels,
    /// A file of some type.
    There {
        /// The device that it is on.
        device: u64,
        /// Its number there.
        inode: u64,
        /// Whether it is a directory.
        is_directory: bool,
        /// Whether its content is stored, or known not to be storable.
        has_content: bool,
    },
}

/// The names, by what they were called in the beginning: paths without symbolic links; the root's is empty.
#[derive(Debug, Default)]
pub struct Names {
    known: HashMap<Box<[u8]>, Known>,
    /// Directories by device and inode: one that was renamed is found again.
    directories: HashMap<(u64, u64), Box<[u8]>>,
    /// Directories whose entries are all known.
    listed: HashSet<Box<[u8]>>,
}

impl Names {
    /// What is known of `initial`.
    pub fn get(&self, initial: &[u8]) -> Option<Known> {
        self.known.get(initial).copied()
    }

    /// `initial` was that.
    pub fn insert(&mut self, initial: &[u8], known: Known) {
        if let Known::There { device, inode, is_directory: true, .. } = known {
            self.directories.entry((device, inode)).or_insert_with(|| initial.into());
        }
        self.known.insert(initial.into(), known);
    }

    /// What the directory that is found at a name called `initial`, if that had one, was called itself: the
    /// same, unless the program put another one there.
    pub fn directory(&self, initial: Option<&[u8]>, device: u64, inode: u64) -> Option<&[u8]> {
        let same = initial.and_then(|name| self.known.get_key_value(name));
        match same {
            Some((name, Known::There { device: d, inode: i, .. }))
                if (*d, *i) == (device, inode) =>
            {
                Some(name)
            }
            _ => self.directories.get(&(device, inode)).map(|name| &name[..]),
        }
    }

    /// Whether the file at `initial` is the one that was noted there.
    pub fn is_still(&self, initial: &[u8], device: u64, inode: u64) -> bool {
        matches!(self.get(initial), Some(Known::There { device: d, inode: i, .. })
            if (d, i) == (device, inode))
    }

    /// The content of `initial` is stored.
    pub fn set_has_content(&mut self, initial: &[u8]) {
        if let Some(Known::There { has_content, .. }) = self.known.get_mut(initial) {
            *has_content = true;
        }
    }

    /// Whether the entries of directory `initial` have yet to be noted; they count as noted from now on.
    pub fn begin_listing(&mut self, initial: &[u8]) -> bool {
        self.listed.insert(initial.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(inode: u64) -> Known {
        Known::There { device: 1, inode, is_directory: true, has_content: false }
    }

    #[test]
    fn a_renamed_directory_is_known_by_its_first_name() {
        let mut names = Names::default();
        names.insert(b"/d", directory(7));
        names.insert(b"/e", Known::Absent);
        assert_eq!(names.directory(Some(b"/e"), 1, 7), Some(&b"/d"[..]));
        assert_eq!(names.directory(Some(b"/d"), 1, 7), Some(&b"/d"[..]));
    }

    #[test]
    fn a_new_directory_has_no_first_name() {
        let mut names = Names::default();
        names.insert(b"/d", directory(7));
        assert_eq!(names.directory(Some(b"/new"), 1, 8), None);
        assert_eq!(names.directory(None, 1, 8), None);
    }

    #[test]
    fn a_directory_with_two_names_keeps_both() {
        let mut names = Names::default();
        names.insert(b"/d", directory(7));
        names.insert(b"/mounted", directory(7));
        assert_eq!(names.directory(Some(b"/mounted"), 1, 7), Some(&b"/mounted"[..]));
    }
}
