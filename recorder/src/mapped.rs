//! What a program stores through shared mappings of files, which no call tells.
//!
//! Of every file that is mapped so, the pages are kept as they were last seen, and looked at again whenever it
//! may matter: before a call that syncs or ends mappings, before and after one that is on the file, when a
//! program is replaced and when a process ends. A page that differs becomes a record of its own, of the type
//! that says so ([`abi::effect::STORED`]). The page cache is one for mappings and files, so the file itself is
//! read, through a descriptor of the recorder's own: it stays readable when the program has closed its own, or
//! was killed.
//!
//! With the agent, calls on such a file stop for it ([`Mapped::changed`]).
//!
//! Limits: a page that is stored to several times between two looks is recorded once, as it is at the second;
//! what other programs store is taken for this one's; pages beyond [`MOST_BYTES`] are counted and not looked at;
//! mappings that were there when a recorder attached aren't known.

mod maps;
mod pages;
pub mod reads;

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

use abi::effect;
use replay_schema::Observed;

use crate::agent::Agent;
use crate::clock;
use crate::event::{Blob, CallEvent, Event};
use crate::pipeline::Producer;
use crate::plan::{Plan, Plans};
use maps::{Key, listed};
use pages::Pages;

/// Most bytes of mapped files that are kept.
pub const MOST_BYTES: u64 = 1 << 30;

/// A file's device and inode.
type Identity = (u64, u64);

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Pages that were recorded.
    pub pages: u64,
    /// Mappings that weren't looked at, for they were too large.
    pub unwatched: u64,
}

/// A file that is mapped.
#[derive(Debug)]
struct Mapping {
    file: File,
    /// How the kernel's list of mappings names it.
    key: Key,
    pages: Pages,
    /// A descriptor that it was mapped by.
    descriptor: i32,
}

/// Who stores, and how what was found is handed on.
#[derive(Debug)]
pub struct Look<'l> {
    /// The thread that is stopped.
    pub task: i32,
    /// Its process.
    pub process: i32,
    /// Where order ids come from.
    pub ids: Ids<'l>,
    /// Takes the records.
    pub producer: &'l mut Producer,
}

impl Look<'_> {
    /// Records, as one of `plan`, what no call told: `length` bytes, found now, which the blobs have.
    fn record(&mut self, plan: usize, arguments: [u64; 6], length: u64, blobs: Range<usize>) {
        let (called_id, returned_id) = (self.ids.take(), self.ids.take());
        let now = clock::now();
        self.producer.push(Event::Call(CallEvent {
            plan,
            number: 0,
            task: self.task,
            called_id,
            returned_id,
            time_called: now,
            time_returned: now,
            arguments,
            returned: Some((length as i64, 0)),
            blobs,
        }));
    }
}

/// Where order ids come from.
#[derive(Debug)]
pub enum Ids<'l> {
    /// The tracer alone takes them: the next free one.
    Tracer(&'l mut i64),
    /// Programs take them, too.
    Agent(&'l Agent),
}

impl Ids<'_> {
    /// Takes the next one.
    pub fn take(&mut self) -> i64 {
        match self {
            Self::Tracer(next) => {
                **next += 1;
                **next - 1
            }
            Self::Agent(agent) => agent.take_id(),
        }
    }
}

/// The mapped files of all processes.
#[derive(Debug)]
pub struct Mapped {
    /// The plan of the record type.
    plan: usize,
    fetches: usize,
    files: HashMap<Identity, Mapping>,
    /// What each process has mapped.
    processes: HashMap<i32, Vec<Identity>>,
    /// Whether the files are others than when they were last told.
    has_changed: bool,
    totals: Totals,
}

impl Mapped {
    /// No mappings yet. None if no enabled plugin has a record type for what is stored.
    pub fn new(plans: &Plans) -> Option<Self> {
        let plan = plans.stored?;
        let fetches = plans.plan(plan).call.fetches.len();
        let (files, processes) = (HashMap::new(), HashMap::new());
        let (has_changed, totals) = (false, Totals::default());
        Some(Self { plan, fetches, files, processes, has_changed, totals })
    }

    /// The files that are mapped, if they are others than when this was last asked.
    pub fn changed(&mut self) -> Option<HashSet<Identity>> {
        std::mem::take(&mut self.has_changed).then(|| self.files.keys().copied().collect())
    }

    /// What came of it.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// A process comes up, which has what its parent had mapped.
    pub fn created(&mut self, process: i32, parent: Option<i32>) {
        if let Some(files) = parent.and_then(|parent| self.processes.get(&parent)).cloned() {
            self.processes.entry(process).or_insert(files);
        }
    }

    /// The call of `plan` is about to be made.
    pub fn before(&mut self, plan: &Plan, observed: &Observed<'_>, look: &mut Look<'_>) {
        if self.files.is_empty() {
            return;
        }
        if plan.call.does(effect::UNMAPS | effect::SYNCS, observed.arguments) {
            self.look_at_process(look);
        } else {
            self.look_at_descriptors(plan, observed, look);
        }
    }

    /// The call of `plan` was made, and succeeded.
    pub fn after(&mut self, plan: &Plan, observed: &Observed<'_>, look: &mut Look<'_>) {
        if plan.call.does(effect::MAPS, observed.arguments) {
            self.map(plan, observed, look);
        }
        if self.files.is_empty() {
            return;
        }
        // A mapping at a place that was taken ends what was there.
        if plan.call.does(effect::UNMAPS | effect::MAPS, observed.arguments) {
            self.update(look.process);
        } else if !plan.call.looks.holds(observed) {
            self.look_at_descriptors(plan, observed, look);
            if !plan.paths.is_empty() {
                self.look_where_sizes_changed(look);
            }
        }
    }

    /// The process is gone, or the program that it ran.
    pub fn gone(&mut self, process: i32) {
        if self.processes.remove(&process).is_some() {
            self.drop_unmapped();
        }
    }

    /// Records what the process stored since its files were looked at.
    pub fn look_at_process(&mut self, look: &mut Look<'_>) {
        let Some(files) = self.processes.get(&look.process) else { return };
        for identity in files.clone() {
            self.look_at(identity, look);
        }
    }

    fn look_at_descriptors(&mut self, plan: &Plan, observed: &Observed<'_>, look: &mut Look<'_>) {
        for number in plan.descriptors(observed) {
            if let Ok(file) = fs::metadata(format!("/proc/{}/fd/{number}", look.task)) {
                self.look_at((file.dev(), file.ino()), look);
            }
        }
    }

    fn look_where_sizes_changed(&mut self, look: &mut Look<'_>) {
        let changed = self.files.iter().filter(|(_, mapping)| {
            mapping.file.metadata().is_ok_and(|file| file.len() != mapping.pages.size())
        });
        for identity in changed.map(|(identity, _)| *identity).collect::<Vec<_>>() {
            self.look_at(identity, look);
        }
    }

    /// Records the pages of a file that changed.
    fn look_at(&mut self, identity: Identity, look: &mut Look<'_>) {
        let Some(mapping) = self.files.get_mut(&identity) else { return };
        let mut changed = Vec::new();
        mapping.pages.update(&mapping.file, |offset, bytes| changed.push((offset, bytes.to_vec())));
        if changed.is_empty() {
            return;
        }
        let descriptor = writable(look.task, mapping.descriptor, identity);
        let path = match descriptor {
            Some(_) => None,
            None => path_of(&mapping.file),
        };
        self.totals.pages += changed.len() as u64;
        for (offset, bytes) in changed {
            let batch = look.producer.batch();
            let first = batch.blobs.len();
            let mut copy = |bytes: &[u8]| {
                let start = batch.bytes.len();
                batch.bytes.extend_from_slice(bytes);
                Blob::Copied(start..batch.bytes.len())
            };
            let path = path.as_ref().map_or(Blob::Absent, |path| copy(path));
            let page = copy(&bytes);
            batch.blobs.extend([page, path]);
            batch.blobs.resize(first + self.fetches.max(2), Blob::Absent);
            let blobs = first..batch.blobs.len();
            let length = bytes.len() as u64;
            let arguments = [descriptor.unwrap_or(-1) as u64, 0, length, offset, 0, 0];
            look.record(self.plan, arguments, length, blobs);
        }
    }

    /// A file was mapped.
    fn map(&mut self, plan: &Plan, observed: &Observed<'_>, look: &mut Look<'_>) {
        let Some((address, 0)) = observed.returned else { return };
        let Some(descriptor) = plan.descriptor(observed) else { return };
        let path = format!("/proc/{}/fd/{descriptor}", look.task);
        let Ok(metadata) = fs::metadata(&path) else { return };
        let identity = (metadata.dev(), metadata.ino());
        if !metadata.is_file() || writable(look.task, descriptor, identity).is_none() {
            return;
        }
        let Some(found) = listed(look.task).into_iter().find(|one| one.start == address as u64)
        else {
            return;
        };
        let kept: u64 = self.files.values().map(|mapping| mapping.pages.bytes()).sum();
        if kept + found.length > MOST_BYTES {
            self.totals.unwatched += 1;
            return;
        }
        let mapping = match self.files.entry(identity) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(free) => {
                let Ok(file) = File::open(&path) else {
                    self.totals.unwatched += 1;
                    return;
                };
                let (key, pages) = (found.key, Pages::default());
                self.has_changed = true;
                free.insert(Mapping { file, key, pages, descriptor })
            }
        };
        mapping.descriptor = descriptor;
        mapping.pages.add(&mapping.file, found.offset, found.length);
        let files = self.processes.entry(look.process).or_default();
        if !files.contains(&identity) {
            files.push(identity);
        }
    }

    /// Takes the process's mappings from the kernel, and forgets files that nobody has mapped any more.
    fn update(&mut self, process: i32) {
        if !self.processes.contains_key(&process) {
            return;
        }
        let now = listed(process);
        let mut kept = Vec::new();
        for (identity, mapping) in &mut self.files {
            let mut found = now.iter().filter(|found| found.key == mapping.key).peekable();
            if found.peek().is_some() {
                kept.push(*identity);
            }
            // It may have become longer.
            for found in found {
                mapping.pages.add(&mapping.file, found.offset, found.length);
            }
        }
        self.processes.insert(process, kept);
        self.drop_unmapped();
    }

    fn drop_unmapped(&mut self) {
        let (processes, before) = (&self.processes, self.files.len());
        self.files.retain(|identity, _| processes.values().flatten().any(|file| file == identity));
        self.has_changed |= self.files.len() != before;
    }
}

/// `descriptor` of `task`, if it can still stand for the file in a record: it is open on it, for writing at any
/// place.
fn writable(task: i32, descriptor: i32, identity: Identity) -> Option<i32> {
    let metadata = fs::metadata(format!("/proc/{task}/fd/{descriptor}")).ok()?;
    let info = fs::read_to_string(format!("/proc/{task}/fdinfo/{descriptor}")).ok()?;
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
    let flags = i32::from_str_radix(flags.trim(), 8).ok()?;
    let is_writable = flags & libc::O_ACCMODE == libc::O_RDWR && flags & libc::O_APPEND == 0;
    ((metadata.dev(), metadata.ino()) == identity && is_writable).then_some(descriptor)
}

/// The path of `file` with a NUL, if it has one still.
fn path_of(file: &File) -> Option<Vec<u8>> {
    use std::os::fd::AsRawFd;
    let path = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()?;
    let is_there = path.symlink_metadata().is_ok();
    is_there.then(|| [path.as_os_str().as_bytes(), b"\0"].concat())
}
