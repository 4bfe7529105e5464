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
use crate::plan::{self, Plans};
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
    /// Descriptors that stay open when it runs the program, with what they are open on.
    pub descriptors: Vec<(i64, OsString)>,
}

impl InitialState {
    /// The state of `process`, as /proc has it.
    pub fn of(process: Pid) -> Self {
        let link = |name: &str| fs::read_link(format!("/proc/{process}/{name}")).ok();
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let umask = status.lines().find_map(|line| line.strip_prefix("Umask:"));
        let umask = umask.and_then(|mask| i32::from_str_radix(mask.trim(), 8).ok());
        let mut descriptors = Vec::new();
        for entry in fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten() {
            let Some(number) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            let stays = !is_close_on_exec(process, number);
            if let Ok(target) = fs::read_link(entry.path())
                && stays
            {
                descriptors.push((number, target.into_os_string()));
            }
        }
        descriptors.sort();
        Self {
            cwd: link("cwd").map(Into::into),
            root: link("root").map(Into::into),
            umask: umask.unwrap_or(0o022),
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
        let mut push = |key: &str, number: Option<i64>, value: Option<&OsString>| {
            rows.push(&[
                Cell::Bytes(key.as_bytes()),
                number.map_or(Cell::Null, Cell::Number),
                task,
                value.map_or(Cell::Null, |value| Cell::Bytes(value.as_bytes())),
            ]);
        };
        push(state::CWD, None, self.cwd.as_ref());
        push(state::ROOT, None, self.root.as_ref());
        push(state::UMASK, Some(self.umask.into()), None);
        for (number, target) in &self.descriptors {
            push(state::DESCRIPTOR, Some(*number), Some(target));
        }
        Ok(rows.take())
    }
}

/// Whether descriptor `number` is closed when `process` runs a program (proc_pid_fdinfo(5)).
fn is_close_on_exec(process: Pid, number: i64) -> bool {
    let info = fs::read_to_string(format!("/proc/{process}/fdinfo/{number}")).unwrap_or_default();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| i32::from_str_radix(flags.trim(), 8).ok());
    flags.is_some_and(|flags| flags & libc::O_CLOEXEC != 0)
}

/// Pairs of key and value, as rows.
fn info_rows(pairs: &[(&str, Vec<u8>)]) -> Result<Option<Packed>, SinkError> {
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
pub fn opening(words: &[OsString], registry: &Registry) -> Result<Option<Packed>, SinkError> {
    let mut pairs = vec![
        (info::RECORDER, format!("recorder {}", env!("CARGO_PKG_VERSION")).into_bytes()),
        (info::BACKEND, b"ptrace".to_vec()),
        (info::TIME_UNIT, b"nanoseconds".to_vec()),
    ];
    if let Ok(names) = uname() {
        let text = |name: &std::ffi::OsStr| name.to_owned().into_vec();
        pairs.push((info::HOST, text(names.nodename())));
        pairs.push((info::KERNEL, text(names.release())));
        pairs.push((info::ARCHITECTURE, text(names.machine())));
    }
    for word in words {
        pairs.push((info::ARGUMENT, word.as_bytes().to_vec()));
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
    plans: &Plans,
) -> Result<Option<Packed>, SinkError> {
    let number = |number: u64| number.to_string().into_bytes();
    let mut pairs = vec![
        (info::CALLS, number(outcome.calls)),
        (info::BUFFERS_NOT_CAPTURED, number(totals.buffers_not_captured)),
        (info::FOREIGN_ABI_CALLS, number(outcome.foreign_calls)),
    ];
    for (call, count) in &outcome.not_recorded {
        let disabled = plans.disabled.contains_key(&(*call as u32));
        let disabled = if disabled { " (disabled)" } else { "" };
        let text = format!("{count} {}{disabled}", plan::name_of(*call));
        pairs.push((info::NOT_RECORDED, text.into_bytes()));
    }
    pairs.push((info::COMPLETE, b"yes".to_vec()));
    info_rows(&pairs)
}
