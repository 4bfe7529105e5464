//! getgroups(2): the supplementary groups of this process.

use sdk::declare::{Size, items_filled, ret};
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "getgroups",
    simulated = "the replayer runs as whoever started it",
    class = "creds"
)]
struct Getgroups<'t> {
    /// Room for so many; 0 asks for their number alone, and then nothing is filled in.
    #[arg(0)]
    count: i32,
    #[sized(1, ret(), GROUPS)]
    groups: Option<&'t [u8]>,
}

const GROUPS: &[Size] = &items_filled(4);

export_plugin!(Getgroups);
