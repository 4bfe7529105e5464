//! sync_file_range(2): write a part of a file's data to disk.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record)]
#[record(syscall = "sync_file_range", keeps_offset, changes = nothing)]
struct SyncFileRange {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    offset: i64,
    #[arg(3)]
    #[bits(FLAGS)]
    flags: i32,
    #[arg(2)]
    #[added]
    bytes_requested: Option<i64>,
}

const FLAGS: &[Bit] = &[
    bit("", "SYNC_FILE_RANGE_WAIT_BEFORE", libc::SYNC_FILE_RANGE_WAIT_BEFORE as i64),
    bit("", "SYNC_FILE_RANGE_WRITE", libc::SYNC_FILE_RANGE_WRITE as i64),
    bit("", "SYNC_FILE_RANGE_WAIT_AFTER", libc::SYNC_FILE_RANGE_WAIT_AFTER as i64),
];

impl<'t> Replay<'t> for SyncFileRange {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let fd = process.fd(self.descriptor)?;
        // The original recorder kept the number of bytes as the offset (trace schema, §8, D8).
        let length = self.bytes_requested.ok_or(Skip::NOT_CAPTURED)?;
        let words = [fd.into(), self.offset, length, self.flags.into()];
        // SAFETY: the call takes numbers only.
        Ok(unsafe { sys::numbers(libc::SYS_sync_file_range, words) })
    }
}

export_plugin!(SyncFileRange);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const SYNC: SyncFileRange = SyncFileRange {
        descriptor: Fd(3),
        offset: 4,
        flags: libc::SYNC_FILE_RANGE_WRITE as i32,
        bytes_requested: Some(2),
    };

    #[test]
    fn a_file_can_be_synchronized_and_a_pipe_fails_again() {
        Stage::with_file(3, b"0123456789").replay(&SYNC).returns(0);
        let mut stage = Stage::with_pipe(4, 3);
        stage.recorded(-1, libc::ESPIPE).replay(&SYNC).fails(libc::ESPIPE);
    }

    #[test]
    fn an_impossible_length_fails_again_and_an_unknown_one_is_not_passed() {
        let mut stage = Stage::with_file(3, b"");
        let sync = |bytes_requested| SyncFileRange { bytes_requested, ..SYNC };
        stage.recorded(-1, libc::EINVAL).replay(&sync(Some(-1))).fails(libc::EINVAL);
        stage.recorded(0, 0).replay(&sync(None)).is_not_made();
    }
}
