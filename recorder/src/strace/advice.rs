//! What a log lacks for its replay, and the options of strace that would have put it there.

use crate::own_rows;
use crate::strace::{Conversion, Counts};

/// The command line that makes a log with all that a replay needs.
pub const COMMAND: &str = "strace -f -ttt -T -v -s 1000000 -o LOG PROGRAM";

impl Conversion {
    /// What people should know of it, a line each: nothing, if the log had all.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.warnings.clone();
        notes.extend(self.told.iter().cloned());
        let untold = self.malformed - self.told.len() as u64;
        if untold > 0 {
            notes.push(format!("{untold} more lines aren't as strace prints them"));
        }
        self.not_recorded(&mut notes);
        let lacks = self.counts.lacks();
        let mut lacking: Vec<_> = lacks
            .map(|Lack { count, what, remedy, .. }| format!("{count} {what}; {remedy}"))
            .collect();
        if self.counts.calls == 0 {
            lacking.push("there is no call in it".to_owned());
        }
        if !lacking.is_empty() {
            notes.extend(lacking);
            notes.push(format!("a log that has it all is made by: {COMMAND}"));
        }
        let unread = self.totals.buffers_not_captured;
        if unread > 0 {
            notes.push(format!("{unread} buffers are not in the log; their records say so"));
        }
        let values = self.totals.values_unseen;
        if values > 0 {
            notes.push(format!(
                "{values} values are not in the log, and null; strace2ds -v tells which"
            ));
        }
        if self.logs > 1 {
            notes.push(
                "several logs are put in order by their times, which is less exact than the order that \
                 one log (-f) has"
                    .to_owned(),
            );
        }
        let Counts { injected, early_tasks, .. } = self.counts;
        if early_tasks > 0 {
            notes.push(format!(
                "{early_tasks} tasks call before the call that made them is shown: a replay can't start \
                 them from it (-z and -Z show calls when they return)"
            ));
        }
        if injected > 0 {
            notes.push(format!("{injected} calls were tampered with by strace itself (-e inject)"));
        }
        notes
    }

    /// Whether the trace has all calls of the program, and all that a replay needs for them.
    pub fn is_whole(&self) -> bool {
        let Counts { calls, not_recorded, foreign_calls, early_tasks, .. } = &self.counts;
        let left_out = self.malformed
            + foreign_calls
            + early_tasks
            + not_recorded.values().sum::<u64>()
            + self.totals.buffers_not_captured;
        *calls > 0
            && left_out == 0
            && self.totals.misdeeds.is_empty()
            && !self.counts.lacks().any(|lack| lack.is_of_replay)
    }

    fn not_recorded(&self, notes: &mut Vec<String>) {
        let Counts { not_recorded, foreign_calls, .. } = &self.counts;
        if !not_recorded.is_empty() {
            let total: u64 = not_recorded.values().sum();
            let mut by_count: Vec<_> = not_recorded.iter().collect();
            by_count.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), name.as_str()));
            let names: Vec<_> =
                by_count.iter().map(|(name, count)| format!("{name} {count}")).collect();
            notes.push(format!(
                "{total} calls were not recorded, for want of an enabled plugin: {}",
                names.join(", ")
            ));
        }
        if *foreign_calls > 0 {
            notes.push(format!("{foreign_calls} calls of 32-bit programs were not recorded"));
        }
        notes.extend(own_rows::told(&self.totals.misdeeds));
    }
}

/// Something that a log can lack.
struct Lack {
    count: u64,
    /// What the log doesn't have.
    what: &'static str,
    /// Which option of strace brings it.
    remedy: &'static str,
    /// Whether a replay lacks it too; otherwise only its pace does.
    is_of_replay: bool,
}

impl Counts {
    fn lacks(&self) -> impl Iterator<Item = Lack> {
        let lack = |count, what, remedy| Lack { count, what, remedy, is_of_replay: true };
        let of_times =
            |count, what, remedy| Lack { is_of_replay: false, ..lack(count, what, remedy) };
        let lacks = [
            lack(self.cut_texts, "strings were cut off", "-s sets how much of each is shown"),
            lack(self.cut_lists, "structures and lists were abbreviated", "-v shows them whole"),
            lack(
                self.missing_tasks,
                "processes or threads were made whose calls aren't in the log",
                "-f has them",
            ),
            of_times(self.without_time, "calls have no time", "-ttt shows it"),
            of_times(self.without_date, "calls have a time without its date", "-ttt shows both"),
            of_times(self.without_duration, "calls don't tell when they returned", "-T does"),
        ];
        lacks.into_iter().filter(|lack| lack.count > 0)
    }

    /// What isn't in the log, in words for the trace.
    pub(super) fn not_in_log(&self) -> impl Iterator<Item = String> {
        self.lacks().map(|Lack { count, what, .. }| format!("{count} {what}"))
    }
}
