//! syncfs(2): write the data of an open file's file system to disk.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "syncfs", keeps_offset, changes = nothing)]
struct Syncfs {
    #[arg(0)]
    descriptor: Fd,
}

export_plugin!(Syncfs);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn is_made_for_a_file_and_fails_again_without_one() {
        let syncfs = Syncfs { descriptor: Fd(3) };
        Stage::with_file(3, b"").replay(&syncfs).returns(0);
        Stage::new().recorded(-1, libc::EBADF).replay(&syncfs).fails(libc::EBADF);
    }
}
