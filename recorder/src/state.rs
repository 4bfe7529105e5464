//! The state that the first process is in before its first call, and what the trace says of itself.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use dataseries::Packed;
use nix::sys::utsname::uname;
use nix::unistd::Pid;
use replay_core::registry::Registry;
use replay_schema::added::{self, info, state};

use crate::encode::{EXTENT_SIZE, Totals};
use crate::output::Lost;
use crate::plan::{self, Plans};
use crate::record::Options;
use crate::sink::{AddedRows, Cell, SinkError};
use crate::tracer::Outcome;

/// The first process's state.
#[derive(Clone, Debug, Default)]
pub struct InitialState {
    /// Its working directory.
    pub cwd: Option<OsString>,
    /// Its root directory.
    pub root: Option<OsString>,
    /// Its umask.
    pub umask: i32,
    /// Its effective user and group, where the kernel tells.
    pub user: Option<u32>,
    /// Likewise.
    pub group: Option<u32>,
    /// Descriptors that stay open when it runs the program.
    pub descriptors: Vec<OpenDescriptor>,
}

/// A descriptor, and what it is open on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenDescriptor {
    /// Its number.
    pub number: i64,
    /// The file's path, or what the kernel calls it.
    pub target: OsString,
    /// The flags of open(2).
    pub flags: i32,
    /// Where in the file it stands.
    pub offset: i64,
}

impl InitialState {
    /// The state of `process`, as /proc has it; without the descriptors that running a program closes, if it
    /// is about to run one.
    pub fn of(process: i32, runs_a_program: bool) -> Self {
        let link = |name: &str| fs::read_link(format!("/proc/{process}/{name}")).ok();
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let umask = status.lines().find_map(|line| line.strip_prefix("Umask:"));
        let umask = umask.and_then(|mask| i32::from_str_radix(mask.trim(), 8).ok());
        let effective = |name: &str| {
            let ids = status.lines().find_map(|line| line.strip_prefix(name))?;
            ids.split_whitespace().nth(1)?.parse().ok()
        };
        let (user, group) = (effective("Uid:"), effective("Gid:"));
        let mut descriptors = Vec::new();
        for entry in fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten() {
            let Some(number) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            let (flags, offset) = flags_and_offset(process, number);
            if let Ok(target) = fs::read_link(entry.path())
                && !(runs_a_program && flags & libc::O_CLOEXEC != 0)
            {
                let target = target.into_os_string();
                descriptors.push(OpenDescriptor { number, target, flags, offset });
            }
        }
        descriptors.sort();
        Self {
            cwd: link("cwd").map(Into::into),
            root: link("root").map(Into::into),
            umask: umask.unwrap_or(0o022),
            user,
            group,
            descriptors,
        }
    }

    /// The rows that say it, for `process`.
    ///
    /// # Errors
    /// Never, as long as the record type is well-formed.
    pub fn rows(&self, process: Pid) -> Result<Option<Packed>, SinkError> {
        let mut rows = AddedRows::new(added::STATE, EXTENT_SIZE)?;
        let task = Cell::Number(process.as_raw().into());
        let mut push = |key: &str, [flags, number, offset]: [Cell<'_>; 3], value: Cell<'_>| {
            rows.push(&[flags, Cell::Bytes(key.as_bytes()), number, offset, task, value]);
        };
        fn path(path: &Option<OsString>) -> Cell<'_> {
            path.as_ref().map_or(Cell::Null, |path| Cell::Bytes(path.as_bytes()))
        }
        push(state::CWD, [Cell::Null; 3], path(&self.cwd));
        push(state::ROOT, [Cell::Null; 3], path(&self.root));
        let umask = [Cell::Null, Cell::Number(self.umask.into()), Cell::Null];
        push(state::UMASK, umask, Cell::Null);
        for (key, id) in [(state::USER, self.user), (state::GROUP, self.group)] {
            if let Some(id) = id {
                push(key, [Cell::Null, Cell::Number(id.into()), Cell::Null], Cell::Null);
            }
        }
        for OpenDescriptor { number, target, flags, offset } in &self.descriptors {
            let numbers = [i64::from(*flags), *number, *offset].map(Cell::Number);
            push(state::DESCRIPTOR, numbers, Cell::Bytes(target.as_bytes()));
        }
        Ok(rows.take())
    }
}

/// Flags and offset of descriptor `number` of `process` (proc_pid_fdinfo(5)).
fn flags_and_offset(process: i32, number: i64) -> (i32, i64) {
    let info = fs::read_to_string(format!("/proc/{process}/fdinfo/{number}")).unwrap_or_default();
    let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let flags = field("flags:").and_then(|flags| i32::from_str_radix(flags, 8).ok());
    let offset = field("pos:").and_then(|offset| offset.parse().ok());
    (flags.unwrap_or(0), offset.unwrap_or(0))
}

/// Pairs of key and value, as rows.
///
/// # Errors
/// Never, as long as the record type is well-formed.
pub fn info_rows(pairs: &[(&str, Vec<u8>)]) -> Result<Option<Packed>, SinkError> {
    let mut rows = AddedRows::new(added::INFO, EXTENT_SIZE)?;
    for (key, value) in pairs {
        rows.push(&[Cell::Bytes(key.as_bytes()), Cell::Bytes(value)]);
    }
    Ok(rows.take())
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
    let mut pairs = vec![
        (info::RECORDER, format!("recorder {}", env!("CARGO_PKG_VERSION")).into_bytes()),
        (info::BACKEND, backend.as_bytes().to_vec()),
        (info::TIME_UNIT, b"nanoseconds".to_vec()),
        (info::SNAPSHOT, options.snapshot.name().as_bytes().to_vec()),
    ];
    if let Ok(names) = uname() {
        let text = |name: &std::ffi::OsStr| name.to_owned().into_vec();
        pairs.push((info::HOST, text(names.nodename())));
        pairs.push((info::KERNEL, text(names.release())));
        pairs.push((info::ARCHITECTURE, text(names.machine())));
    }
    let payload = &options.payload;
    pairs.push((info::ENVIRONMENT, payload.environment.to_string().into_bytes()));
    if let Some(limit) = payload.limit {
        pairs.push((info::VALUE_LIMIT, limit.to_string().into_bytes()));
    }
    if payload.hash_key.is_some() {
        pairs.push((info::PAYLOAD, b"hashed".to_vec()));
    }
    for word in options.subject.command() {
        pairs.push((info::ARGUMENT, word));
    }
    for plugin in registry.plugins() {
        let name = format!("{} {}", plugin.header.name, plugin.header.version);
        pairs.push((info::PLUGIN, name.into_bytes()));
    }
    info_rows(&pairs)
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
    let number = |number: u64| number.to_string().into_bytes();
    let mut pairs = vec![
        (info::CALLS, number(outcome.calls)),
        (info::BUFFERS_NOT_CAPTURED, number(totals.buffers_not_captured)),
        (info::FOREIGN_ABI_CALLS, number(outcome.foreign_calls)),
    ];
    if outcome.not_selected > 0 {
        pairs.push((info::NOT_SELECTED, number(outcome.not_selected)));
    }
    if outcome.detached {
        pairs.push((info::DETACHED, b"yes".to_vec()));
    }
    if totals.values_cut > 0 {
        pairs.push((info::VALUES_CUT, number(totals.values_cut)));
    }
    if lost != Lost::default() {
        pairs.push((info::ROWS_NOT_KEPT, number(lost.before + lost.after)));
    }
    if let Some(agent) = &outcome.agent {
        pairs.push((info::CALLS_IN_PROGRAM, number(outcome.merged.calls)));
        pairs.push((info::INSTRUCTIONS_REWRITTEN, number(agent.rewritten)));
        pairs.push((info::INSTRUCTIONS_LEFT, number(agent.left)));
        pairs.push((info::PROGRAMS_WITHOUT_AGENT, number(agent.not_equipped)));
        pairs.push((info::RECORDS_LOST, number(agent.lost + outcome.merged.damaged)));
    }
    let mapped = outcome.files.mapped;
    pairs.push((info::STORED_PAGES, number(mapped.pages)));
    if let Some(reads) = outcome.files.reads {
        pairs.push((info::LOADED_PAGES, number(reads.pages)));
        pairs.push((info::UNREAD_MAPPINGS, number(reads.unread)));
    }
    if mapped.unwatched > 0 {
        pairs.push((info::UNWATCHED_MAPPINGS, number(mapped.unwatched)));
    }
    if let Some(snapshot) = &outcome.files.snapshot {
        pairs.push((info::SNAPSHOT_FILES, number(snapshot.files)));
        pairs.push((info::SNAPSHOT_CONTENTS, number(snapshot.contents)));
        pairs.push((info::SNAPSHOT_BYTES, number(snapshot.bytes)));
        for (why, (count, _)) in &snapshot.missing {
            pairs.push((info::SNAPSHOT_MISSING, format!("{count} {why}").into_bytes()));
        }
    }
    for (call, count) in &outcome.not_recorded {
        let disabled = plans.disabled.contains_key(&(*call as u32));
        let disabled = if disabled { " (disabled)" } else { "" };
        let text = format!("{count} {}{disabled}", plan::name_of(*call));
        pairs.push((info::NOT_RECORDED, text.into_bytes()));
    }
    for (plan, count) in &outcome.refused {
        let text = format!("{count} {}", plans.plan(*plan).call.extent);
        pairs.push((info::REFUSED, text.into_bytes()));
    }
    for (plan, count) in &outcome.hidden {
        let call = &plans.plan(*plan).call;
        let what = call.hides.as_deref().unwrap_or_default();
        let text = format!("{count} {what} of {}", call.extent);
        pairs.push((info::HIDDEN, text.into_bytes()));
    }
    for (plugin, misdeeds) in &totals.misdeeds {
        let text = format!("{} calls of {plugin}", misdeeds.count);
        pairs.push((info::PLUGIN_FAILED, text.into_bytes()));
    }
    pairs.push((info::COMPLETE, b"yes".to_vec()));
    info_rows(&pairs)
}
