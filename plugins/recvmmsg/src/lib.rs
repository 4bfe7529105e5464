//! recvmmsg(2): receive several messages from a socket.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "recvmmsg",
    simulated = "the network is not touched",
    changes = descriptors,
    class = "network"
)]
struct Recvmmsg {
    #[arg(0)]
    descriptor: Fd,
    #[arg(2)]
    count: i32,
    #[arg(3)]
    #[bits(bits::RECEIVE)]
    flags_value: Option<i32>,
    #[timespec(4)]
    timeout: Option<Tfrac>,
}

export_plugin!(Recvmmsg);
