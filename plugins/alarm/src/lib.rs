//! alarm(2): have a signal sent to this process in some seconds.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "alarm", simulated = "its signal would be the replayer's")]
struct Alarm {
    #[arg(0)]
    seconds: i32,
}

export_plugin!(Alarm);
