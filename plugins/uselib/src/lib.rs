//! uselib(2): map a library; a call of long ago.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "uselib", simulated = "no memory is mapped")]
struct Uselib<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
}

export_plugin!(Uselib);
