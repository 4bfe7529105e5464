//! poll(2): wait for events of several descriptors.

use sdk::declare::{Size, items_filled};
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "poll", simulated = "nothing is waited for")]
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

export_plugin!(Poll);
