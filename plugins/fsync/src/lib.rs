//! fsync(2): write a file's data and metadata to disk.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "fsync", keeps_offset, changes = nothing)]
struct Fsync {
    #[arg(0)]
    descriptor: Fd,
}

export_plugin!(Fsync);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn a_file_can_be_synchronized_and_a_pipe_fails_again() {
        let fsync = Fsync { descriptor: Fd(3) };
        Stage::with_file(3, b"0123456789").replay(&fsync).returns(0);
        let mut stage = Stage::with_pipe(4, 3);
        stage.recorded(-1, libc::EINVAL).replay(&fsync).fails(libc::EINVAL);
    }
}
