//! fdatasync(2): write a file's data to disk, and what of its metadata is needed to read it.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "fdatasync", keeps_offset, changes = nothing)]
struct Fdatasync {
    #[arg(0)]
    descriptor: Fd,
}

export_plugin!(Fdatasync);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn a_file_can_be_synchronized_and_one_that_is_not_open_fails_again() {
        let fdatasync = Fdatasync { descriptor: Fd(3) };
        Stage::with_file(3, b"0123456789").replay(&fdatasync).returns(0);
        Stage::new().recorded(-1, libc::EBADF).replay(&fdatasync).fails(libc::EBADF);
    }
}
