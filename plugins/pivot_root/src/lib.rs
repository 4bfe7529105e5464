//! pivot_root(2): make another mount the root, and put the old one beneath it.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "pivot_root", simulated = "the machine's mounts are left alone")]
struct PivotRoot<'t> {
    #[pathname(0)]
    given_new_root: Option<Path<'t>>,
    #[pathname(1)]
    given_put_old: Option<Path<'t>>,
}

export_plugin!(PivotRoot);
