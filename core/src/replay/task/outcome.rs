//! What came of a call: compared with what was recorded, and counted.

use std::os::unix::ffi::OsStrExt;

use abi::Outcome;

use crate::follow::plain;
use crate::record::{Batch, Record};
use crate::replay::descriptors::Stands;
use crate::replay::effects;
use crate::replay::task::{Came, Task};
use crate::results::{By, Sample};
use crate::tolerate::Rule;
use crate::trace::RecordType;
use crate::verify::{self, Compared, Divergence};

impl Task {
    /// What differs between the recorded and the replayed call.
    pub(super) fn compare(
        &mut self,
        kind: usize,
        ty: &RecordType,
        batch: &Batch,
        record: &Record,
        replayed: Outcome,
    ) -> Vec<Divergence> {
        let mut differences = std::mem::take(&mut self.context.acts.divergences);
        let Some(call) = &ty.call else { return differences };
        let returns = verify::returns(ty, call, batch, record);
        if let Some(difference) = verify::outcome(returns, record, replayed) {
            differences.push(difference);
        } else if self.shared.options.verify && replayed.errno_number == 0 {
            let compared = self.compare_data(ty, batch, record, replayed);
            self.tallies[kind].add_compared(&compared);
            differences.extend(compared.divergences);
        }
        differences
    }

    /// Whether the replayed call's data is that of the recorded one; only if so, what was compared is counted.
    pub(super) fn has_same_data(
        &mut self,
        kind: usize,
        ty: &RecordType,
        batch: &Batch,
        record: &Record,
        replayed: Outcome,
    ) -> bool {
        let compared = self.compare_data(ty, batch, record, replayed);
        let is_same = compared.divergences.is_empty();
        if is_same {
            self.tallies[kind].add_compared(&compared);
        }
        is_same
    }

    fn compare_data(
        &self,
        ty: &RecordType,
        batch: &Batch,
        record: &Record,
        replayed: Outcome,
    ) -> Compared {
        let owners = self.shared.rights.owners();
        self.context.with_filled(|memory| verify::data(ty, batch, record, replayed, memory, owners))
    }

    /// The differences, unless a rule explains them, which is counted.
    pub(super) fn without_tolerated(
        &mut self,
        differences: Vec<Divergence>,
        kind: usize,
        batch: &Batch,
        index: usize,
        replayed: Outcome,
    ) -> Vec<Divergence> {
        let (types, rules) = (&self.shared.trace.types, &self.shared.options.tolerate);
        let explains = |rule: &&Rule| rule.explains(types, batch, index, replayed);
        if differences.is_empty() {
            return differences;
        }
        let Some(rule) = rules.iter().find(explains) else { return differences };
        self.tallies[kind].tolerated[*rule as usize] += 1;
        Vec::new()
    }

    /// Counts the call, and how long it took.
    #[cold]
    pub(super) fn count(
        &mut self,
        kind: usize,
        ty: &RecordType,
        batch: &Batch,
        record: &Record,
        came: &Came,
        diverged: bool,
    ) {
        let is_by_path = self.stats.as_ref().is_some_and(|stats| stats.is_by(By::Path));
        let path = is_by_path.then(|| self.file_of(ty, batch, record)).flatten();
        let task = self.identity.task;
        let processes = &self.shared.trace.story.processes;
        let outcome = came.outcome();
        let sample = Sample {
            kind,
            process: processes.get(&task).copied().unwrap_or(task),
            path,
            recorded: record.time_returned.saturating_sub(record.time_called).max(0) as u64,
            replayed: outcome.map(|_| self.took.as_nanos() as u64),
            recorded_errno: record.errno_number,
            replayed_errno: outcome.map_or(0, |outcome| outcome.errno_number),
            diverged,
            bytes: match outcome {
                Some(outcome) if ty.moves_data => outcome.return_value.max(0) as u64,
                _ => 0,
            },
        };
        if let Some(stats) = &mut self.stats {
            stats.add(sample);
        }
    }

    /// The file that the call was on: by its path, or by what its descriptor is open on.
    fn file_of(&self, ty: &RecordType, batch: &Batch, record: &Record) -> Option<String> {
        let text = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
        let used = effects::used(ty, batch, record);
        let open = used.iter().find_map(|traced| match self.context.files.lock().get(*traced)? {
            Stands::Open(open) => std::fs::read_link(format!("/proc/thread-self/fd/{open}")).ok(),
            _ => None,
        });
        if let Some(path) = effects::path(ty, batch, record) {
            if path.starts_with(b"/") {
                return Some(text(&path));
            }
            let from = open.or_else(|| std::fs::read_link("/proc/thread-self/cwd").ok())?;
            return Some(text(&plain(from.as_os_str().as_bytes(), &path)));
        }
        let name = open?;
        let name = name.as_os_str().as_bytes();
        // Pipes and sockets have numbers for names, which tell nobody anything.
        let kind = name.split(|byte| *byte == b'[').next().filter(|_| !name.starts_with(b"/"));
        let name = kind.unwrap_or(name);
        Some(text(name.strip_suffix(b" (deleted)").unwrap_or(name)))
    }
}
