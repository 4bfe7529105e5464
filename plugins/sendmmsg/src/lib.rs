//! sendmmsg(2): send several messages through a socket.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "sendmmsg",
    simulated = "the network is not touched",
    changes = descriptors,
    class = "network"
)]
struct Sendmmsg {
    #[arg(0)]
    descriptor: Fd,
    #[arg(2)]
    count: i32,
    #[arg(3)]
    #[bits(bits::SEND)]
    flags_value: Option<i32>,
}

export_plugin!(Sendmmsg);
