//! The initial state of the files that a program comes upon, taken before their first change.
//!
//! Each call is looked at when it is entered ([`Snapshot::before`]): the plugin's declaration says which of
//! its arguments are paths, from which directories they are looked up, and whether it lists a directory. Every
//! name on the way is noted once, as it is then: nothing of the program has changed it yet, or the call that
//! did would have come this way before.
//!
//! ```text
//!  call ──▶ walk      names on the way, symbolic links followed as the kernel does
//!             ▼
//!           names     which are known, and what a name that is found now was called in the beginning
//!             ▼
//!           files     metadata, link target, extended attributes                         → FileEvent
//!           contents  runs of data between holes, each content once                      → ContentEvent
//! ```
//!
//! Limits: what other programs change meanwhile is taken for the program's doing or missed; names that the
//! program sees through mounts of its own aren't found; descriptors that it is sent from outside are unknown.

mod contents;
mod files;
mod names;
mod rows;
mod walk;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use nix::unistd::Pid;
use replay_schema::{Observed, Returns, Touch, Value};

use crate::event::Event;
use crate::pipeline::Producer;
use crate::plan::Plan;
use crate::state::InitialState;
use contents::Contents;
use names::{Known, Names};
use walk::Place;

pub use files::FileEvent;
pub use rows::SnapshotRows;

/// How much is stored of the files that the program comes upon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Level {
    /// Nothing
    #[default]
    None,
    /// Names, types, owners, modes, sizes, times, links, extended attributes; no contents
    Meta,
    /// Also the contents of files that are opened, or named by calls that may change them
    Read,
    /// Also the contents of all others that calls name
    Full,
}

impl Level {
    /// As the trace and the command line have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Meta => "meta",
            Self::Read => "read",
            Self::Full => "full",
        }
    }
}

/// What is said of files that aren't looked into.
const KERNELS: &str = "it is the kernel's";

/// A part of a content.
#[derive(Clone, Debug)]
pub struct ContentEvent {
    /// Key of the content.
    pub hash: [u8; 32],
    /// Where in the file the bytes stand.
    pub offset: u64,
    /// The bytes, in the batch.
    pub bytes: std::ops::Range<usize>,
}

/// What was stored, and what wasn't.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Names.
    pub files: u64,
    /// Contents, each counted once.
    pub contents: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Contents that are missing, by the reason, with the path of one.
    pub missing: BTreeMap<&'static str, (u64, String)>,
}

/// Takes the initial state of files.
#[derive(Debug)]
pub struct Snapshot {
    level: Level,
    names: Names,
    contents: Contents,
    totals: Totals,
}

/// How a call is on a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Use {
    /// Whether its content belongs to the snapshot.
    needs_content: bool,
    /// Whether it matters if there is something in it: a directory that is to go, or to make room, has to be empty.
    needs_entry: bool,
    /// Order id of the call.
    id: i64,
}

impl Snapshot {
    /// Nothing yet. Contents of more than `limit` bytes are left out. None if `level` stores nothing.
    pub fn new(level: Level, limit: u64) -> Option<Self> {
        (level != Level::None).then(|| Self {
            level,
            names: Names::default(),
            contents: Contents::new(limit),
            totals: Totals::default(),
        })
    }

    /// Notes where `state`'s process is, and what it has open.
    pub fn begin(&mut self, state: &InitialState, producer: &mut Producer) {
        let descriptors = state.descriptors.iter().map(|open| (&open.target, true));
        let places = [&state.root, &state.cwd].into_iter().flatten().map(|path| (path, false));
        for (path, is_open) in places.chain(descriptors) {
            let needs_content = is_open && self.level >= Level::Read;
            let how = Use { needs_content, needs_entry: false, id: 0 };
            self.walk(&Place::top(), path.as_bytes(), how, producer);
        }
    }

    /// Notes what the call of `plan` that `task` enters is on: `observed` is what is known of it so far, and
    /// `id` its order id.
    pub fn before(
        &mut self,
        task: i32,
        plan: &Plan,
        observed: &Observed<'_>,
        id: i64,
        producer: &mut Producer,
    ) {
        let call = &plan.call;
        if plan.paths.is_empty() {
            if call.does(abi::effect::LISTS, observed.arguments)
                && let Some(number) = plan.descriptor(observed)
                && let Ok(folder) = fs::read_link(format!("/proc/{task}/fd/{number}"))
            {
                self.list(folder.as_os_str().as_bytes(), id, producer);
            }
            return;
        }
        let opens = call.returns(observed.arguments) == Returns::Descriptor;
        let changes = opens || !call.looks.holds(observed);
        let needs_content = match self.level {
            Level::None | Level::Meta => false,
            Level::Read => changes,
            Level::Full => true,
        };
        for path in &plan.paths {
            let Value::Bytes(text) = observed.value(&call.columns[path.column]) else { continue };
            let directory = path.directory.map(|column| observed.value(&call.columns[column]));
            let directory = match directory {
                Some(Value::Number(number)) => number as i32,
                _ => libc::AT_FDCWD,
            };
            let text = text.strip_suffix(b"\0").unwrap_or(text);
            let Some(place) = Place::of(Pid::from_raw(task), directory, text) else { continue };
            let touch = call.columns[path.column].touch;
            let needs_entry = matches!(touch, Touch::Makes | Touch::Removes);
            self.walk(&place, text, Use { needs_content, needs_entry, id }, producer);
        }
    }

    /// What came of it.
    pub fn finish(self) -> Totals {
        self.totals
    }

    /// Notes what is at `live`, a path without symbolic links, that was called `initial`.
    fn note(&mut self, live: &[u8], initial: &[u8], how: Use, producer: &mut Producer) {
        let file = files::read(live);
        let Some(mut file) = file else {
            self.names.insert(initial, Known::Absent);
            return;
        };
        let is_stored = how.needs_content && file.is_regular();
        file.first_id = how.id;
        self.names.insert(
            initial,
            Known::There {
                device: file.device,
                inode: file.inode,
                is_directory: file.is_directory(),
                has_content: is_stored,
            },
        );
        if is_stored {
            self.store_content(live, &mut file, producer);
        }
        self.totals.files += 1;
        file.path = path_of(initial);
        producer.push(Event::File(Box::new(file)));
    }

    /// Notes that the kernel's `live` is at `initial`, and not what is in it.
    fn note_kernels(&mut self, live: &[u8], initial: &[u8], id: i64, producer: &mut Producer) {
        self.names.insert(initial, Known::Kernels);
        let Some(mut file) = files::read(live) else { return };
        self.totals.files += 1;
        (file.path, file.first_id, file.note) = (path_of(initial), id, Some(KERNELS));
        file.attributes.clear();
        producer.push(Event::File(Box::new(file)));
    }

    /// Adds the content of a file that was noted without it, as long as it is the one that was.
    fn add_content(&mut self, live: &[u8], initial: &[u8], id: i64, producer: &mut Producer) {
        let Some(mut file) = files::read(live) else { return };
        if !self.names.is_still(initial, file.device, file.inode) || !file.is_regular() {
            return;
        }
        self.names.set_has_content(initial);
        self.store_content(live, &mut file, producer);
        (file.path, file.first_id) = (path_of(initial), id);
        file.attributes.clear();
        producer.push(Event::File(Box::new(file)));
    }

    fn store_content(&mut self, live: &[u8], file: &mut FileEvent, producer: &mut Producer) {
        match self.contents.store(live, file, producer) {
            Ok(stored) => {
                file.content = Some(stored.hash);
                self.totals.contents += u64::from(stored.is_new);
                self.totals.bytes += stored.bytes;
            }
            Err(why) => {
                let name = || String::from_utf8_lossy(live).into_owned();
                self.totals.missing.entry(why).or_insert_with(|| (0, name())).0 += 1;
                file.note = Some(why);
            }
        }
    }
}

impl Totals {
    /// What people should know of it, a line each.
    pub fn notes(&self) -> Vec<String> {
        let missing = self.missing.iter().map(|(why, (count, one))| {
            let (contents, are) = if *count == 1 { ("content", "is") } else { ("contents", "are") };
            format!("{count} {contents} of files {are} not in the snapshot: {why}; as {one}")
        });
        missing.collect()
    }
}

/// The path of `initial`.
fn path_of(initial: &[u8]) -> Vec<u8> {
    if initial.is_empty() { b"/".to_vec() } else { initial.to_vec() }
}

#[cfg(test)]
mod tests;
