//! eventfd(2): as eventfd2(2), without flags.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "eventfd", returns = descriptor, simulated = "nothing is waited for")]
struct Eventfd {
    #[arg(0)]
    initial_value: i32,
}

export_plugin!(Eventfd);
