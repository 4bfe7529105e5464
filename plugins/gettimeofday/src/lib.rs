//! gettimeofday(2): the time in microseconds.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "gettimeofday", simulated = "it is later now", class = "clock")]
struct Gettimeofday {
    #[timeval(0, after)]
    time: Option<Tfrac>,
}

export_plugin!(Gettimeofday);
