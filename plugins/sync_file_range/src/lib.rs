//! sync_file_range(2): write a part of a file's data to disk.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

/// The schema has no column for how many bytes; a replay takes all to the end of the file. In traces of the
/// original recorder `offset` is that number, and the offset isn't known.
#[derive(Record)]
#[record(syscall = "sync_file_range")]
struct SyncFileRange {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    offset: i64,
    #[arg(3)]
    #[bits(FLAGS)]
    flags: i32,
}

const FLAGS: &[Bit] = &[
    bit("", "SYNC_FILE_RANGE_WAIT_BEFORE", libc::SYNC_FILE_RANGE_WAIT_BEFORE as i64),
    bit("", "SYNC_FILE_RANGE_WRITE", libc::SYNC_FILE_RANGE_WRITE as i64),
    bit("", "SYNC_FILE_RANGE_WAIT_AFTER", libc::SYNC_FILE_RANGE_WAIT_AFTER as i64),
];

/// A length that stands for the rest of the file.
const TO_THE_END: i64 = 0;

impl<'t> Replay<'t> for SyncFileRange {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let fd = process.fd(self.descriptor)?;
        if process.recorded().errno == libc::EINVAL {
            // The length may have been what was wrong.
            return Err(Skip::NOT_CAPTURED);
        }
        let words = [fd.into(), self.offset, TO_THE_END, self.flags.into()];
        // SAFETY: the call takes numbers only.
        Ok(unsafe { sys::numbers(libc::SYS_sync_file_range, words) })
    }
}

export_plugin!(SyncFileRange);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const SYNC: SyncFileRange =
        SyncFileRange { descriptor: Fd(3), offset: 4, flags: libc::SYNC_FILE_RANGE_WRITE as i32 };

    #[test]
    fn a_file_can_be_synchronized_and_a_pipe_fails_again() {
        Stage::with_file(3, b"0123456789").replay(&SYNC).returns(0);
        let mut stage = Stage::with_pipe(4, 3);
        stage.recorded(-1, libc::ESPIPE).replay(&SYNC).fails(libc::ESPIPE);
    }

    #[test]
    fn what_may_have_failed_for_its_length_is_not_made() {
        let mut stage = Stage::with_file(3, b"");
        stage.recorded(-1, libc::EINVAL).replay(&SYNC).is_not_made();
    }
}
