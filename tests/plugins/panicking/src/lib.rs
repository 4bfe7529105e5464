//! Takes read(2)'s place, and breaks down whenever it is to make a call.

use sdk::prelude::*;

#[derive(Record)]
#[record(syscall = "read")]
struct Panicking {
    #[arg(0)]
    descriptor: Fd,
}

impl<'t> Replay<'t> for Panicking {
    fn replay(&self, _process: &mut Process<'t>) -> Replayed {
        panic!("descriptor {} is too much", self.descriptor.0);
    }
}

export_plugin!(Panicking);
