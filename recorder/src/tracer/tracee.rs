//! What is known of one thread of the program.

use std::fs;

use crate::affinity::Place;
use crate::event::Blob;

/// A call that hasn't returned yet.
#[derive(Debug)]
pub(super) struct PendingCall {
    pub(super) plan: usize,
    pub(super) number: u64,
    pub(super) instruction_pointer: u64,
    pub(super) arguments: [u64; 6],
    pub(super) called_id: i64,
    pub(super) time_called: i64,
    /// Memory copied at entry, in `bytes`.
    pub(super) blobs: Vec<Blob>,
    pub(super) bytes: Vec<u8>,
}

#[derive(Debug, Default)]
pub(super) enum State {
    /// In no call that is recorded.
    #[default]
    Running,
    /// Between a call's entry and exit.
    InCall(PendingCall),
    /// Out of a call that the kernel restarts, or that fails with `EINTR` if a handler ran: which of
    /// the two is seen at the next call. With the id and time of the exit.
    Interrupted(PendingCall, i64, i64),
}

/// One thread of the program.
#[derive(Debug)]
pub(super) struct Tracee {
    pub(super) process: i32,
    pub(super) parent: Option<i32>,
    pub(super) first_id: i64,
    /// Order id of its end, taken while its descriptors are still open.
    pub(super) ending_id: Option<i64>,
    pub(super) state: State,
    /// A call whose exit the agent wants to hear of.
    pub(super) watched: Option<(u64, [u64; 6])>,
    /// It was made to step into a signal handler.
    pub(super) steps: bool,
    /// It runs a new program, which the agent has to equip.
    pub(super) executed: bool,
    pub(super) place: Place,
    /// Buffers of the last call, for the next.
    pub(super) spare: (Vec<Blob>, Vec<u8>),
}

impl Tracee {
    /// A tracee that stopped for the first time.
    pub(super) fn found(pid: i32, first_id: i64) -> Self {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().parse().ok()
        };
        Self {
            process: field("Tgid:").unwrap_or(pid),
            parent: field("PPid:"),
            first_id,
            ending_id: None,
            state: State::Running,
            watched: None,
            steps: false,
            executed: false,
            place: Place::default(),
            spare: Default::default(),
        }
    }
}
