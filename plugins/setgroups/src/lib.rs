//! setgroups(2): set the supplementary groups of this process.

use sdk::declare::{Size, items_passed};
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "setgroups",
    simulated = "the replayer runs as whoever started it",
    class = "creds"
)]
struct Setgroups<'t> {
    #[arg(0)]
    count: i32,
    /// The list, of up to 16 groups.
    #[sized(1, arg(0), GROUPS)]
    groups: Option<&'t [u8]>,
}

const GROUPS: &[Size] = &items_passed(4);

export_plugin!(Setgroups);
