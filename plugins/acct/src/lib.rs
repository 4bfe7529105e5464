//! acct(2): have the kernel write of every process that ends into a file.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "acct", simulated = "the machine is left alone")]
struct Acct<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
}

export_plugin!(Acct);
