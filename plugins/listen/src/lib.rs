//! listen(2): be ready for connections to a socket.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "listen", changes = descriptors, class = "network")]
struct Listen {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    backlog: i32,
}

export_plugin!(Listen);
