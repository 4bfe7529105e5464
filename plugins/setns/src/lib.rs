//! setns(2): join a namespace.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "setns", simulated = "the replayer stays in its namespaces", class = "process")]
struct Setns {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    #[bits(NAMESPACES)]
    namespace_value: Option<i32>,
}

const NAMESPACES: &[Bit] = &[
    bit("", "CLONE_NEWCGROUP", libc::CLONE_NEWCGROUP as i64),
    bit("", "CLONE_NEWIPC", libc::CLONE_NEWIPC as i64),
    bit("", "CLONE_NEWNET", libc::CLONE_NEWNET as i64),
    bit("", "CLONE_NEWNS", libc::CLONE_NEWNS as i64),
    bit("", "CLONE_NEWPID", libc::CLONE_NEWPID as i64),
    bit("", "CLONE_NEWTIME", libc::CLONE_NEWTIME as i64),
    bit("", "CLONE_NEWUSER", libc::CLONE_NEWUSER as i64),
    bit("", "CLONE_NEWUTS", libc::CLONE_NEWUTS as i64),
];

export_plugin!(Setns);
