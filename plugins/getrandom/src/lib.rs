//! getrandom(2): bytes that nobody can guess.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "getrandom", changes = nothing)]
struct Getrandom<'t> {
    /// Others come each time.
    #[output(0, length = 1)]
    #[not_compared]
    data_read: Option<&'t [u8]>,
    #[arg(1)]
    bytes_requested: i64,
    #[arg(2)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "GRND_NONBLOCK", libc::GRND_NONBLOCK as i64),
    bit("", "GRND_RANDOM", libc::GRND_RANDOM as i64),
    bit("", "GRND_INSECURE", libc::GRND_INSECURE as i64),
];

export_plugin!(Getrandom);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn getrandom(bytes_requested: i64, flags: i32) -> Getrandom<'static> {
        Getrandom { data_read: None, bytes_requested, flags_value: Some(flags) }
    }

    #[test]
    fn as_many_bytes_come() {
        Stage::new().recorded(16, 0).replay(&getrandom(16, 0)).returns(16);
    }

    #[test]
    fn failures_come_again() {
        let mut stage = Stage::new();
        stage.recorded(-1, libc::EINVAL).replay(&getrandom(16, 0x100)).fails(libc::EINVAL);
        stage.recorded(-1, libc::EFAULT).replay(&getrandom(16, 0)).fails(libc::EFAULT);
    }
}
