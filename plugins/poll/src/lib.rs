//! poll(2): wait for events of several descriptors.

use sdk::declare::{Size, items_filled};
use sdk::prelude::*;
use sdk::readiness;

#[derive(Record)]
#[record(syscall = "poll", simulated = "nothing is waited for", networked, changes = nothing)]
struct Poll<'t> {
    /// The array as the kernel left it, of up to 16 descriptors.
    #[sized(0, arg(1), DESCRIPTORS)]
    poll_descriptors: Option<&'t [u8]>,
    #[arg(1)]
    count: i32,
    /// In milliseconds; a negative one never ends.
    #[arg(2)]
    timeout: i32,
}

const DESCRIPTORS: &[Size] = &items_filled(size_of::<libc::pollfd>() as u32);

impl<'t> Replay<'t> for Poll<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let array = self.poll_descriptors.ok_or(Skip::NOT_CAPTURED)?;
        process.poll_again(readiness::of_array(array))
    }
}

export_plugin!(Poll);
