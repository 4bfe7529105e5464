//! Threads that appear, run another program and end.

use super::tracee::Tracee;
use super::{Tracer, ids, look};
use crate::event::{Event, TaskEnd, TaskEvent};
use crate::ptrace::{self, Resume};

impl Tracer<'_> {
    pub(super) fn appeared(&mut self, pid: i32) {
        let tracee = Tracee::found(pid, self.take_id());
        self.files.created(tracee.process, tracee.parent);
        if let Some(agent) = &mut self.agent {
            agent.appeared(pid, tracee.process, tracee.parent);
        }
        self.tracees.insert(pid, tracee);
    }

    pub(super) fn created(&mut self, pid: i32) {
        if let Some(agent) = &mut self.agent
            && let Ok(child) = ptrace::event_message(pid)
        {
            agent.created(pid, child as i32);
        }
        self.resume_as_it_was(pid);
    }

    /// A thread other than the first that runs a new program takes the first one's id, and all others
    /// are gone by then (ptrace(2), "execve(2) under ptrace").
    pub(super) fn executed(&mut self, pid: i32) {
        self.outcome.executed = true;
        if let Ok(former) = ptrace::event_message(pid)
            && let former = former as i32
            && former != pid
            && let Some(other) = self.tracees.get_mut(&former)
        {
            let state = std::mem::take(&mut other.state);
            let first = std::mem::replace(&mut self.tracee(pid).state, state);
            self.never_returned(pid, first);
            self.abandoned(pid);
            self.forget(former, None);
        }
        let process = self.tracee(pid).process;
        self.files.ending(look(
            pid,
            process,
            ids(&self.agent, &mut self.next_id),
            &mut self.producer,
        ));
        self.files.gone(process);
        if self.agent.is_some() {
            self.tracee(pid).executed = true;
            return self.resume(pid, Resume::ToSyscallStop, false);
        }
        self.resume_as_it_was(pid);
    }

    /// The thread is about to end, and still has its descriptors. A call that it is in won't return; it comes
    /// before the end.
    pub(super) fn ending(&mut self, pid: i32) {
        let state = std::mem::take(&mut self.tracee(pid).state);
        self.never_returned(pid, state);
        self.abandoned(pid);
        let process = self.tracee(pid).process;
        self.files.ending(look(
            pid,
            process,
            ids(&self.agent, &mut self.next_id),
            &mut self.producer,
        ));
        let id = self.take_id();
        self.tracee(pid).ending_id = Some(id);
        self.resume(pid, Resume::Run, false);
    }

    pub(super) fn ended(&mut self, pid: i32, end: TaskEnd) {
        if Some(pid) == self.root {
            self.outcome.end = Some(end);
        }
        self.forget(pid, Some(end));
    }

    /// The thread is gone; a call that it was in never returned.
    pub(super) fn forget(&mut self, pid: i32, end: Option<TaskEnd>) {
        self.abandoned(pid);
        if let Some(agent) = &mut self.agent {
            agent.forget(pid);
        }
        let Some(mut tracee) = self.tracees.remove(&pid) else { return };
        if tracee.ending_id.is_none() {
            self.files.ending(look(
                pid,
                tracee.process,
                ids(&self.agent, &mut self.next_id),
                &mut self.producer,
            ));
        }
        if !self.tracees.values().any(|other| other.process == tracee.process) {
            self.files.gone(tracee.process);
        }
        self.never_returned(pid, std::mem::take(&mut tracee.state));
        let last_id = tracee.ending_id.unwrap_or_else(|| self.take_id());
        let Tracee { process, parent, first_id, .. } = tracee;
        let task = TaskEvent { task: pid, process, parent, first_id, last_id, end };
        self.producer.push(Event::Task(task));
    }
}
