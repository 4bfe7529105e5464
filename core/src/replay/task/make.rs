//! Making a call again: whether it is to be made, and the plugin that makes it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use abi::{Outcome, status};
use replay_schema::Call;

use crate::crash::{self, InPlugin};
use crate::misdeed::{Misdeed, OnPluginError};
use crate::record::{Batch, Record, What};
use crate::replay::ReplayError;
use crate::replay::descriptors::Stands;
use crate::replay::effects;
use crate::replay::kernels::is_missed;
use crate::replay::progress::Stopped;
use crate::replay::shared::{End, Shared};
use crate::replay::task::{Came, Task};
use crate::report::Reason;
use crate::trace::RecordType;
use crate::verify::Divergence;

impl Task {
    /// Makes the call, if it is to be made.
    pub(super) fn make(
        &mut self,
        shared: &Arc<Shared>,
        ty: &RecordType,
        batch: &Batch,
        record: &Record,
    ) -> Result<Came, Stopped> {
        if let Some(reason) = record.skipped {
            return Ok(Came::Not(reason));
        }
        let Some(call) = &ty.call else { return Ok(Came::Not(Reason::NoPlugin)) };
        if ty.closes && record.ready_at < record.position {
            let closed = effects::closed(ty, batch, record);
            let mut files = self.context.files.lock();
            let overtaken = |traced: &i32| files.take_overtaken(*traced, record.ready_at);
            if let Some(overtaken) = closed.iter().find_map(overtaken) {
                drop(files);
                overtaken.close();
                return Ok(Came::Not(Reason::Overtaken));
            }
        }
        if shared.given_up.has(call.plugin) {
            return Ok(Came::Not(Reason::Misdeed));
        }
        if let Some(read_only) = &shared.read_only
            && !read_only.allows(ty, call, batch, record, &self.context.files.lock())
        {
            return Ok(Came::Not(Reason::ReadOnly));
        }
        if let Some(network) = &shared.network {
            network.before(ty, call, batch, record, |traced| {
                match self.context.files.lock().get_at(traced, record.position) {
                    Some(Stands::Open(open)) => Some(open),
                    _ => None,
                }
            });
        }
        if call.blocks {
            shared.turn.enter_kernel(record.position, self.thread);
            if shared.turn.is_somebody_interested() && self.is_going_to_wait(ty, batch, record) {
                shared.turn.waits(record.position);
            }
        }
        let began = self.stats.is_some().then(Instant::now);
        let asked = self.ask_plugin(shared, call, ty, batch, record);
        self.took = began.map_or(Duration::ZERO, |began| began.elapsed());
        if call.blocks {
            shared.turn.leave_kernel(record.position);
            if shared.turn.is_stopped() {
                return Err(Stopped);
            }
        }
        self.came_of(shared, call, ty, batch, record, asked)
    }

    /// What came of a call, of which its plugin says this; what it did beside is seen to.
    pub(super) fn came_of(
        &mut self,
        shared: &Shared,
        call: &Call,
        ty: &RecordType,
        batch: &Batch,
        record: &Record,
        (status, outcome): (u32, Outcome),
    ) -> Result<Came, Stopped> {
        for (level, message) in std::mem::take(&mut self.context.acts.messages) {
            self.plugin_says(ty, record, level, &message);
        }
        if let Some(misdeed) = self.context.acts.misdeed.take() {
            self.plugin_misbehaved(shared, call, record, &misdeed)?;
            let is_made = status == status::MADE && misdeed.is_beside_the_call();
            return Ok(if is_made { Came::Made(outcome) } else { Came::Not(Reason::Misdeed) });
        }
        Ok(match status {
            // The watch let it go, for the recorded call wasn't interrupted.
            status::MADE if outcome.errno_number == libc::EINTR => Came::Not(Reason::Waited),
            status::MADE
                if call.privileged
                    && record.succeeded()
                    && shared.rights.explain(outcome.errno_number) =>
            {
                Came::Not(Reason::Rights)
            }
            status::MADE
                if shared.is_rooted
                    && record.succeeded()
                    && effects::has_path(ty, batch, record, is_missed(outcome.errno_number)) =>
            {
                Came::Not(Reason::Kernels)
            }
            status::MADE => Came::Made(outcome),
            status::SIMULATED => Came::Not(Reason::Simulated),
            status::SIMULATED_DESCRIPTOR => Came::Not(Reason::SimulatedDescriptor),
            status::STANDARD_STREAM => Came::Not(Reason::StandardStream),
            status::UNKNOWN_DESCRIPTOR => Came::Not(Reason::UnknownDescriptor),
            status::NOT_CAPTURED => Came::Not(Reason::NotCaptured),
            status::TIMING => Came::Not(Reason::Timing),
            _ => {
                self.context.acts.add().divergences.push(Divergence {
                    column: "record".to_owned(),
                    expected: "one that makes sense".to_owned(),
                    got: "one that doesn't".to_owned(),
                });
                Came::Not(Reason::Malformed)
            }
        })
    }

    /// Lets the plugin make the call, and looks after it if it isn't one of ours.
    pub(super) fn ask_plugin(
        &mut self,
        shared: &Shared,
        call: &Arc<Call>,
        ty: &RecordType,
        batch: &Batch,
        record: &Record,
    ) -> (u32, Outcome) {
        let What::Call(kind) = record.what else { unreachable!("only calls are made") };
        let kind = kind as usize;
        if !call.is_stock {
            self.context.acts.add().misdeed = self.guard.before(kind, &shared.fs_changes).err();
        }
        if call.changes_fs {
            shared.fs_changes.count();
        }
        self.busy.enter(record.position, kind, record.unique_id);
        let in_plugin = InPlugin::record(call.plugin, record.unique_id);
        let came = self.context.replay(shared.hosts, call, ty, batch, record, self.identity);
        drop(in_plugin);
        self.busy.leave();
        if call.changes_fs {
            shared.fs_changes.count();
        }
        if !call.is_stock
            && let Err(misdeed) = self.guard.after(&shared.fs_changes)
        {
            self.context.acts.add().misdeed.get_or_insert(misdeed);
        }
        came
    }

    /// Tells what the plugin did, and does what people asked for; the record diverges, if it goes on.
    fn plugin_misbehaved(
        &mut self,
        shared: &Shared,
        call: &Call,
        record: &Record,
        misdeed: &Misdeed,
    ) -> Result<(), Stopped> {
        let (plugin, record) = (call.plugin, record.unique_id);
        if shared.options.on_plugin_error == OnPluginError::Stop || misdeed.is_fatal() {
            let (misdeed, call) = (misdeed.clone(), call.extent.clone());
            let is_fatal = misdeed.is_fatal();
            let error = ReplayError::Misdeed { plugin, misdeed, record, call };
            if is_fatal {
                shared.log.insist(&error.to_string());
                crash::leave();
            }
            shared.end(End::Failed(error));
            return Err(Stopped);
        }
        let is_its_own = !matches!(misdeed, Misdeed::Before(_));
        if shared.options.on_plugin_error == OnPluginError::Simulate && is_its_own {
            shared.given_up.add(plugin);
        }
        self.context.acts.add().divergences.push(Divergence {
            column: format!("plugin `{plugin}`"),
            expected: "a call made again".to_owned(),
            got: format!("that it {misdeed}"),
        });
        Ok(())
    }

    /// Whether the call is on a stream that isn't ready for it.
    fn is_going_to_wait(&self, ty: &RecordType, batch: &Batch, record: &Record) -> bool {
        let events = if ty.waits_to_read { libc::POLLIN } else { libc::POLLOUT };
        let files = self.context.files.lock();
        let streams = effects::used(ty, batch, record).into_iter().filter_map(|traced| match files
            .get(
            traced,
        )? {
            Stands::Open(open) if files.is_stream(traced) => Some(open),
            _ => None,
        });
        let mut polls: Vec<_> = streams.map(|fd| libc::pollfd { fd, events, revents: 0 }).collect();
        // SAFETY: the kernel reads and writes the structures that it is told of.
        let ready = unsafe { libc::poll(polls.as_mut_ptr(), polls.len() as u64, 0) };
        !polls.is_empty() && ready == 0
    }
}
