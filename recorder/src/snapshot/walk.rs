//! Looks a path up as the kernel does, and notes every name on the way.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;

use nix::unistd::Pid;

use super::names::Known;
use super::{Snapshot, Use};
use crate::pipeline::Producer;

/// Symbolic links that are followed at the most (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// Where a process looks a path up: both are paths without symbolic links.
#[derive(Debug)]
pub struct Place {
    /// Its root directory.
    root: Vec<u8>,
    /// The directory that the path starts from.
    base: Vec<u8>,
}

impl Place {
    /// The root of the file system.
    pub fn top() -> Self {
        Self { root: b"/".to_vec(), base: b"/".to_vec() }
    }

    /// Where `process` looks up `path` from its descriptor `directory`, if it can.
    pub fn of(process: Pid, directory: i32, path: &[u8]) -> Option<Self> {
        let link = |name: &str| {
            let target = fs::read_link(format!("/proc/{process}/{name}")).ok()?;
            Some(target.into_os_string().into_vec())
        };
        let root = link("root")?;
        let base = if path.first() == Some(&b'/') {
            root.clone()
        } else if directory == libc::AT_FDCWD {
            link("cwd")?
        } else {
            // A descriptor that isn't a directory's is there for something else (inotify_add_watch(2)).
            let named = link(&format!("fd/{directory}"));
            let named = named.filter(|path| path.first() == Some(&b'/'));
            named.or_else(|| link("cwd"))?
        };
        Some(Self { root, base })
    }
}

/// Where a walk is.
struct At {
    /// The path that leads here now.
    live: Vec<u8>,
    /// For each name on it, where it starts in `live` and what it was called in the beginning; the root first.
    names: Vec<(usize, Option<Vec<u8>>)>,
}

impl At {
    fn top() -> Self {
        Self { live: Vec::new(), names: vec![(0, Some(Vec::new()))] }
    }

    /// What the directory was called, if it was there; the root of the file system is empty.
    fn initial(&self) -> Option<&[u8]> {
        self.names.last().and_then(|(_, initial)| initial.as_deref())
    }

    fn leave(&mut self) {
        if self.names.len() > 1
            && let Some((start, _)) = self.names.pop()
        {
            self.live.truncate(start);
        }
    }
}

fn child(of: &[u8], name: &[u8]) -> Vec<u8> {
    [of, b"/", name].concat()
}

/// The names of `path`, which may have `..` among them.
fn names_of(path: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let names = path.split(|byte| *byte == b'/');
    names.filter(|name| !matches!(*name, b"" | b".")).map(<[u8]>::to_vec)
}

/// Whether a directory that is listed by the kernel itself is at `live`: what is in it is of the moment, or
/// belongs to the machine.
pub fn is_kernels(live: &[u8]) -> bool {
    let mut names = live.split(|byte| *byte == b'/').skip(1);
    match names.next() {
        Some(b"proc" | b"sys") => true,
        Some(b"dev") => !matches!(names.next(), None | Some(b"shm")),
        _ => false,
    }
}

impl Snapshot {
    /// Notes every name on `path`, looked up from `place`, and what it leads to.
    pub(super) fn walk(&mut self, place: &Place, path: &[u8], how: Use, producer: &mut Producer) {
        self.note_top(how.id, producer);
        let mut left: VecDeque<Vec<u8>> = names_of(&place.base).chain(names_of(path)).collect();
        let depth_of_root = names_of(&place.root).count() + 1;
        let mut at = At::top();
        let mut links = 0;
        while let Some(name) = left.pop_front() {
            if name == b".." {
                // The base has none of them, and from the root none leads out.
                if at.names.len() > depth_of_root {
                    at.leave();
                }
                continue;
            }
            let live = child(&at.live, &name);
            let initial = at.initial().map(|parent| child(parent, &name));
            if is_kernels(&live) {
                if let Some(initial) = &initial
                    && self.names.get(initial).is_none()
                {
                    self.note_kernels(&live, initial, how.id, producer);
                }
                return;
            }
            let is_last = left.is_empty();
            if let Some(initial) = &initial {
                self.come_upon(&live, initial, is_last, how, producer);
            }
            let Ok(found) = fs::symlink_metadata(OsStr::from_bytes(&live)) else { return };
            if found.is_symlink() {
                links += 1;
                let Ok(target) = fs::read_link(OsStr::from_bytes(&live)) else { return };
                if links > MOST_LINKS {
                    return;
                }
                let target = target.into_os_string().into_vec();
                let rest = std::mem::take(&mut left);
                if target.first() == Some(&b'/') {
                    at = At::top();
                    left.extend(names_of(&place.root));
                }
                left.extend(names_of(&target));
                left.extend(rest);
                continue;
            }
            if !found.is_dir() {
                return;
            }
            let (device, inode) = (found.dev(), found.ino());
            let initial = self.names.directory(initial.as_deref(), device, inode);
            let initial = initial.map(<[u8]>::to_vec);
            if let Some(initial) = initial.as_ref().filter(|_| is_last && how.needs_entry) {
                self.note_an_entry(&live, initial, how.id, producer);
            }
            at.names.push((at.live.len(), initial));
            at.live = live;
        }
    }

    /// Notes the name `initial`, which is `live` now, if it is new.
    fn come_upon(
        &mut self,
        live: &[u8],
        initial: &[u8],
        is_last: bool,
        how: Use,
        producer: &mut Producer,
    ) {
        let needs_content = how.needs_content && is_last;
        match self.names.get(initial) {
            None => self.note(live, initial, Use { needs_content, ..how }, producer),
            Some(Known::There { has_content: false, is_directory: false, .. }) if needs_content => {
                self.add_content(live, initial, how.id, producer);
            }
            Some(_) => {}
        }
    }

    /// Notes one of the entries of the directory at `live`, if it has any.
    fn note_an_entry(&mut self, live: &[u8], initial: &[u8], id: i64, producer: &mut Producer) {
        let entry = fs::read_dir(OsStr::from_bytes(live)).into_iter().flatten().flatten().next();
        let Some(name) = entry.map(|entry| entry.file_name().into_vec()) else { return };
        let how = Use { needs_content: false, needs_entry: false, id };
        self.come_upon(&child(live, &name), &child(initial, &name), true, how, producer);
    }

    /// Notes the root of the file system.
    fn note_top(&mut self, id: i64, producer: &mut Producer) {
        if self.names.get(b"").is_none() {
            let how = Use { needs_content: false, needs_entry: false, id };
            self.note(b"/", b"", how, producer);
        }
    }

    /// Notes the entries of the directory at `live`, which is listed.
    pub(super) fn list(&mut self, live: &[u8], id: i64, producer: &mut Producer) {
        let how = Use { needs_content: false, needs_entry: false, id };
        self.walk(&Place::top(), live, how, producer);
        let Ok(found) = fs::symlink_metadata(OsStr::from_bytes(live)) else { return };
        let initial = self.names.directory(None, found.dev(), found.ino());
        let Some(initial) = initial.map(<[u8]>::to_vec) else { return };
        if is_kernels(live) || !self.names.begin_listing(&initial) {
            return;
        }
        let folder = if live == b"/" { &b""[..] } else { live };
        for entry in fs::read_dir(OsStr::from_bytes(live)).into_iter().flatten().flatten() {
            let name = entry.file_name().into_vec();
            let (live, initial) = (child(folder, &name), child(&initial, &name));
            if self.names.get(&initial).is_some() {
                continue;
            }
            match is_kernels(&live) {
                true => self.note_kernels(&live, &initial, id, producer),
                false => self.note(&live, &initial, how, producer),
            }
        }
    }
}
