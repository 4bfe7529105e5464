//! fallocate(2): allocate, free or move a part of a file.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "fallocate", keeps_offset, changes = descriptors)]
struct Fallocate {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    #[bits(MODE)]
    mode_value: i32,
    #[arg(2)]
    allocate_offset: i64,
    #[arg(3)]
    allocate_len: i64,
}

const MODE: &[Bit] = &[
    bit("", "FALLOC_FL_KEEP_SIZE", libc::FALLOC_FL_KEEP_SIZE as i64),
    bit("", "FALLOC_FL_PUNCH_HOLE", libc::FALLOC_FL_PUNCH_HOLE as i64),
    bit("", "FALLOC_FL_COLLAPSE_RANGE", libc::FALLOC_FL_COLLAPSE_RANGE as i64),
    bit("", "FALLOC_FL_ZERO_RANGE", libc::FALLOC_FL_ZERO_RANGE as i64),
    bit("", "FALLOC_FL_INSERT_RANGE", libc::FALLOC_FL_INSERT_RANGE as i64),
    bit("", "FALLOC_FL_UNSHARE_RANGE", libc::FALLOC_FL_UNSHARE_RANGE as i64),
];

export_plugin!(Fallocate);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const FALLOCATE: Fallocate =
        Fallocate { descriptor: Fd(3), mode_value: 0, allocate_offset: 2, allocate_len: 10 };

    #[test]
    fn makes_the_file_longer_unless_told_not_to() {
        let mut stage = Stage::with_file(3, b"0123");
        let keep = Fallocate { mode_value: libc::FALLOC_FL_KEEP_SIZE, ..FALLOCATE };
        stage.replay(&keep).returns(0);
        assert_eq!(std::fs::metadata(stage.path("file")).unwrap().len(), 4);
        stage.replay(&FALLOCATE).returns(0);
        assert_eq!(std::fs::read(stage.path("file")).unwrap(), b"0123\0\0\0\0\0\0\0\0");
    }

    #[test]
    fn punches_a_hole() {
        let mut stage = Stage::with_file(3, b"0123");
        let mode_value = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
        stage.replay(&Fallocate { mode_value, allocate_len: 1, ..FALLOCATE }).returns(0);
        assert_eq!(std::fs::read(stage.path("file")).unwrap(), b"01\x003");
    }

    #[test]
    fn no_length_at_all_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        let nothing = Fallocate { allocate_len: 0, ..FALLOCATE };
        stage.recorded(-1, libc::EINVAL).replay(&nothing).fails(libc::EINVAL);
    }
}
