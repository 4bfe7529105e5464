//! newfstatat(2), known as fstatat: what a file is, looked up from a directory.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "newfstatat", extent = "fstatat")]
struct Newfstatat<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[structure(2)]
    stat_result: group::Stat,
    #[arg(3)]
    flags_value: Option<i32>,
}

export_plugin!(Newfstatat);
