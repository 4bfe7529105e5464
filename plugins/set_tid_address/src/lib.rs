//! set_tid_address(2): have a word cleared, and its waiters woken, when this thread ends.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "set_tid_address", simulated = "the replayer's threads end in their own way")]
struct SetTidAddress {
    #[arg(0)]
    #[hex]
    address: i64,
}

export_plugin!(SetTidAddress);
