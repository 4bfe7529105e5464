//! pipe(2)
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "pipe")]
struct Pipe {
    #[after(0)]
    read_descriptor: NewFd,
    #[after(0, offset = 4)]
    write_descriptor: NewFd,
}

export_plugin!(Pipe);
