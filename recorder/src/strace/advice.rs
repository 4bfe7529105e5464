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
        let lacking = self.lacking();
        if !lacking.is_empty() {
            notes.extend(lacking);
            notes.push(format!("a log that has it all is made by: {COMMAND}"));
        }
        let unread = self.totals.buffers_not_captured;
        if unread > 0 {
            notes.push(format!("{unread} buffers are not in the log; their records say so"));
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

    /// What is missing, and which options would bring it.
    fn lacking(&self) -> Vec<String> {
        let Counts { calls, cut_texts, cut_lists, .. } = self.counts;
        let Counts { without_time, without_date, without_duration, missing_tasks, .. } =
            self.counts;
        let cases = [
            (cut_texts, "strings were cut off; -s sets how much of each is shown"),
            (cut_lists, "structures and lists were abbreviated; -v shows them whole"),
            (
                missing_tasks,
                "processes or threads were made whose calls aren't in the log; -f has them",
            ),
            (without_time, "calls have no time; -ttt shows it"),
            (without_date, "calls have a time without its date; -ttt shows both"),
            (without_duration, "calls don't tell when they returned; -T does"),
        ];
        let mut lacking: Vec<_> = cases
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if calls == 0 {
            lacking.push("there is no call in it".to_owned());
        }
        lacking
    }
}
