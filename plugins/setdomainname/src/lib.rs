//! setdomainname(2): set the name of the host's NIS domain.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "setdomainname", simulated = "the machine is left alone")]
struct Setdomainname<'t> {
    #[input(0, length = 1, whole)]
    domain_name: Option<&'t [u8]>,
    #[arg(1)]
    length: i32,
}

export_plugin!(Setdomainname);
