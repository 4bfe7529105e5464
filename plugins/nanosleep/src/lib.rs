//! nanosleep(2): sleep for a time.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "nanosleep", simulated = "the replay has a pace of its own", class = "clock")]
struct Nanosleep {
    #[timespec(0)]
    requested_time: Option<Tfrac>,
}

export_plugin!(Nanosleep);
