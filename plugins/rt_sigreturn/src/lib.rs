//! rt_sigreturn(2): go on where a signal interrupted the thread.
//!
//! It returns nowhere: its return value is whatever the interrupted thread had in that register.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "rt_sigreturn",
    returns = status,
    simulated = "no signal handler runs",
    class = "signal"
)]
struct RtSigreturn;

export_plugin!(RtSigreturn);
