//! ptrace(2): watch and control another process, as debuggers do.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "ptrace", simulated = "the replay has no processes to control")]
struct Ptrace {
    #[arg(0)]
    #[names(REQUESTS)]
    request: i32,
    #[arg(1)]
    pid: Task,
    #[arg(2)]
    #[hex]
    address: i64,
    #[arg(3)]
    #[hex]
    data: i64,
}

const REQUESTS: &[Bit] = &[
    constant("", "PTRACE_TRACEME", libc::PTRACE_TRACEME as i64),
    constant("", "PTRACE_PEEKTEXT", libc::PTRACE_PEEKTEXT as i64),
    constant("", "PTRACE_PEEKDATA", libc::PTRACE_PEEKDATA as i64),
    constant("", "PTRACE_POKETEXT", libc::PTRACE_POKETEXT as i64),
    constant("", "PTRACE_POKEDATA", libc::PTRACE_POKEDATA as i64),
    constant("", "PTRACE_CONT", libc::PTRACE_CONT as i64),
    constant("", "PTRACE_KILL", libc::PTRACE_KILL as i64),
    constant("", "PTRACE_ATTACH", libc::PTRACE_ATTACH as i64),
    constant("", "PTRACE_DETACH", libc::PTRACE_DETACH as i64),
    constant("", "PTRACE_SYSCALL", libc::PTRACE_SYSCALL as i64),
    constant("", "PTRACE_SEIZE", libc::PTRACE_SEIZE as i64),
];

export_plugin!(Ptrace);
