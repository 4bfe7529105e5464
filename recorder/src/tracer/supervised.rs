//! What the agent has to hear of, and what it says.

use super::Tracer;
use super::tracee::PendingCall;
use crate::agent::{End, Signalled, Taken};
use crate::clock;
use crate::ptrace::{self, Resume};

impl Tracer<'_> {
    /// Tells it which files are mapped.
    pub(super) fn watch(&mut self) {
        if let Some(agent) = &mut self.agent
            && let Some(files) = self.files.changed()
        {
            agent.watch(files);
        }
    }

    pub(super) fn begin(&self) {
        if let Some(agent) = &self.agent {
            agent.begin();
        }
    }

    pub(super) fn settle(&mut self) {
        self.watch();
        self.producer.settle();
        if let Some(agent) = &mut self.agent {
            agent.settle();
        }
    }

    pub(super) fn signalled(&mut self, pid: i32, signal: i32, now: i64) {
        let Some(agent) = &mut self.agent else {
            let _ = ptrace::resume(pid, self.how(Resume::Run), signal);
            return;
        };
        let tracee = self.tracees.get_mut(&pid).expect("every tracee that stops is known");
        if std::mem::take(&mut tracee.steps) && signal == libc::SIGTRAP {
            // A handler's first instruction, or there was none and it made a step.
            if ptrace::signal_code(pid) == Ok(libc::SIGTRAP) {
                let _ = agent.handles(pid);
            }
            let _ = ptrace::resume(pid, Resume::Run, 0);
            return;
        }
        let (what, taken) = agent.signalled(pid, signal);
        if let Some(taken) = taken {
            self.take_over(pid, taken, now);
        }
        let (how, signal) = match what {
            Signalled::Deliver => (Resume::Run, signal),
            Signalled::Step => (Resume::Step, signal),
            Signalled::Drop => (Resume::Run, 0),
        };
        self.tracee(pid).steps = what == Signalled::Step;
        let _ = ptrace::resume(pid, how, signal);
    }

    /// Whether the call that `pid` makes is the hook asking for help; if not, the agent knows of it.
    pub(super) fn is_taken_over(&mut self, pid: i32, entry: &ptrace::Entry, now: i64) -> bool {
        let Some(agent) = &mut self.agent else { return false };
        if agent.is_asked(entry) {
            if let Some(taken) = agent.asked(pid) {
                self.take_over(pid, taken, now);
            }
            return true;
        }
        let watched = agent.is_making(pid, entry);
        self.tracee(pid).watched = watched.then_some((entry.number, entry.arguments));
        false
    }

    /// After a call that succeeded with `value`, or failed, number `made` if it was recorded: the agent does what
    /// it has to.
    pub(super) fn equip(&mut self, pid: i32, value: Option<i64>, made: Option<u64>) {
        let Some(agent) = &mut self.agent else { return };
        let tracee = self.tracees.get_mut(&pid).expect("every tracee that stops is known");
        let watched = tracee.watched.take();
        if std::mem::take(&mut tracee.executed) {
            agent.executed(pid, tracee.process);
        } else if let (Some((number, arguments)), Some(value)) = (watched, value) {
            agent.made(pid, number, &arguments, value);
        } else if let Some(number) = made {
            agent.counts_call(pid, number);
        }
    }

    /// Goes on with a call that the hook began.
    pub(super) fn take_over(&mut self, pid: i32, taken: Taken, now: i64) {
        let Some(plan) = self.plans.by_number(taken.number) else { return };
        let (blobs, bytes) = self.fetch_at_entry(pid, self.plans.plan(plan), taken.arguments);
        let Taken { number, arguments, instruction_pointer, called_id, time_called, end } = taken;
        let call = PendingCall {
            plan,
            number,
            instruction_pointer,
            arguments,
            called_id,
            time_called,
            blobs,
            bytes,
        };
        let id = |tracer: &mut Self, id: Option<i64>| id.unwrap_or_else(|| tracer.take_id());
        match end {
            End::Interrupted => {
                let id = self.take_id();
                self.interrupted(pid, call, id, now);
            }
            End::Returned { value, id: taken } => {
                let id = id(self, taken);
                self.emit(pid, call, Some(value), id, now);
            }
            End::Never => {
                let id = self.take_id();
                self.emit(pid, call, None, id, now);
            }
        }
    }

    /// A call that `pid` made in the hook will never return.
    pub(super) fn abandoned(&mut self, pid: i32) {
        if let Some(agent) = &mut self.agent
            && let Some(taken) = agent.never_returned(pid)
        {
            self.take_over(pid, taken, clock::now());
        }
    }
}
