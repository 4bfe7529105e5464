//! userfaultfd(2): have page faults of this process told through a descriptor.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "userfaultfd",
    returns = descriptor,
    simulated = "no memory is mapped",
    class = "memory"
)]
struct Userfaultfd {
    #[arg(0)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "O_CLOEXEC", libc::O_CLOEXEC as i64),
    bit("", "O_NONBLOCK", libc::O_NONBLOCK as i64),
    bit("", "UFFD_USER_MODE_ONLY", 1),
];

export_plugin!(Userfaultfd);
