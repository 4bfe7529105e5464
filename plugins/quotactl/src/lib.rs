//! quotactl(2): limit how much of a file system a user, group or project may fill.

use sdk::abi::Bit;
use sdk::declare::value_of;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "quotactl", simulated = "the machine's quotas are left alone")]
struct Quotactl<'t> {
    #[arg(0)]
    #[bits(COMMANDS)]
    command_value: Option<i32>,
    #[pathname(1)]
    given_special: Option<Path<'t>>,
    #[arg(2)]
    id: i32,
    #[arg(3)]
    #[hex]
    address: i64,
}

/// The command stands above the byte that says whose quotas are meant.
const fn command(name: &'static str, number: i64) -> Bit {
    value_of("", name, 0xffff_ff00, number << 8)
}

const COMMANDS: &[Bit] = &[
    command("Q_SYNC", 0x80_0001),
    command("Q_QUOTAON", 0x80_0002),
    command("Q_QUOTAOFF", 0x80_0003),
    command("Q_GETFMT", 0x80_0004),
    command("Q_GETINFO", 0x80_0005),
    command("Q_SETINFO", 0x80_0006),
    command("Q_GETQUOTA", 0x80_0007),
    command("Q_SETQUOTA", 0x80_0008),
    command("Q_GETNEXTQUOTA", 0x80_0009),
    value_of("", "USRQUOTA", 0xff, 0),
    value_of("", "GRPQUOTA", 0xff, 1),
    value_of("", "PRJQUOTA", 0xff, 2),
];

export_plugin!(Quotactl);
