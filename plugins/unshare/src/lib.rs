//! unshare(2): stop having certain things in common with other threads and processes.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "unshare", simulated = "the replayer stays in its namespaces")]
struct Unshare {
    #[arg(0)]
    #[bits(bits::CLONE)]
    flag_value: Option<i64>,
}

export_plugin!(Unshare);
