//! The names of a trace, as a tree: what they lead to, and who used each last.

use foldhash::HashMap;

use crate::follow::plain;
use crate::replay::order::uses::Uses;

/// A name.
pub type Id = u32;

/// Names that are followed from one to the other at the most, as the kernel does (path_resolution(7)).
const MOST_FOLLOWED: usize = 40;

/// One name: a file, or a directory with others in it.
#[derive(Debug)]
pub struct Name {
    /// Its plain path; see [`plain`].
    pub path: Box<[u8]>,
    /// The directory that it is in.
    pub parent: Option<Id>,
    /// Names in it that came up.
    pub children: Vec<Id>,
    /// Another name that stands for the same: this one is a symbolic link to it, or was renamed.
    pub same_as: Option<Id>,
    /// Whether it is no name, but what a descriptor is open on all the same.
    pub is_nameless: bool,
    /// Who used the name itself: what it leads to, its owner, mode and the like.
    pub uses: Uses,
    /// Who used what is in the file, or which names are in the directory.
    pub content: Uses,
}

/// All names that came up.
#[derive(Debug, Default)]
pub struct Names {
    names: Vec<Name>,
    by_path: HashMap<Box<[u8]>, Id>,
}

impl Names {
    /// The name with number `id`.
    pub fn get(&self, id: Id) -> &Name {
        &self.names[id as usize]
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, id: Id) -> &mut Name {
        &mut self.names[id as usize]
    }

    /// The name that plain `path` leads to, and the link by which it does, if it was one: `link_of` tells
    /// where a name that is new leads, if it is a symbolic link on disk.
    pub fn look_up(
        &mut self,
        path: &[u8],
        link_of: &impl Fn(&[u8]) -> Option<Vec<u8>>,
    ) -> (Id, Option<Id>) {
        let mut at = self.child(None, b"", link_of);
        let mut by = None;
        let mut followed = 0;
        for name in path.split(|byte| *byte == b'/').skip(1) {
            let mut full = self.get(at).path.to_vec();
            full.push(b'/');
            full.extend_from_slice(name);
            let mut next = self.child(Some(at), &full, link_of);
            by = None;
            while let Some(same) = self.get(next).same_as
                && followed < MOST_FOLLOWED
            {
                by.get_or_insert(next);
                next = same;
                followed += 1;
            }
            at = next;
        }
        (at, by)
    }

    /// The name with plain path `path` in directory `parent`, which it is put into if it is new.
    fn child(
        &mut self,
        parent: Option<Id>,
        path: &[u8],
        link_of: &impl Fn(&[u8]) -> Option<Vec<u8>>,
    ) -> Id {
        if let Some(id) = self.by_path.get(path) {
            return *id;
        }
        let id = self.push(path, parent, false);
        self.by_path.insert(path.into(), id);
        if let Some(parent) = parent {
            self.get_mut(parent).children.push(id);
            if let Some(target) = link_of(path) {
                self.link(id, &target, link_of);
            }
        }
        id
    }

    /// The name `id` is a symbolic link with text `target` from now on.
    pub fn link(&mut self, id: Id, target: &[u8], link_of: &impl Fn(&[u8]) -> Option<Vec<u8>>) {
        let directory =
            self.get(id).parent.map_or(&[][..], |parent| &self.get(parent).path).to_vec();
        let (target, _) = self.look_up(&plain(&directory, target), link_of);
        self.join(id, target);
    }

    /// From now on `name` stands for the same as `other`.
    pub fn join(&mut self, name: Id, other: Id) {
        let (name, other) = (self.last(name), self.last(other));
        if name != other {
            self.get_mut(name).same_as = Some(other);
        }
    }

    /// A thing without a name: a pipe, a socket.
    pub fn nameless(&mut self) -> Id {
        self.push(b"", None, true)
    }

    fn push(&mut self, path: &[u8], parent: Option<Id>, is_nameless: bool) -> Id {
        self.names.push(Name {
            path: path.into(),
            parent,
            children: Vec::new(),
            same_as: None,
            is_nameless,
            uses: Uses::default(),
            content: Uses::default(),
        });
        self.names.len() as Id - 1
    }

    /// What `id` stands for by now.
    pub fn last(&self, mut id: Id) -> Id {
        while let Some(same) = self.get(id).same_as {
            id = same;
        }
        id
    }

    /// All names below `id`.
    pub fn below(&self, id: Id) -> Vec<Id> {
        let mut below = self.get(id).children.clone();
        let mut next = 0;
        while let Some(id) = below.get(next) {
            below.extend_from_slice(&self.get(*id).children);
            next += 1;
        }
        below
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: &[u8]) -> Option<Vec<u8>> {
        None
    }

    #[test]
    fn links_and_renamed_names_lead_to_one() {
        let mut names = Names::default();
        let look_up = |names: &mut Names, path: &str| names.look_up(path.as_bytes(), &nothing).0;
        let file = look_up(&mut names, "/d/file");
        let link = look_up(&mut names, "/link");
        names.link(link, b"d\0", &nothing);
        assert_eq!(look_up(&mut names, "/link/file"), file);
        let (old, new) = (look_up(&mut names, "/d"), look_up(&mut names, "/e"));
        names.join(new, old);
        assert_eq!(look_up(&mut names, "/e/file"), file);
        // Renamed to and fro, and links in a circle, come to an end.
        names.join(old, new);
        let (a, b) = (look_up(&mut names, "/a"), look_up(&mut names, "/b"));
        names.link(a, b"/b", &nothing);
        names.link(b, b"/a", &nothing);
        look_up(&mut names, "/a/b/c");
    }

    #[test]
    fn links_on_disk_are_followed() {
        let mut names = Names::default();
        let on_disk = |path: &[u8]| (path == b"/var/run").then(|| b"../run".to_vec());
        let (there, by) = names.look_up(b"/var/run/lock", &on_disk);
        assert_eq!(&names.get(there).path[..], b"/run/lock");
        assert_eq!(by, None, "only the last name counts as the link");
        assert!(names.look_up(b"/var/run", &on_disk).1.is_some());
    }

    #[test]
    fn what_is_below_is_found() {
        let mut names = Names::default();
        for path in ["/a/b/c", "/a/d", "/e"] {
            names.look_up(path.as_bytes(), &nothing);
        }
        let (a, _) = names.look_up(b"/a", &nothing);
        assert_eq!(names.below(a).len(), 3);
    }
}
