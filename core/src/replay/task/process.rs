//! What a call does to its process: descriptors, children, another program, its end.

use std::sync::Arc;

use nix::sched::{CloneFlags, unshare};

use crate::record::{Batch, Record};
use crate::replay::descriptors::{Stands, flags};
use crate::replay::effects::{Effect, effects};
use crate::replay::host::Child;
use crate::replay::shared::{End, Shared};
use crate::replay::task::Task;
use crate::replay::tasks::{Birth, Expected, start};
use crate::trace::RecordType;

impl Task {
    /// What the recorded call did to the descriptors, where the call isn't made.
    pub(super) fn take_recorded(&mut self, ty: &RecordType, batch: &Batch, record: &Record) {
        for effect in effects(ty, batch, record) {
            let files = &self.context.files;
            let before = match effect {
                // The plugin has seen to it, and may have noted what it is.
                Effect::Simulate(traced) if self.context.acts.simulated == Some(traced) => None,
                Effect::Simulate(traced) => files.adopt(traced, Stands::Simulated, record.position),
                Effect::Close(traced) => {
                    let mut files = files.lock();
                    files.take_overtaken(traced, record.ready_at).or_else(|| files.remove(traced))
                }
            };
            before.into_iter().for_each(Stands::close);
        }
    }

    /// What the call did to its process, beside descriptors: a child, or a new program.
    pub(super) fn settle(&mut self, shared: &Arc<Shared>, record: &Record) {
        let child = self.context.acts.child.take();
        if let Some(number) = record.child {
            // Of a call that wasn't made nothing is known but that there is a child.
            let shares = child.unwrap_or(Child { id: 0, shares: 0 }).shares;
            self.start_child(shared, number, shares);
        }
        let unshared = std::mem::take(&mut self.context.acts.unshared);
        if unshared & abi::CHILD_SHARES_FS != 0 {
            // A thread that the kernel doesn't let go of what it shares keeps it.
            let _ = unshare(CloneFlags::CLONE_FS);
        }
        if unshared & abi::CHILD_SHARES_FILES != 0 {
            self.unshare_files();
        }
        if std::mem::take(&mut self.context.acts.executed) {
            self.execute();
        }
    }

    fn start_child(&mut self, shared: &Arc<Shared>, number: u32, shares: u32) {
        let Some(expected) = shared.tasks.take(number) else { return };
        let Expected { id, progress, segments } = expected;
        let is_thread = shares & abi::CHILD_SHARES_THREAD_GROUP != 0;
        let shares = |bit| is_thread || shares & bit != 0;
        let mut own = CloneFlags::empty();
        own.set(CloneFlags::CLONE_FILES, !shares(abi::CHILD_SHARES_FILES));
        own.set(CloneFlags::CLONE_FS, !shares(abi::CHILD_SHARES_FS));
        let files = match own.contains(CloneFlags::CLONE_FILES) {
            true => self.context.files.copy(),
            false => self.context.files.clone(),
        };
        let own = (!own.is_empty()).then_some(own);
        let memory = match shares(abi::CHILD_SHARES_MEMORY) {
            true => self.identity.memory,
            false => shared.new_memory(),
        };
        if let Err(error) = start(shared, Birth { id, memory, progress, files, own }, segments) {
            shared.end(End::Failed(error));
        }
    }

    /// A new program has no threads beside this one and shares its descriptors with nobody; those that
    /// are marked so it doesn't get.
    fn execute(&mut self) {
        self.identity.memory = self.shared.new_memory();
        self.unshare_files();
        let mut files = self.context.files.lock();
        for (traced, open) in files.open() {
            if flags(open).is_some_and(|flags| flags & libc::FD_CLOEXEC != 0) {
                files.remove(traced);
                Stands::Open(open).close();
            }
        }
    }

    /// The process has a table of descriptors of its own from now on.
    fn unshare_files(&mut self) {
        if self.context.files.is_shared() && unshare(CloneFlags::CLONE_FILES).is_ok() {
            let own = self.context.files.copy();
            own.add_user();
            own.part();
            self.shared.holders.set(self.identity.task, self.thread, &own);
            std::mem::replace(&mut self.context.files, own).remove_user();
        }
    }

    /// The task ends. The last one of a process closes the descriptors.
    pub(super) fn end(&mut self) {
        self.shared.holders.remove(self.identity.task, self.thread);
        if self.context.files.remove_user() == 0 {
            let mut files = self.context.files.lock();
            for (traced, open) in files.open() {
                files.remove(traced);
                Stands::Open(open).close();
            }
            drop(files);
            self.context.files.part();
        }
    }
}
