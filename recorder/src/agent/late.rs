//! When a program is equipped: once it has made some calls, so that those which make few cost no more than they
//! would with ptrace(2) alone.
//!
//! Code may only be rewritten while nothing runs it. So a process that isn't equipped yet has one thread, which
//! stands still at the exit of a call, and its memory for itself:
//!
//! * before it makes a task that shares its memory, it is equipped: that call is put off, and made again after it;
//! * the child of vfork(2) isn't equipped before it runs another program; its parent, which waits for it, is when
//!   its turn comes;
//! * who makes calls that can't be told apart here (32-bit ones) never is, nor are the processes that it makes.

use std::collections::HashMap;

use super::x86_64::registers::{self, Registers};
use super::x86_64::supervised::{self, Effect};
use super::{Agent, space};
use crate::ptrace::{self, Entry};

/// When a process is to be equipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// After so many more calls.
    After(u32),
    /// Not as long as it runs this program: it has another's memory.
    Shares,
    /// Not as long as it runs this program: it can't be.
    Never,
}

/// The processes that aren't equipped yet.
#[derive(Debug)]
pub(super) struct Late {
    /// Calls that a program makes before it is equipped.
    after: u32,
    processes: HashMap<i32, When>,
    /// Threads in a call that makes a task with their memory: their processes, and the call's flags.
    sharing: HashMap<i32, (i32, u64)>,
    /// Threads whose call is put off, with the registers to make it again.
    put_off: HashMap<i32, Registers>,
}

impl Late {
    /// Programs are equipped after so many calls.
    pub fn new(after: u32) -> Self {
        let (processes, sharing, put_off) = Default::default();
        Self { after, processes, sharing, put_off }
    }

    /// `process` runs a new program. Whether that is equipped at once.
    pub fn executed(&mut self, process: i32) -> bool {
        self.processes.remove(&process);
        if self.after > 0 {
            self.processes.insert(process, When::After(self.after));
        }
        self.after == 0
    }

    /// `process`, which isn't equipped, was made by `parent`.
    pub fn born(&mut self, process: i32, parent: Option<i32>) {
        let Some(parent) = parent else { return };
        let shares = |(creator, flags): &(i32, u64)| {
            *creator == parent || flags & libc::CLONE_PARENT as u64 != 0
        };
        let when = match self.processes.get(&parent) {
            _ if self.sharing.values().any(shares) => When::Shares,
            Some(When::After(_) | When::Shares) if self.after > 0 => When::After(self.after),
            _ => When::Never,
        };
        self.processes.insert(process, when);
    }

    /// Thread `pid` is gone. Whether it was a process that ended before its turn came.
    pub fn forget(&mut self, pid: i32) -> bool {
        self.sharing.remove(&pid);
        self.put_off.remove(&pid);
        matches!(self.processes.remove(&pid), Some(When::After(_)))
    }

    /// `process` is equipped.
    pub fn is_done(&mut self, process: i32) {
        self.processes.remove(&process);
    }

    /// `process` can't be equipped.
    pub fn give_up(&mut self, process: i32) {
        self.processes.insert(process, When::Never);
    }

    /// Thread `pid` of `process` makes a task with its memory, as `flags` say. Whether `process` is to be equipped
    /// before.
    fn makes(&mut self, pid: i32, process: i32, flags: u64) -> bool {
        let when = self.processes.get(&process).copied();
        self.sharing.insert(pid, (process, flags));
        if when == Some(When::Shares) {
            // Who shares this memory by now isn't known any more: what isn't equipped stays so, and programs are
            // equipped before they run.
            self.after = 0;
            self.processes.values_mut().for_each(|when| *when = When::Never);
        }
        let waits = flags & libc::CLONE_VFORK as u64 != 0;
        matches!(when, Some(When::After(_))) && !waits
    }

    /// `process` made a call. Whether its turn has come.
    fn counts(&mut self, process: i32) -> bool {
        match self.processes.get_mut(&process) {
            Some(When::After(calls)) => {
                *calls = calls.saturating_sub(1);
                *calls == 0
            }
            _ => false,
        }
    }
}

impl Agent {
    /// `pid` is about to make a call, `is_foreign` if that isn't a call of 64-bit code. True if it has to be
    /// equipped before: the call isn't made now, and its exit is to be told of.
    pub fn puts_off(&mut self, pid: i32, entry: &Entry, is_foreign: bool) -> bool {
        self.late.sharing.remove(&pid);
        let Some(process) = self.threads.get(&pid).map(|thread| thread.process) else {
            return false;
        };
        if !self.late.processes.contains_key(&process) {
            return false;
        }
        let effect = supervised::effect(entry.number, &entry.arguments);
        if is_foreign || effect == Some(Effect::Conflicts) {
            self.late.give_up(process);
            return false;
        }
        let word = |address| {
            let word = space::read(&space::memory(pid).ok()?, address, 8)?;
            Some(u64::from_ne_bytes(*word.first_chunk()?))
        };
        let flags = supervised::flags_of_task(entry.number, &entry.arguments, word);
        let Some(flags) = flags.filter(|flags| flags & libc::CLONE_VM as u64 != 0) else {
            return false;
        };
        if !self.late.makes(pid, process, flags) {
            return false;
        }
        let again = ptrace::registers(pid).map(registers::again);
        let (Ok(again), Ok(())) = (again, ptrace::refuse(pid)) else { return false };
        self.late.sharing.remove(&pid);
        self.late.put_off.insert(pid, again);
        true
    }

    /// `pid` stands at the exit of a call. True if that was put off: it is made again.
    pub fn makes_again(&mut self, pid: i32) -> bool {
        self.late.sharing.remove(&pid);
        let Some(again) = self.late.put_off.remove(&pid) else { return false };
        let _ = ptrace::set_registers(pid, &again);
        self.equip_late(pid, registers::place(&again));
        true
    }

    /// `pid` stands at the exit of call `number`, which was made.
    pub fn counts_call(&mut self, pid: i32, number: u64) {
        // One that always stops doesn't tell what it would gain.
        if supervised::is_supervised(number as u32) {
            return;
        }
        let Some(process) = self.threads.get(&pid).map(|thread| thread.process) else { return };
        if self.late.counts(process)
            && let Ok(registers) = ptrace::registers(pid)
        {
            self.equip_late(pid, registers::caller(&registers));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREAD: u64 = (libc::CLONE_VM | libc::CLONE_THREAD) as u64;
    const VFORK: u64 = (libc::CLONE_VM | libc::CLONE_VFORK) as u64;

    #[test]
    fn a_program_is_equipped_when_its_turn_comes() {
        let mut late = Late::new(3);
        assert!(!late.executed(1));
        assert_eq!([1, 1, 1].map(|process| late.counts(process)), [false, false, true]);
        assert!(!late.executed(1), "another program begins anew");
        assert!(!late.counts(1));
        assert!(late.forget(1), "it ended before");
        assert!(Late::new(0).executed(1), "or at once");
    }

    #[test]
    fn who_makes_a_thread_is_equipped_before() {
        let mut late = Late::new(3);
        late.executed(1);
        assert!(late.makes(1, 1, THREAD));
        late.give_up(1);
        assert!(!late.makes(1, 1, THREAD), "or not at all");
    }

    #[test]
    fn who_has_anothers_memory_is_not_equipped() {
        let mut late = Late::new(1);
        late.executed(1);
        assert!(!late.makes(1, 1, VFORK));
        late.born(2, Some(1));
        assert!(!late.counts(2));
        late.executed(2);
        assert!(late.counts(2), "a new program has its own");
        late.sharing.remove(&1);
        late.born(3, Some(1));
        assert!(late.counts(3), "and so has the child of fork");
    }

    #[test]
    fn when_it_is_not_known_who_shares_memory_nothing_is_equipped_late() {
        let mut late = Late::new(1);
        late.executed(1);
        late.makes(1, 1, VFORK);
        late.born(2, Some(1));
        assert!(!late.makes(2, 2, THREAD));
        assert!(!late.counts(1));
        assert!(late.executed(1), "but before it runs");
        late.born(3, Some(1));
        assert!(!late.counts(3));
    }
}
