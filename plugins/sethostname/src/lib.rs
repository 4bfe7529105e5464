//! sethostname(2): set the host's name.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "sethostname", simulated = "the machine is left alone")]
struct Sethostname<'t> {
    #[input(0, length = 1, whole)]
    host_name: Option<&'t [u8]>,
    #[arg(1)]
    length: i32,
}

export_plugin!(Sethostname);
