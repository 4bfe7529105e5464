//! What came of a replay's calls and how long they took, then and now: by call, process and path.
//!
//! ```text
//!  a task's thread   counts each call                 → Stats
//!  the main thread   puts the threads' counts together → Stats → table, JSON, CSV
//! ```

pub mod compare;
mod csv;
mod json;
pub mod options;
pub mod repeat;
mod table;

use std::collections::HashMap;
use std::sync::Arc;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

pub use json::{Latencies, Line, Run};

/// What calls are put together by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum By {
    /// The system call.
    Call,
    /// The process that made it.
    Process,
    /// The file that it was on, by name.
    Path,
}

/// What a group of calls has in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// Name of the record type.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub call: Option<String>,
    /// The process, by its number in the trace.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub process: Option<i32>,
    /// The file; empty for calls that are on none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub path: Option<String>,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Number of its record type.
    pub kind: usize,
    /// The process that made it.
    pub process: i32,
    /// The file that it was on, where that was asked for.
    pub path: Option<String>,
    /// How long it took, in nanoseconds, when it was recorded.
    pub recorded: u64,
    /// How long it took this time, if it was made.
    pub replayed: Option<u64>,
    /// The errno of then.
    pub recorded_errno: i32,
    /// The errno of now.
    pub replayed_errno: i32,
    /// Whether the two diverged.
    pub diverged: bool,
    /// Bytes that it moved.
    pub bytes: u64,
}

/// A group of calls.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Calls.
    pub calls: u64,
    /// Those that were made.
    pub made: u64,
    /// Those that failed when they were recorded.
    pub recorded_errors: u64,
    /// Those that were made and failed.
    pub replayed_errors: u64,
    /// Those that diverged.
    pub diverged: u64,
    /// Bytes that they moved.
    pub bytes: u64,
    /// How long those that were made took when they were recorded, in nanoseconds.
    pub recorded: Times,
    /// How long they took this time.
    pub replayed: Times,
}

/// How long calls took, in nanoseconds.
#[derive(Clone, Debug)]
pub struct Times {
    /// All together.
    pub sum: u64,
    /// Each, to two digits.
    pub each: Histogram<u64>,
}

impl Default for Times {
    fn default() -> Self {
        // Two digits need no bounds, and grow with what is added.
        Self { sum: 0, each: Histogram::new(2).expect("two digits are few enough") }
    }
}

impl Times {
    fn add(&mut self, nanoseconds: u64) {
        self.sum += nanoseconds;
        // It grows, so that nothing is too much for it.
        let _ = self.each.record(nanoseconds);
    }

    fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        let _ = self.each.add(&other.each);
    }
}

impl Group {
    fn add(&mut self, sample: &Sample) {
        self.calls += 1;
        self.recorded_errors += u64::from(sample.recorded_errno != 0);
        self.diverged += u64::from(sample.diverged);
        if let Some(took) = sample.replayed {
            self.made += 1;
            self.replayed_errors += u64::from(sample.replayed_errno != 0);
            self.bytes += sample.bytes;
            self.recorded.add(sample.recorded);
            self.replayed.add(took);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.calls += other.calls;
        self.made += other.made;
        self.recorded_errors += other.recorded_errors;
        self.replayed_errors += other.replayed_errors;
        self.diverged += other.diverged;
        self.bytes += other.bytes;
        self.recorded.merge(&other.recorded);
        self.replayed.merge(&other.replayed);
    }
}

/// What the calls of a group have in common: the name of their record type, their process and their path.
type Common = (Option<Arc<str>>, Option<i32>, Option<String>);

/// Groups of calls, as a thread counts them.
#[derive(Clone, Debug)]
pub struct Stats {
    by: Arc<[By]>,
    /// Names of the record types, by number.
    names: Arc<[Arc<str>]>,
    groups: HashMap<Common, Group>,
}

impl Stats {
    /// Nothing counted yet; `names` are those of the record types. Files of one trace have types of the same
    /// name, which are counted together.
    pub fn new(by: &[By], names: impl Iterator<Item = String>) -> Self {
        Self { by: by.into(), names: names.map(Arc::from).collect(), groups: HashMap::new() }
    }

    /// Whether calls are told apart by `by`.
    pub fn is_by(&self, by: By) -> bool {
        self.by.contains(&by)
    }

    /// Counts a call.
    pub fn add(&mut self, mut sample: Sample) {
        let call = self.is_by(By::Call).then(|| self.names[sample.kind].clone());
        let process = self.is_by(By::Process).then_some(sample.process);
        let path = self.is_by(By::Path).then(|| sample.path.take().unwrap_or_default());
        self.groups.entry((call, process, path)).or_default().add(&sample);
    }

    /// Adds what another thread counted.
    pub fn merge(&mut self, other: Self) {
        for (key, group) in other.groups {
            self.groups.entry(key).or_default().merge(&group);
        }
    }

    /// The groups, those first that took the most time.
    pub fn groups(&self) -> Vec<(Key, &Group)> {
        let groups = self.groups.iter().map(|((call, process, path), group)| {
            let call = call.as_deref().map(str::to_owned);
            (Key { call, process: *process, path: path.clone() }, group)
        });
        let mut groups: Vec<_> = groups.collect();
        groups.sort_by(|(a, x), (b, y)| y.replayed.sum.cmp(&x.replayed.sum).then_with(|| a.cmp(b)));
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn sample(kind: usize, process: i32, path: &str, took: u64) -> Sample {
        Sample {
            kind,
            process,
            path: Some(path.to_owned()),
            recorded: 2 * took,
            replayed: Some(took),
            recorded_errno: 0,
            replayed_errno: 0,
            diverged: false,
            bytes: 10,
        }
    }

    fn names() -> impl Iterator<Item = String> {
        ["read", "write", "read"].into_iter().map(str::to_owned)
    }

    #[test]
    fn calls_are_put_together_as_asked() {
        for (by, count) in [
            (&[By::Call][..], 2),
            (&[By::Process], 2),
            (&[By::Path], 3),
            (&[By::Call, By::Process, By::Path], 4),
            (&[], 1),
        ] {
            let mut stats = Stats::new(by, names());
            for (kind, process, path) in
                [(0, 1, "a"), (2, 1, "a"), (1, 1, "b"), (1, 2, "b"), (0, 2, "")]
            {
                stats.add(sample(kind, process, path, 1000));
            }
            assert_eq!(stats.groups().len(), count, "{by:?}");
            assert_eq!(stats.groups().iter().map(|(_, group)| group.bytes).sum::<u64>(), 50);
        }
    }

    #[test]
    fn a_call_that_was_not_made_has_no_time() {
        let mut stats = Stats::new(&[By::Call], names());
        stats.add(Sample { replayed: None, recorded_errno: libc::ENOENT, ..sample(0, 1, "", 5) });
        let groups = stats.groups();
        let group = groups[0].1;
        assert_eq!((group.calls, group.made, group.recorded_errors, group.bytes), (1, 0, 1, 0));
        assert_eq!(group.replayed.each.len(), 0);
    }

    #[test]
    fn what_threads_counted_adds_up_and_the_slowest_come_first() {
        let mut stats = Stats::new(&[By::Call], names());
        stats.add(sample(0, 1, "", 1000));
        let mut other = Stats::new(&[By::Call], names());
        other.add(sample(0, 2, "", 3000));
        other.add(sample(1, 2, "", 9000));
        stats.merge(other);
        let groups = stats.groups();
        assert_eq!(groups[0].0.call.as_deref(), Some("write"));
        assert_eq!((groups[1].1.calls, groups[1].1.replayed.sum), (2, 4000));
        assert_eq!(groups[1].1.recorded.sum, 8000);
    }
}
