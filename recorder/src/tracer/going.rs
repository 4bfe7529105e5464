//! How tracees go on, and on which CPUs; and how they are let go of.

use nix::unistd::Pid;

use super::Tracer;
use super::tracee::State;
use crate::clock;
use crate::ptrace::{self, Resume};

impl Tracer<'_> {
    /// Lets `pid` go on, held to the tracer's CPU if it calls often and `hold` allows it.
    pub(super) fn resume(&mut self, pid: i32, how: Resume, hold: bool) {
        if self.is_detaching {
            return self.detach(pid, 0);
        }
        let how = self.how(how);
        let affinity = &self.affinity;
        let tracee = self.tracees.get_mut(&pid).expect("every tracee that stops is known");
        match hold {
            true => affinity.hold(Pid::from_raw(pid), &mut tracee.place),
            false => tracee.place.let_go(Pid::from_raw(pid)),
        }
        tracee.place.resumed(clock::now());
        // A tracee that was killed while it was stopped will tell of its death.
        let _ = ptrace::resume(pid, how, 0);
    }

    /// How a tracee is to go on: one without a filter stops at its calls only if it is told to.
    pub(super) fn how(&self, how: Resume) -> Resume {
        if self.root.is_none() { Resume::ToSyscallStop } else { how }
    }

    /// Lets `pid` go on to the exit of the call that it is in, if it is in one.
    pub(super) fn resume_as_it_was(&mut self, pid: i32) {
        let in_call = matches!(self.tracee(pid).state, State::InCall(_));
        let how = if in_call { Resume::ToSyscallStop } else { Resume::Run };
        self.resume(pid, how, false);
    }

    /// Makes all tracees stop, to let go of each.
    pub(super) fn interrupt_all(&mut self) {
        self.is_detaching = true;
        self.outcome.detached = true;
        for pid in self.tracees.keys() {
            let _ = ptrace::interrupt(*pid);
        }
    }

    /// Lets go of a tracee that is stopped: the program runs on as if nobody had looked.
    pub(super) fn detach(&mut self, pid: i32, signal: i32) {
        if let Some(tracee) = self.tracees.get_mut(&pid) {
            tracee.place.let_go(Pid::from_raw(pid));
        }
        let _ = ptrace::detach(pid, signal);
        self.forget(pid, None);
    }

    /// Gives tracees that have run for long back the CPUs that they may use.
    pub(super) fn let_go_of_those_that_compute(&mut self) {
        let now = clock::now();
        for (pid, tracee) in &mut self.tracees {
            tracee.place.let_go_if_long(Pid::from_raw(*pid), now);
        }
    }

    /// Gives all tracees back the CPUs that they may use.
    pub(super) fn let_go_of_all(&mut self) {
        for (pid, tracee) in &mut self.tracees {
            tracee.place.let_go(Pid::from_raw(*pid));
        }
    }
}
