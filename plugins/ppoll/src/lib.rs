//! ppoll(2): as poll(2), with other signals held off meanwhile.

use sdk::declare::{Size, items_filled};
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "ppoll", simulated = "nothing is waited for")]
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

export_plugin!(Ppoll);
