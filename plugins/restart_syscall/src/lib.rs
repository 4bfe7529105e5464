//! restart_syscall(2): go on with a call that was stopped and has time left to wait.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "restart_syscall", simulated = "nothing was stopped")]
struct RestartSyscall;

export_plugin!(RestartSyscall);
