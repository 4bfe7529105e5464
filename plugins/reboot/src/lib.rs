//! reboot(2): restart or stop the machine, or have keys do so.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "reboot", simulated = "the machine is left alone")]
struct Reboot<'t> {
    #[arg(0)]
    #[hex]
    magic: i32,
    #[arg(1)]
    #[hex]
    magic_2: i32,
    #[arg(2)]
    #[names(COMMANDS)]
    command: i32,
    #[string(3)]
    #[when(arg(2).is(libc::LINUX_REBOOT_CMD_RESTART2))]
    argument: Option<&'t [u8]>,
}

const COMMANDS: &[Bit] = &[
    constant("", "LINUX_REBOOT_CMD_RESTART", libc::LINUX_REBOOT_CMD_RESTART as i64),
    constant("", "LINUX_REBOOT_CMD_HALT", libc::LINUX_REBOOT_CMD_HALT as i64),
    constant("", "LINUX_REBOOT_CMD_CAD_ON", libc::LINUX_REBOOT_CMD_CAD_ON as i64),
    constant("", "LINUX_REBOOT_CMD_CAD_OFF", libc::LINUX_REBOOT_CMD_CAD_OFF as i64),
    constant("", "LINUX_REBOOT_CMD_POWER_OFF", libc::LINUX_REBOOT_CMD_POWER_OFF as i64),
    constant("", "LINUX_REBOOT_CMD_RESTART2", libc::LINUX_REBOOT_CMD_RESTART2 as i64),
    constant("", "LINUX_REBOOT_CMD_SW_SUSPEND", libc::LINUX_REBOOT_CMD_SW_SUSPEND as i64),
    constant("", "LINUX_REBOOT_CMD_KEXEC", libc::LINUX_REBOOT_CMD_KEXEC as i64),
];

export_plugin!(Reboot);
