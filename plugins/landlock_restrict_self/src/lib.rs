//! landlock_restrict_self(2): restrict this thread by a set of rules, for good.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "landlock_restrict_self", simulated = "it would restrict the replayer")]
struct LandlockRestrictSelf {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    #[hex]
    flags_value: Option<i32>,
}

export_plugin!(LandlockRestrictSelf);
