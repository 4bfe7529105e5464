//! What the trace says of itself.

use std::os::unix::ffi::OsStringExt;

use dataseries::Packed;
use nix::sys::utsname::uname;
use replay_core::registry::Registry;
use replay_schema::added::{self, info};

use crate::encode::{EXTENT_SIZE, Totals};
use crate::output::Lost;
use crate::plan::{self, Plans};
use crate::record::Options;
use crate::sink::{AddedRows, Cell, SinkError};
use crate::tracer::Outcome;

/// Keys and values, in the order in which they were said.
#[derive(Debug, Default)]
pub struct Info(Vec<(&'static str, Vec<u8>)>);

impl Info {
    /// As every trace begins: made by `recorder`, name and version, which captured calls in the way `backend`.
    pub fn of(recorder: &str, backend: &str) -> Self {
        let mut info = Self::default();
        info.say(info::RECORDER, recorder);
        info.say(info::BACKEND, backend);
        info.say(info::TIME_UNIT, "nanoseconds");
        info
    }

    /// Says `value` of `key`.
    pub fn say(&mut self, key: &'static str, value: impl Into<Vec<u8>>) {
        self.0.push((key, value.into()));
    }

    /// Says the number `count` of `key`.
    pub fn count(&mut self, key: &'static str, count: u64) {
        self.say(key, count.to_string());
    }

    /// Says which plugins there were.
    pub fn plugins(&mut self, registry: &Registry) -> &mut Self {
        for plugin in registry.plugins() {
            self.say(info::PLUGIN, format!("{} {}", plugin.header.name, plugin.header.version));
        }
        self
    }

    /// Says that nothing follows.
    pub fn complete(&mut self) -> &mut Self {
        self.say(info::COMPLETE, "yes");
        self
    }

    /// All of it as rows.
    ///
    /// # Errors
    /// Never, as long as the record type is well-formed.
    pub fn rows(&self) -> Result<Option<Packed>, SinkError> {
        let mut rows = AddedRows::new(added::INFO, EXTENT_SIZE)?;
        for (key, value) in &self.0 {
            rows.push(&[Cell::Bytes(key.as_bytes()), Cell::Bytes(value)]);
        }
        Ok(rows.take())
    }
}

/// What is known when a recording starts.
///
/// # Errors
/// Never, as long as the record type is well-formed.
pub fn opening(
    options: &Options,
    registry: &Registry,
    backend: &str,
) -> Result<Option<Packed>, SinkError> {
    let recorder = concat!("recorder ", env!("CARGO_PKG_VERSION"));
    let mut info = Info::of(recorder, backend);
    info.say(info::SNAPSHOT, options.snapshot.name());
    if let Ok(names) = uname() {
        let text = |name: &std::ffi::OsStr| name.to_owned().into_vec();
        info.say(info::HOST, text(names.nodename()));
        info.say(info::KERNEL, text(names.release()));
        info.say(info::ARCHITECTURE, text(names.machine()));
    }
    let payload = &options.payload;
    info.say(info::ENVIRONMENT, payload.environment.to_string());
    if let Some(limit) = payload.limit {
        info.count(info::VALUE_LIMIT, limit as u64);
    }
    if payload.hash_key.is_some() {
        info.say(info::PAYLOAD, "hashed");
    }
    for word in options.subject.command() {
        info.say(info::ARGUMENT, word);
    }
    info.plugins(registry).rows()
}

/// What is known when it is over.
///
/// # Errors
/// Never, as long as the record type is well-formed.
pub fn closing(
    outcome: &Outcome,
    totals: &Totals,
    lost: Lost,
    plans: &Plans,
) -> Result<Option<Packed>, SinkError> {
    let mut info = Info::default();
    info.count(info::CALLS, outcome.calls);
    info.count(info::BUFFERS_NOT_CAPTURED, totals.buffers_not_captured);
    info.count(info::FOREIGN_ABI_CALLS, outcome.foreign_calls);
    if outcome.not_selected > 0 {
        info.count(info::NOT_SELECTED, outcome.not_selected);
    }
    if outcome.detached {
        info.say(info::DETACHED, "yes");
    }
    if totals.values_cut > 0 {
        info.count(info::VALUES_CUT, totals.values_cut);
    }
    if lost != Lost::default() {
        info.count(info::ROWS_NOT_KEPT, lost.before + lost.after);
    }
    if let Some(agent) = &outcome.agent {
        info.count(info::CALLS_IN_PROGRAM, outcome.merged.calls);
        info.count(info::INSTRUCTIONS_REWRITTEN, agent.rewritten);
        info.count(info::INSTRUCTIONS_LEFT, agent.left);
        info.count(info::PROGRAMS_WITHOUT_AGENT, agent.not_equipped);
        info.count(info::RECORDS_LOST, agent.lost + outcome.merged.damaged);
    }
    let mapped = outcome.files.mapped;
    info.count(info::STORED_PAGES, mapped.pages);
    if let Some(reads) = outcome.files.reads {
        info.count(info::LOADED_PAGES, reads.pages);
        info.count(info::UNREAD_MAPPINGS, reads.unread);
    }
    if mapped.unwatched > 0 {
        info.count(info::UNWATCHED_MAPPINGS, mapped.unwatched);
    }
    if let Some(snapshot) = &outcome.files.snapshot {
        info.count(info::SNAPSHOT_FILES, snapshot.files);
        info.count(info::SNAPSHOT_CONTENTS, snapshot.contents);
        info.count(info::SNAPSHOT_BYTES, snapshot.bytes);
        for (why, (count, _)) in &snapshot.missing {
            info.say(info::SNAPSHOT_MISSING, format!("{count} {why}"));
        }
    }
    for (call, count) in &outcome.not_recorded {
        let disabled = plans.disabled.contains_key(&(*call as u32));
        let disabled = if disabled { " (disabled)" } else { "" };
        let text = format!("{count} {}{disabled}", plan::name_of(*call));
        info.say(info::NOT_RECORDED, text);
    }
    for (plan, count) in &outcome.refused {
        let text = format!("{count} {}", plans.plan(*plan).call.extent);
        info.say(info::REFUSED, text);
    }
    for (plan, count) in &outcome.hidden {
        let call = &plans.plan(*plan).call;
        let what = call.hides.as_deref().unwrap_or_default();
        let text = format!("{count} {what} of {}", call.extent);
        info.say(info::HIDDEN, text);
    }
    for (plugin, misdeeds) in &totals.misdeeds {
        let text = format!("{} calls of {plugin}", misdeeds.count);
        info.say(info::PLUGIN_FAILED, text);
    }
    info.complete().rows()
}
