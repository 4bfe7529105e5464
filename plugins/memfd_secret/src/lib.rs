//! memfd_secret(2): make memory that not even the kernel sees, as a file to be mapped.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "memfd_secret",
    returns = descriptor,
    simulated = "no memory is mapped",
    class = "memory"
)]
struct MemfdSecret {
    #[arg(0)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[bit("", "O_CLOEXEC", libc::O_CLOEXEC as i64)];

export_plugin!(MemfdSecret);
