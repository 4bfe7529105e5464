//! swapoff(2): have memory no longer paged out to a file or device.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "swapoff", simulated = "the machine's memory is left alone")]
struct Swapoff<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
}

export_plugin!(Swapoff);
