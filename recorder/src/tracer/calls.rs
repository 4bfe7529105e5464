//! Calls, from their entry to their exit.

use nix::unistd::Pid;
use replay_schema::{Observed, Returns};

use super::tracee::{PendingCall, State};
use super::{Tracer, ids, look};
use crate::clock;
use crate::event::{Blob, CallEvent, Event};
use crate::memory::{blob_bytes, copy_after};
use crate::plan::Plan;
use crate::ptrace::{self, NATIVE, Resume};

/// First of the errnos by which the kernel tells itself to restart a call; no program sees them.
const ERESTARTSYS: i32 = 512;

/// Last of them, `ERESTART_RESTARTBLOCK`.
const LAST_RESTART: i32 = 516;

/// Bit in the number of a call of the x32 ABI.
const X32: u64 = 0x4000_0000;

impl Tracer<'_> {
    pub(super) fn entered(&mut self, pid: i32, now: i64) {
        let Ok(entry) = ptrace::entry(pid) else {
            return self.resume(pid, Resume::Run, false);
        };
        let foreign = entry.architecture != NATIVE || entry.number & X32 != 0;
        if let Some(agent) = &mut self.agent
            && agent.puts_off(pid, &entry, foreign)
        {
            return self.resume(pid, Resume::ToSyscallStop, false);
        }
        if self.is_taken_over(pid, &entry, now) {
            return self.resume(pid, Resume::Run, false);
        }
        if self.restarts(pid, &entry) {
            return self.resume(pid, Resume::ToSyscallStop, true);
        }
        let plan = if foreign { None } else { self.plans.of_call(entry.number, &entry.arguments) };
        let Some(plan) = plan else {
            if foreign {
                self.outcome.foreign_calls += 1;
            } else if self.plans.not_selected().contains(&entry.number) {
                self.outcome.not_selected += 1;
            } else {
                *self.outcome.not_recorded.entry(entry.number).or_default() += 1;
            }
            // It may be the call that sets the CPUs, or tells of them.
            self.let_go_of_all();
            let watched = self.tracee(pid).watched.is_some();
            let how = if watched { Resume::ToSyscallStop } else { Resume::Run };
            return self.resume(pid, how, false);
        };
        let declared = self.plans.plan(plan);
        if declared.is_refused && ptrace::refuse(pid).is_ok() {
            *self.outcome.refused.entry(plan).or_default() += 1;
        }
        let process = self.tracee(pid).process;
        let (blobs, bytes) = self.fetch_at_entry(pid, declared, entry.arguments);
        let paths = &self.paths;
        if !paths.admit(pid, &declared.files, &entry.arguments, &blobs, &bytes) {
            self.outcome.not_selected += 1;
            self.tracee(pid).spare = (blobs, bytes);
            return self.resume(pid, Resume::Run, !declared.call.cpus);
        }
        let seen: Vec<_> = blobs.iter().map(|blob| blob_bytes(&bytes, blob)).collect();
        let arguments = entry.arguments;
        let observed = Observed { arguments, returned: None, memory: &seen, element: None };
        let look = look(pid, process, ids(&self.agent, &mut self.next_id), &mut self.producer);
        let called_id = self.files.before(declared, &observed, look);
        let call = PendingCall {
            plan,
            number: entry.number,
            instruction_pointer: entry.instruction_pointer,
            arguments: entry.arguments,
            called_id,
            time_called: now,
            blobs,
            bytes,
        };
        if declared.returns() {
            if declared.call.at_entry {
                self.producer.push(Event::Entered { called_id });
            }
            self.tracee(pid).state = State::InCall(call);
            if declared.call.cpus {
                self.let_go_of_all();
            }
            // A new task starts with its creator's mask.
            let hold = !declared.creates_task() && !declared.call.cpus;
            self.resume(pid, Resume::ToSyscallStop, hold);
        } else {
            self.emit(pid, call, None, called_id, now);
            self.resume(pid, Resume::Run, false);
        }
    }

    /// Whether the call that is entered is the interrupted one again; if it isn't, that one failed
    /// with `EINTR`.
    fn restarts(&mut self, pid: i32, entry: &ptrace::Entry) -> bool {
        let tracee = self.tracee(pid);
        let State::Interrupted(call, id, time) = std::mem::take(&mut tracee.state) else {
            return false;
        };
        if let Some(agent) = &self.agent {
            agent.use_hook(pid, true);
        }
        // restart_syscall(2) takes the place of calls that must not start over.
        let is_same = entry.instruction_pointer == call.instruction_pointer
            && (entry.number != call.number || entry.arguments == call.arguments);
        if is_same {
            self.tracee(pid).state = State::InCall(call);
        } else {
            self.emit(pid, call, Some((-1, libc::EINTR)), id, time);
        }
        is_same
    }

    pub(super) fn left(&mut self, pid: i32, now: i64) {
        if let Some(agent) = &mut self.agent
            && agent.makes_again(pid)
        {
            return self.resume(pid, Resume::Run, false);
        }
        let Ok((value, is_error)) = ptrace::exit(pid) else {
            return self.resume_as_it_was(pid);
        };
        let id = self.take_id();
        let mut made = None;
        if let State::InCall(call) = std::mem::take(&mut self.tracee(pid).state) {
            let errno = if is_error { i32::try_from(-value).unwrap_or(i32::MAX) } else { 0 };
            if (ERESTARTSYS..=LAST_RESTART).contains(&errno) {
                self.interrupted(pid, call, id, now);
            } else {
                let returned = if is_error { (-1, errno) } else { (value, 0) };
                let (plan, arguments) = (call.plan, call.arguments);
                made = Some(call.number);
                self.emit(pid, call, Some(returned), id, now);
                self.show_files(pid, plan, arguments, returned);
            }
        }
        self.equip(pid, (!is_error).then_some(value), made);
        self.resume(pid, Resume::Run, true);
    }

    /// Whether the kernel restarts `call` is seen at the next one, which therefore has to be seen.
    pub(super) fn interrupted(&mut self, pid: i32, call: PendingCall, id: i64, now: i64) {
        if let Some(agent) = &self.agent {
            agent.use_hook(pid, false);
        }
        self.tracee(pid).state = State::Interrupted(call, id, now);
    }

    /// Shows the files a call that was made.
    fn show_files(&mut self, pid: i32, plan: usize, arguments: [u64; 6], returned: (i64, i32)) {
        let process = self.tracee(pid).process;
        let observed = Observed { arguments, returned: Some(returned), memory: &[], element: None };
        let look = look(pid, process, ids(&self.agent, &mut self.next_id), &mut self.producer);
        let plan = self.plans.plan(plan);
        self.files.after(plan, &observed, look);
        self.watch();
        if let (Some(agent), (descriptor, 0)) = (&mut self.agent, returned)
            && plan.call.returns(arguments) == Returns::Descriptor
        {
            agent.opened(process, descriptor);
        }
    }

    /// Copies what the kernel left in memory, and hands the call on.
    pub(super) fn emit(
        &mut self,
        pid: i32,
        mut call: PendingCall,
        returned: Option<(i64, i32)>,
        returned_id: i64,
        time_returned: i64,
    ) {
        let plan: &Plan = self.plans.plan(call.plan);
        if !self.outcome.executed {
            self.outcome.last_error = returned.map(|(_, errno)| errno);
        }
        self.outcome.calls += 1;
        if let (Some(_), Some((value @ 1.., 0))) = (&plan.call.hides, returned) {
            *self.outcome.hidden.entry(call.plan).or_default() += value as u64;
        }
        let batch = self.producer.batch();
        let base = batch.bytes.len();
        let first = batch.blobs.len();
        let shift = |range: std::ops::Range<usize>| base + range.start..base + range.end;
        batch.bytes.extend_from_slice(&call.bytes);
        batch.blobs.extend(call.blobs.drain(..).map(|blob| match blob {
            Blob::Absent => Blob::Absent,
            Blob::Copied(range) => Blob::Copied(shift(range)),
            Blob::Failed(range) => Blob::Failed(shift(range)),
        }));
        let blobs = first..batch.blobs.len();
        // A call that never returned left nothing behind.
        let exit = if returned.is_some() { &plan.exit[..] } else { &[] };
        for (number, fetch) in exit {
            let seen = &batch.blobs[blobs.clone()];
            let blob = copy_after(
                &Pid::from_raw(pid),
                fetch,
                call.arguments,
                returned,
                seen,
                &mut batch.bytes,
            );
            batch.blobs[first + number] = blob;
        }
        self.producer.push(Event::Call(CallEvent {
            plan: call.plan,
            number: call.number as u32,
            task: pid,
            called_id: call.called_id,
            returned_id,
            time_called: call.time_called,
            time_returned,
            arguments: call.arguments,
            returned,
            blobs,
        }));
        if let Some(tracee) = self.tracees.get_mut(&pid) {
            tracee.spare = (call.blobs, call.bytes);
        }
    }

    /// Makes the fetches that are made when a call is entered.
    pub(super) fn fetch_at_entry(
        &mut self,
        pid: i32,
        declared: &Plan,
        arguments: [u64; 6],
    ) -> (Vec<Blob>, Vec<u8>) {
        let spare = self.tracees.get_mut(&pid).map(|tracee| std::mem::take(&mut tracee.spare));
        let (mut blobs, mut bytes) = spare.unwrap_or_default();
        blobs.clear();
        blobs.resize(declared.call.fetches.len(), Blob::Absent);
        bytes.clear();
        for (number, fetch) in &declared.entry {
            blobs[*number] =
                copy_after(&Pid::from_raw(pid), fetch, arguments, None, &blobs, &mut bytes);
        }
        (blobs, bytes)
    }

    pub(super) fn never_returned(&mut self, pid: i32, state: State) {
        match state {
            State::Running => {}
            State::InCall(call) | State::Interrupted(call, ..) => {
                let id = self.take_id();
                self.emit(pid, call, None, id, clock::now());
            }
        }
    }
}
