//! Counting and telling: what was made again, what wasn't and why, what diverged.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use indicatif::ProgressBar;
use nix::sys::signal::Signal;

use crate::replay::{Exchanged, Stalls, Timing};
use crate::results::Stats;
use crate::tolerate::Rule;
use crate::verify::Compared;

/// Why a call wasn't made again; its recorded outcome stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The plugin says so of the call.
    Simulated,
    /// Somebody switched it off.
    Disabled,
    /// No plugin knows the record type.
    NoPlugin,
    /// It is on a descriptor that is simulated.
    SimulatedDescriptor,
    /// It is on a standard stream that the replay leaves alone.
    StandardStream,
    /// It is on a descriptor of which the trace doesn't tell.
    UnknownDescriptor,
    /// The trace lacks data that it needs.
    NotCaptured,
    /// It was interrupted, or depended on the moment otherwise.
    Timing,
    /// It never returned.
    NeverReturned,
    /// Its path leads out of the place where the replay is held.
    Outside,
    /// The record makes no sense to its plugin.
    Malformed,
    /// It waited for something that didn't come.
    Waited,
    /// It is on a file of the kernel's or the machine's.
    Kernels,
    /// Its plugin misbehaved, with this call or an earlier one.
    Misdeed,
    /// It would change something, and the replay is to change nothing.
    ReadOnly,
    /// It is on a path that somebody wants ignored.
    Ignored,
    /// It was tried, and the replay hadn't the rights that the program had.
    Rights,
    /// It closed a descriptor whose number another call was given before it returned.
    Overtaken,
    /// It was refused for what the machine was.
    Refused,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Simulated,
        Self::Disabled,
        Self::NoPlugin,
        Self::SimulatedDescriptor,
        Self::StandardStream,
        Self::UnknownDescriptor,
        Self::NotCaptured,
        Self::Timing,
        Self::NeverReturned,
        Self::Outside,
        Self::Malformed,
        Self::Waited,
        Self::Kernels,
        Self::Misdeed,
        Self::ReadOnly,
        Self::Ignored,
        Self::Rights,
        Self::Overtaken,
        Self::Refused,
    ];
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Simulated => "a replay doesn't make them",
            Self::Disabled => "switched off",
            Self::NoPlugin => "no plugin knows them",
            Self::SimulatedDescriptor => "on a descriptor that is simulated",
            Self::StandardStream => "on a standard stream, which the replay leaves alone",
            Self::UnknownDescriptor => "on a descriptor that the trace never introduced",
            Self::NotCaptured => "the trace lacks their data",
            Self::Timing => "up to the moment: a signal, or what is ready",
            Self::NeverReturned => "never returned when they were recorded",
            Self::Outside => "on paths that aren't there beneath the root",
            Self::Malformed => "their records make no sense",
            Self::Kernels => "on files of the kernel's (/proc, /sys, devices)",
            Self::Misdeed => "their plugin misbehaved",
            Self::ReadOnly => "they change something, and the replay is read-only",
            Self::Ignored => "on paths that are ignored",
            Self::Rights => "for want of rights that the program had",
            Self::Overtaken => {
                "closed already, by those that were given their descriptors' numbers"
            }
            Self::Refused => "refused for the machine's file systems, their room, or limits",
            Self::Waited => "let go, for they waited for what didn't come",
        })
    }
}

/// What came of the calls of one type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Made again.
    pub made: u64,
    /// Those of them, or of the others, that diverged.
    pub diverged: u64,
    /// Values that couldn't be compared, because the trace lacks them.
    pub without_value: u64,
    /// Owners of files that weren't compared, because the replay runs as somebody else.
    pub other_owners: u64,
    /// Not made, by [`Reason`].
    pub skipped: [u64; Reason::ALL.len()],
    /// Calls whose divergence a rule explains, by [`Rule`].
    pub tolerated: [u64; Rule::ALL.len()],
}

impl Tally {
    /// All calls.
    pub fn calls(&self) -> u64 {
        self.made + self.skipped.iter().sum::<u64>()
    }

    /// Counts what was compared of a call's data, and what couldn't be.
    pub fn add_compared(&mut self, compared: &Compared) {
        self.without_value += compared.without_value;
        self.other_owners += compared.other_owners;
    }

    /// Adds what another thread counted.
    pub fn add(&mut self, other: &Self) {
        self.made += other.made;
        self.diverged += other.diverged;
        self.without_value += other.without_value;
        self.other_owners += other.other_owners;
        let counts = self.skipped.iter_mut().chain(&mut self.tolerated);
        for (to, from) in counts.zip(other.skipped.into_iter().chain(other.tolerated)) {
            *to += from;
        }
    }
}

/// What came of a replay.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// By name of the call's record type.
    pub calls: BTreeMap<String, Tally>,
    /// Why a plugin doesn't make its calls, by the same name.
    pub simulated: BTreeMap<String, String>,
    /// Tasks that were replayed.
    pub tasks: u64,
    /// Of these, tasks of whose creation the trace doesn't tell.
    pub unannounced: u64,
    /// Records that came after others with a higher id.
    pub out_of_order: u64,
    /// Records that lack their last row.
    pub unfinished: u64,
    /// What was recorded and isn't in the trace, as that says itself.
    pub lacks: Vec<String>,
    /// How often it waited for the trace to be read.
    pub stalls: Stalls,
    /// What was exchanged with those who stood for others, if the replay had a network.
    pub exchanged: Option<Exchanged>,
    /// Whether it was stopped at a divergence.
    pub is_stopped: bool,
    /// The signal that ended it, if one did.
    pub interrupted: Option<i32>,
    /// How long it took.
    pub duration: Duration,
    /// How well it kept the recorded times, if it was to.
    pub timing: Option<Timing>,
    /// What calls did and how long they took, if it was to be counted.
    pub stats: Option<Stats>,
}

impl Summary {
    /// Divergences.
    pub fn diverged(&self) -> u64 {
        self.calls.values().map(|tally| tally.diverged).sum()
    }

    /// The exit status that says it: 0 faithful, 1 diverged, 128 and the signal's number if one ended it.
    pub fn exit_status(&self) -> u8 {
        match self.interrupted {
            Some(signal) => 128 + signal as u8,
            None => (self.diverged() > 0).into(),
        }
    }

    /// The summary as lines of text.
    pub fn lines(&self) -> Vec<String> {
        let made: u64 = self.calls.values().map(|tally| tally.made).sum();
        let calls: u64 = self.calls.values().map(Tally::calls).sum();
        let seconds = self.duration.as_secs_f64();
        let verdict = match (self.diverged(), self.is_stopped) {
            (0, _) if self.interrupted.is_some() => "faithful so far".to_owned(),
            (0, _) => "faithful".to_owned(),
            (1, false) => "diverged: 1 call".to_owned(),
            (n, false) => format!("diverged: {n} calls"),
            (_, true) => "diverged, and stopped there".to_owned(),
        };
        let tasks =
            if self.tasks == 1 { "1 task".to_owned() } else { format!("{} tasks", self.tasks) };
        let mut lines = vec![format!(
            "{verdict}; {made} of {calls} calls made again, by {tasks} in {seconds:.3} s"
        )];
        if let Some(signal) = self.interrupted.and_then(|signal| Signal::try_from(signal).ok()) {
            lines.push(format!("  {signal} ended it before the trace did"));
        }
        if self.stalls.count > 0 {
            lines.push(format!(
                "  waited {} times for the trace to be read, {:.3} s in all at the most",
                self.stalls.count,
                self.stalls.time.as_secs_f64()
            ));
        }
        lines.extend(self.exchanged.iter().map(|exchanged| {
            let Exchanged { connections, sent, received } = exchanged;
            format!(
                "  stood for the other end of {connections} connections, sent {sent} bytes and took {received}"
            )
        }));
        lines.extend(self.timing.iter().map(|timing| format!("  {}", timing.line())));
        for (number, reason) in Reason::ALL.into_iter().enumerate() {
            if reason == Reason::Simulated {
                self.simulated_lines(number, &mut lines);
                continue;
            }
            let which: Vec<_> = self.counted(|tally| tally.skipped[number]).collect();
            if !which.is_empty() {
                lines.push(format!("  not made, {reason}: {}", which.join(", ")));
            }
        }
        for rule in Rule::ALL {
            let which: Vec<_> = self.counted(|tally| tally.tolerated[rule as usize]).collect();
            if !which.is_empty() {
                lines.push(format!("  tolerated, {rule}: {}", which.join(", ")));
            }
        }
        let without_value: u64 = self.calls.values().map(|tally| tally.without_value).sum();
        let other_owners: u64 = self.calls.values().map(|tally| tally.other_owners).sum();
        let further = [
            (other_owners, "owners of files are others, or don't exist where the replay runs"),
            (without_value, "values were not compared, because the trace lacks them"),
            (self.unannounced, "tasks came up without a call that created them"),
            (self.out_of_order, "records came after others with a higher unique_id"),
            (self.unfinished, "records lack their last row, and were passed over"),
        ];
        let further = further.iter().filter(|(count, _)| *count > 0);
        lines.extend(further.map(|(count, what)| format!("  {count} {what}")));
        lines.extend(self.lacks.iter().map(|what| format!("  not in the trace: {what}")));
        lines
    }

    /// Divergences that `rule` explains.
    pub fn tolerated(&self, rule: Rule) -> u64 {
        self.calls.values().map(|tally| tally.tolerated[rule as usize]).sum()
    }

    /// How many calls there are of each type, of those that `count` counts.
    fn counted(&self, count: impl Fn(&Tally) -> u64) -> impl Iterator<Item = String> {
        let counts = self.calls.iter().map(move |(name, tally)| (name, count(tally)));
        counts.filter(|(_, count)| *count > 0).map(|(name, count)| format!("{count} {name}"))
    }

    /// Calls that their plugins don't make, put together by why.
    fn simulated_lines(&self, reason: usize, lines: &mut Vec<String>) {
        let mut by_why: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (name, tally) in &self.calls {
            if tally.skipped[reason] > 0 {
                let why =
                    self.simulated.get(name).map_or("so their plugin decided", String::as_str);
                by_why.entry(why).or_default().push(format!("{} {name}", tally.skipped[reason]));
            }
        }
        for (why, which) in by_why {
            lines.push(format!("  not made, {why}: {}", which.join(", ")));
        }
    }
}

/// Where lines for people go: standard error, and a file if one is wanted.
#[derive(Debug, Default)]
pub struct Log {
    file: Option<Mutex<File>>,
    is_quiet: bool,
    /// Whether some of what was told isn't in the file.
    is_lost: AtomicBool,
    /// What else is on the terminal.
    bar: OnceLock<ProgressBar>,
}

impl Log {
    /// A log that also goes to `file`, and with `is_quiet` to nowhere else.
    pub fn new(file: Option<File>, is_quiet: bool) -> Self {
        Self { file: file.map(Mutex::new), is_quiet, ..Self::default() }
    }

    /// Whether only what matters is told.
    pub fn is_quiet(&self) -> bool {
        self.is_quiet
    }

    /// Lines come above `bar` from now on.
    pub fn set_bar(&self, bar: ProgressBar) {
        let _ = self.bar.set(bar);
    }

    /// Says `text`. What can't be written to standard error is lost: there is nobody left to tell.
    pub fn say(&self, text: &str) {
        self.write(text, self.is_quiet);
    }

    /// Says `text` even to those who want quiet.
    pub fn insist(&self, text: &str) {
        self.write(text, false);
    }

    fn write(&self, text: &str, only_to_file: bool) {
        let line = format!("replayer: {text}\n");
        if !only_to_file {
            let write = || {
                let _ = std::io::stderr().write_all(line.as_bytes());
            };
            match self.bar.get() {
                Some(bar) => bar.suspend(write),
                None => write(),
            }
        }
        if let Some(file) = &self.file {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = file.write_all(line.as_bytes())
                && !self.is_lost.swap(true, Ordering::Relaxed)
            {
                let _ = writeln!(std::io::stderr(), "replayer: cannot write the log: {error}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_tells_what_was_not_made_and_why() {
        let mut summary = Summary { tasks: 1, ..Summary::default() };
        let mut mmap = Tally::default();
        mmap.skipped[0] = 5;
        let mut write = Tally { made: 2, ..Tally::default() };
        write.skipped[4] = 1;
        summary.calls.insert("mmap".to_owned(), mmap);
        summary.calls.insert("write".to_owned(), write);
        summary.simulated.insert("mmap".to_owned(), "no memory is mapped".to_owned());
        let lines = summary.lines();
        assert_eq!(lines[0], "faithful; 2 of 8 calls made again, by 1 task in 0.000 s");
        assert_eq!(lines[1], "  not made, no memory is mapped: 5 mmap");
        assert_eq!(
            lines[2],
            "  not made, on a standard stream, which the replay leaves alone: 1 write"
        );
        assert_eq!(lines.len(), 3);
        summary.lacks.push("3 buffers".to_owned());
        assert_eq!(summary.lines()[3..], ["  not in the trace: 3 buffers"]);
    }
}
