//! A stopped thread makes calls on the tracer's behalf.

use libc::user_regs_struct;
use nix::Result;

use crate::ptrace::{self, Resume, Stop, Wait};

/// A thread that stands at the exit of a call, and is made to make others.
#[derive(Debug)]
pub struct Remote<'a> {
    pid: i32,
    /// Where a `syscall` instruction is.
    instruction: u64,
    saved: user_regs_struct,
    mask: u64,
    /// Numbers of the calls that don't stop at their entry.
    unseen: &'a [u32],
}

impl<'a> Remote<'a> {
    /// Prepares `pid`, whose registers are `saved`, to make calls with the instruction at `instruction`. Those whose
    /// number is one of `unseen` the filter lets through. Signals wait meanwhile.
    ///
    /// # Errors
    /// It is gone.
    pub fn new(
        pid: i32,
        instruction: u64,
        saved: user_regs_struct,
        unseen: &'a [u32],
    ) -> Result<Self> {
        let mask = ptrace::signal_mask(pid)?;
        ptrace::set_signal_mask(pid, u64::MAX)?;
        Ok(Self { pid, instruction, saved, mask, unseen })
    }

    /// Makes call `number`; its result is as the kernel gives it.
    ///
    /// # Errors
    /// The thread is gone, or does something that it shouldn't.
    pub fn call(&mut self, number: libc::c_long, arguments: [u64; 6]) -> Result<i64> {
        let [rdi, rsi, rdx, r10, r8, r9] = arguments;
        let rax = number as u64;
        let (rip, orig_rax) = (self.instruction, u64::MAX);
        let registers =
            user_regs_struct { rax, rdi, rsi, rdx, r10, r8, r9, rip, orig_rax, ..self.saved };
        ptrace::set_registers(self.pid, &registers)?;
        // A call that the filter lets through stops at its entry only if it is told to.
        let (how, entry) = match self.unseen.contains(&(number as u32)) {
            true => (Resume::ToSyscallStop, Stop::Exit),
            false => (Resume::Run, Stop::Entry),
        };
        ptrace::resume(self.pid, how, 0)?;
        self.wait_for(entry, how)?;
        ptrace::resume(self.pid, Resume::ToSyscallStop, 0)?;
        self.wait_for(Stop::Exit, Resume::ToSyscallStop)?;
        Ok(ptrace::registers(self.pid)?.rax as i64)
    }

    fn wait_for(&self, wanted: Stop, how: Resume) -> Result<()> {
        loop {
            match ptrace::wait_for(self.pid)? {
                Wait::Stopped(_, stop) if stop == wanted => return Ok(()),
                // Stopped by job control: that has to wait.
                Wait::Stopped(_, Stop::Group | Stop::Trap) => ptrace::resume(self.pid, how, 0)?,
                Wait::Interrupted => {}
                Wait::Stopped(..) | Wait::Nobody => return Err(nix::Error::ESRCH),
            }
        }
    }

    /// Puts everything back, with `change` made to the registers.
    ///
    /// # Errors
    /// It is gone.
    pub fn finish(mut self, change: impl FnOnce(&mut user_regs_struct)) -> Result<()> {
        change(&mut self.saved);
        self.saved.orig_rax = u64::MAX;
        ptrace::set_registers(self.pid, &self.saved)?;
        ptrace::set_signal_mask(self.pid, self.mask)
    }
}
