//! Descriptors of files that are mapped: calls on them stop, so that what was stored through the mappings is seen
//! before and after.
//!
//! As long as any file is mapped, every area has the descriptors of its process that lead to one; the hook leaves
//! calls on those to the tracer, and calls that may make such a descriptor, or change a file by its path.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::Ordering;

use super::Agent;
use super::x86_64::hook::area;

/// A file's device and inode.
pub type Identity = (u64, u64);

/// Descriptors, a bit each; calls on higher ones are the tracer's.
type Bits = [u64; (area::DESCRIPTORS / 64) as usize];

/// The files that are mapped, and who has them open.
#[derive(Debug, Default)]
pub struct Watch {
    files: HashSet<Identity>,
    processes: HashMap<i32, Bits>,
}

impl Watch {
    fn is_watched(&self, process: i32, descriptor: &str) -> bool {
        let file = fs::metadata(format!("/proc/{process}/fd/{descriptor}"));
        file.is_ok_and(|file| self.files.contains(&(file.dev(), file.ino())))
    }

    /// The descriptors of `process`, as they were last seen.
    fn bits(&mut self, process: i32) -> Bits {
        if let Some(known) = self.processes.get(&process) {
            return *known;
        }
        let mut bits = Bits::default();
        for entry in fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if self.is_watched(process, &name)
                && let Ok(number) = name.parse::<usize>()
                && let Some(word) = bits.get_mut(number / 64)
            {
                *word |= 1 << (number % 64);
            }
        }
        self.processes.insert(process, bits);
        bits
    }

    /// `process` is gone.
    pub fn forget(&mut self, process: i32) {
        self.processes.remove(&process);
    }
}

impl Agent {
    /// These files are mapped now, and no others.
    pub fn watch(&mut self, files: HashSet<Identity>) {
        if self.watch.files.is_empty() && files.is_empty() {
            return;
        }
        self.watch.files = files;
        self.watch.processes.clear();
        let all: HashSet<_> = self.threads.values().map(|thread| thread.process).collect();
        for process in all {
            self.show_watch(process, None);
        }
    }

    /// `process` has a new descriptor.
    pub fn opened(&mut self, process: i32, descriptor: i64) {
        if self.watch.files.is_empty() {
            return;
        }
        let mut bits = self.watch.bits(process);
        let Ok(number) = usize::try_from(descriptor) else { return };
        let Some(word) = bits.get_mut(number / 64) else { return };
        let bit = 1 << (number % 64);
        *word &= !bit;
        if self.watch.is_watched(process, &number.to_string()) {
            *word |= bit;
        }
        self.watch.processes.insert(process, bits);
        self.show_watch(process, None);
    }

    /// Puts what is watched into the areas of `process`'s threads, or into one of them.
    pub(super) fn show_watch(&mut self, process: i32, only: Option<u32>) {
        let is_watching = !self.watch.files.is_empty();
        let bits = if is_watching { self.watch.bits(process) } else { Bits::default() };
        let threads = self.threads.values().filter(|thread| thread.process == process);
        let areas = threads.map(|thread| thread.area);
        for number in areas.filter(|area| *area != 0 && only.is_none_or(|only| *area == only)) {
            let area = self.shared.arena.area(number);
            for (word, at) in bits.into_iter().zip(0..) {
                area.word(area::WATCHED + 8 * at).store(word, Ordering::SeqCst);
            }
            area.word(area::WATCHES).store(is_watching.into(), Ordering::SeqCst);
        }
    }
}
