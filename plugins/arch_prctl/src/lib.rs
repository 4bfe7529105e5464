//! arch_prctl(2): set or tell what is particular to x86-64 in this thread, such as its FS register.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "arch_prctl",
    simulated = "the replayer's threads have registers of their own",
    class = "process"
)]
struct ArchPrctl {
    #[arg(0)]
    #[names(CODES)]
    code: i32,
    #[arg(1)]
    #[hex]
    address: i64,
}

const CODES: &[Bit] = &[
    constant("", "ARCH_SET_GS", 0x1001),
    constant("", "ARCH_SET_FS", 0x1002),
    constant("", "ARCH_GET_FS", 0x1003),
    constant("", "ARCH_GET_GS", 0x1004),
    constant("", "ARCH_GET_CPUID", 0x1011),
    constant("", "ARCH_SET_CPUID", 0x1012),
    constant("", "ARCH_SHSTK_ENABLE", 0x5001),
    constant("", "ARCH_SHSTK_DISABLE", 0x5002),
    constant("", "ARCH_SHSTK_LOCK", 0x5003),
    constant("", "ARCH_SHSTK_STATUS", 0x5005),
];

export_plugin!(ArchPrctl);
