//! The requests of ioctl(2) that terminals have (ioctl_tty(2)), in a record type of their own. All other
//! requests stay with whoever has ioctl(2).

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "ioctl", selects(1, 0x5400, mask = 0xff00), extent = "terminal_request")]
struct Terminal {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    #[hex]
    request: i32,
    #[after(2, offset = 0)]
    input_flags: Option<i32>,
}

export_plugin!(Terminal);
