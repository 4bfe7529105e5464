//! Tasks: which a call makes, what they share, programs that they run, and their ends.

use super::Process;
use crate::{Replayed, Skip};

/// What a child has in common with its parent (clone(2)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// `CLONE_FILES`: the table of descriptors.
    pub files: bool,
    /// `CLONE_FS`: working directory, root and umask.
    pub fs: bool,
    /// `CLONE_THREAD`: the process itself.
    pub thread_group: bool,
    /// `CLONE_VM`: memory.
    pub memory: bool,
}

impl Shares {
    fn bits(self) -> u32 {
        let bits = [
            (self.files, abi::CHILD_SHARES_FILES),
            (self.fs, abi::CHILD_SHARES_FS),
            (self.thread_group, abi::CHILD_SHARES_THREAD_GROUP),
            (self.memory, abi::CHILD_SHARES_MEMORY),
        ];
        bits.iter().filter(|(set, _)| *set).fold(0, |all, (_, bit)| all | bit)
    }

    /// What the flags of clone(2) and clone3(2) say.
    pub fn by_flags(flags: i64) -> Self {
        let has = |flag: i32| flags & i64::from(flag) != 0;
        Self {
            files: has(libc::CLONE_FILES),
            fs: has(libc::CLONE_FS),
            thread_group: has(libc::CLONE_THREAD),
            memory: has(libc::CLONE_VM),
        }
    }
}

impl<'t> Process<'t> {
    /// A new process or thread of the trace starts.
    pub fn create_task(&mut self, task: i32, shares: Shares) {
        // SAFETY: context is what this host gave us.
        unsafe { self.host.create_task()(self.context, task, shares.bits()) }
    }

    /// The process no longer has `shares` in common with others.
    pub fn unshare(&mut self, shares: Shares) {
        // SAFETY: context is what this host gave us.
        unsafe { self.host.unshare()(self.context, shares.bits()) }
    }

    /// Settles a call that makes a child (fork(2) and its kin): if the recorded one did, the child is
    /// a task of the replay, and no process is made.
    ///
    /// # Errors
    /// The recorded call made none.
    pub fn fork(&mut self, shares: Shares) -> Replayed {
        let child = self.record.return_value;
        if !self.recorded().succeeded() || child <= 0 {
            return Err(Skip::SIMULATED);
        }
        self.create_task(child as i32, shares);
        Ok(Ok(child))
    }

    /// The number of the program's memory: tasks that share theirs have the same, others have not.
    pub fn memory_number(&self) -> u32 {
        self.record.memory
    }

    /// The process runs a new program: its close-on-exec descriptors go.
    pub fn execute(&mut self) {
        // SAFETY: context is what this host gave us.
        unsafe { self.host.execute()(self.context) }
    }

    /// The thread ends, or all threads of its process if `whole`.
    pub fn exit(&mut self, whole: bool) {
        // SAFETY: context is what this host gave us.
        unsafe { self.host.exit()(self.context, whole.into()) }
    }
}
