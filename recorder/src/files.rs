//! What is taken down of the program's files beside its calls: how they were, what is stored to them through
//! mappings, and what can be read there.

use std::collections::HashSet;

use replay_schema::Observed;

use crate::mapped::reads::{self, Reads};
use crate::mapped::{self, Look, Mapped};
use crate::plan::Plan;
use crate::snapshot::{self, Snapshot};

/// All that, as far as it is wanted.
#[derive(Debug, Default)]
pub struct Files {
    snapshot: Option<Snapshot>,
    mapped: Option<Mapped>,
    reads: Option<Reads>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// What is stored of the files as they were, if anything was to be.
    pub snapshot: Option<snapshot::Totals>,
    /// What was stored through mappings.
    pub mapped: mapped::Totals,
    /// What can be read through them, if that was wanted.
    pub reads: Option<reads::Totals>,
}

impl Files {
    /// Takes down these.
    pub fn new(snapshot: Option<Snapshot>, mapped: Option<Mapped>, reads: Option<Reads>) -> Self {
        Self { snapshot, mapped, reads }
    }

    /// The call of `plan` is about to be made. Returns the order id that is its own.
    pub fn before(&mut self, plan: &Plan, observed: &Observed<'_>, mut look: Look<'_>) -> i64 {
        if let Some(mapped) = &mut self.mapped {
            mapped.before(plan, observed, &mut look);
        }
        let id = look.ids.take();
        if let Some(snapshot) = &mut self.snapshot {
            snapshot.before(look.task, plan, observed, id, look.producer);
        }
        id
    }

    /// The call of `plan` was made, and has its record.
    pub fn after(&mut self, plan: &Plan, observed: &Observed<'_>, mut look: Look<'_>) {
        if let Some(mapped) = &mut self.mapped
            && observed.succeeded()
        {
            mapped.after(plan, observed, &mut look);
        }
        if let Some(reads) = &mut self.reads
            && observed.succeeded()
        {
            reads.after(plan, observed, &mut look);
        }
    }

    /// The files that are mapped, if they are others than when this was last asked.
    pub fn changed(&mut self) -> Option<HashSet<(u64, u64)>> {
        self.mapped.as_mut().and_then(Mapped::changed)
    }

    /// A thread comes up, in a process that may be new, too.
    pub fn created(&mut self, process: i32, parent: Option<i32>) {
        if let Some(mapped) = &mut self.mapped {
            mapped.created(process, parent);
        }
    }

    /// A thread is about to end, or its process to run another program.
    pub fn ending(&mut self, mut look: Look<'_>) {
        if let Some(mapped) = &mut self.mapped {
            mapped.look_at_process(&mut look);
        }
    }

    /// The process is gone, or the program that it ran.
    pub fn gone(&mut self, process: i32) {
        if let Some(mapped) = &mut self.mapped {
            mapped.gone(process);
        }
    }

    /// What came of it.
    pub fn finish(self) -> Totals {
        Totals {
            snapshot: self.snapshot.map(Snapshot::finish),
            mapped: self.mapped.map_or_else(Default::default, |mapped| mapped.totals()),
            reads: self.reads.map(|reads| reads.totals()),
        }
    }
}

impl Totals {
    /// What people should know of it, a line each.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.snapshot.as_ref().map_or_else(Vec::new, snapshot::Totals::notes);
        if self.mapped.unwatched > 0 {
            notes.push(format!(
                "what was stored through {} shared mappings of files was not recorded: they are too large",
                self.mapped.unwatched
            ));
        }
        if let Some(unread) = self.reads.map(|reads| reads.unread).filter(|unread| *unread > 0) {
            notes.push(format!(
                "what {unread} mappings of files hold was not recorded: it is too much, or can't be read"
            ));
        }
        notes
    }
}
