//! fstatfs(2): what the file system of an open file is, and how full.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "fstatfs", looks, keeps_offset)]
struct Fstatfs {
    #[arg(0)]
    descriptor: Fd,
    #[structure(1)]
    statfs_result: group::Fstatfs,
}

export_plugin!(Fstatfs);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::group::Group;
    use sdk::testing::Stage;

    const FSTATFS: Fstatfs = Fstatfs { descriptor: Fd(3), statfs_result: group::Fstatfs };

    #[test]
    fn tells_of_the_file_system() {
        let mut stage = Stage::with_file(3, b"");
        let played = stage.replay(&FSTATFS).returns(0);
        assert_eq!(played.filled(0).map(<[u8]>::len), Some(group::Fstatfs::SIZE));
    }

    #[test]
    fn a_descriptor_that_is_not_open_fails_again() {
        Stage::new().recorded(-1, libc::EBADF).replay(&FSTATFS).fails(libc::EBADF);
    }
}
