//! pselect6(2): as select(2), with other signals held off meanwhile.

use sdk::prelude::*;
use sdk::readiness;

/// Of each set, the bits of the first 64 descriptors: what was asked for, and what came of it.
#[derive(Record)]
#[record(syscall = "pselect6", simulated = "nothing is waited for", networked, changes = nothing)]
struct Pselect6 {
    #[arg(0)]
    count: i32,
    #[before(1)]
    #[hex]
    read_set: Option<i64>,
    #[before(2)]
    #[hex]
    write_set: Option<i64>,
    #[before(3)]
    #[hex]
    exception_set: Option<i64>,
    #[after(1)]
    #[hex]
    ready_read_set: Option<i64>,
    #[after(2)]
    #[hex]
    ready_write_set: Option<i64>,
    #[after(3)]
    #[hex]
    ready_exception_set: Option<i64>,
    #[timespec(4)]
    timeout: Option<Tfrac>,
    #[before(5, via = 0)]
    #[hex]
    mask: Option<i64>,
}

impl<'t> Replay<'t> for Pselect6 {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let asked = [self.read_set, self.write_set];
        let came = [self.ready_read_set, self.ready_write_set];
        process.poll_again(readiness::of_sets(asked, came))
    }
}

export_plugin!(Pselect6);
