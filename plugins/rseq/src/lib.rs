//! rseq(2): register memory by which this thread notices that it was interrupted.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "rseq", simulated = "the replayer's threads have memory of their own for it")]
struct Rseq {
    #[arg(0)]
    #[hex]
    address: i64,
    #[arg(1)]
    length: i32,
    #[arg(2)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
    #[arg(3)]
    #[hex]
    signature: i32,
}

const FLAGS: &[Bit] = &[bit("", "RSEQ_FLAG_UNREGISTER", 1)];

export_plugin!(Rseq);
