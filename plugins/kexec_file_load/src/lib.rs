//! kexec_file_load(2): load another kernel, from a file.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "kexec_file_load", simulated = "the machine is left alone")]
struct KexecFileLoad<'t> {
    #[arg(0)]
    kernel_descriptor: Fd,
    #[arg(1)]
    initrd_descriptor: Fd,
    #[arg(2)]
    command_line_length: i64,
    #[string(3)]
    command_line: Option<&'t [u8]>,
    #[arg(4)]
    #[hex]
    flags_value: Option<i64>,
}

export_plugin!(KexecFileLoad);
