//! seccomp(2): forbid calls to this process.

use sdk::abi::Bit;
use sdk::declare::{bit, constant};
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "seccomp",
    returns = descriptor,
    returns_when = arg(1).any(NEW_LISTENER),
    simulated = "it would restrict the replayer"
)]
struct Seccomp {
    #[arg(0)]
    #[names(OPERATIONS)]
    operation: i32,
    #[arg(1)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
    #[arg(2)]
    #[hex]
    address: i64,
}

/// With this flag the call returns a descriptor.
const NEW_LISTENER: i32 = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER as i32;

const OPERATIONS: &[Bit] = &[
    constant("", "SECCOMP_SET_MODE_STRICT", libc::SECCOMP_SET_MODE_STRICT as i64),
    constant("", "SECCOMP_SET_MODE_FILTER", libc::SECCOMP_SET_MODE_FILTER as i64),
    constant("", "SECCOMP_GET_ACTION_AVAIL", libc::SECCOMP_GET_ACTION_AVAIL as i64),
    constant("", "SECCOMP_GET_NOTIF_SIZES", libc::SECCOMP_GET_NOTIF_SIZES as i64),
];

const FLAGS: &[Bit] = &[
    bit("", "SECCOMP_FILTER_FLAG_TSYNC", libc::SECCOMP_FILTER_FLAG_TSYNC as i64),
    bit("", "SECCOMP_FILTER_FLAG_LOG", libc::SECCOMP_FILTER_FLAG_LOG as i64),
    bit("", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW as i64),
    bit("", "SECCOMP_FILTER_FLAG_NEW_LISTENER", NEW_LISTENER as i64),
];

export_plugin!(Seccomp);
