//! ppoll(2): as poll(2), with other signals held off meanwhile.

use sdk::declare::{Size, items_filled};
use sdk::prelude::*;
use sdk::readiness;

#[derive(Record)]
#[record(syscall = "ppoll", simulated = "nothing is waited for", networked, changes = nothing)]
struct Ppoll<'t> {
    /// The array as the kernel left it, of up to 16 descriptors.
    #[sized(0, arg(1), DESCRIPTORS)]
    poll_descriptors: Option<&'t [u8]>,
    #[arg(1)]
    count: i32,
    #[timespec(2)]
    timeout: Option<Tfrac>,
    #[before(3)]
    #[hex]
    mask: Option<i64>,
    #[arg(4)]
    mask_size: i64,
}

const DESCRIPTORS: &[Size] = &items_filled(size_of::<libc::pollfd>() as u32);

impl<'t> Replay<'t> for Ppoll<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let array = self.poll_descriptors.ok_or(Skip::NOT_CAPTURED)?;
        process.poll_again(readiness::of_array(array))
    }
}

export_plugin!(Ppoll);
