//! flock(2): lock or unlock an open file.

use sdk::abi::Bit;
use sdk::declare::{bit, value_of};
use sdk::prelude::*;

/// `operation` and `operation_value` hold the same.
#[derive(Record)]
#[record(syscall = "flock", blocks, keeps_offset, changes = nothing)]
struct Flock {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    #[bits(OPERATION)]
    operation: u8,
    #[arg(1)]
    #[bits(OPERATION)]
    operation_value: i32,
}

const OPERATION: &[Bit] = &[
    value_of("", "LOCK_SH", !(libc::LOCK_NB as i64), libc::LOCK_SH as i64),
    value_of("", "LOCK_EX", !(libc::LOCK_NB as i64), libc::LOCK_EX as i64),
    value_of("", "LOCK_UN", !(libc::LOCK_NB as i64), libc::LOCK_UN as i64),
    bit("", "LOCK_NB", libc::LOCK_NB as i64),
];

impl<'t> Replay<'t> for Flock {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        process.refuse_interrupted()?;
        let fd = process.fd(self.descriptor)?;
        let flock = |operation: i32| {
            // SAFETY: the call takes numbers only.
            unsafe { sys::numbers(libc::SYS_flock, [fd.into(), operation.into()]) }
        };
        let operation = i32::from(self.operation) | self.operation_value;
        Ok(process.lock_again(|| flock(operation), || flock(operation & !libc::LOCK_NB)))
    }
}

export_plugin!(Flock);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn flock(traced: i32, operation: i32) -> Flock {
        let descriptor = Fd(traced);
        Flock { descriptor, operation: operation as u8, operation_value: operation }
    }

    #[test]
    fn a_lock_that_is_taken_fails_again_and_can_be_had_when_it_is_given_up() {
        let mut stage = Stage::with_file(3, b"");
        stage.open(4, "file");
        let now = libc::LOCK_EX | libc::LOCK_NB;
        stage.replay(&flock(3, libc::LOCK_SH)).returns(0);
        stage.recorded(-1, libc::EAGAIN).replay(&flock(4, now)).fails(libc::EAGAIN);
        stage.recorded(0, 0).replay(&flock(3, libc::LOCK_UN)).returns(0);
        stage.replay(&flock(4, now)).returns(0);
    }

    #[test]
    fn an_operation_that_is_none_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        stage.recorded(-1, libc::EINVAL).replay(&flock(3, 0)).fails(libc::EINVAL);
    }

    #[test]
    fn a_lock_that_a_signal_kept_from_coming_is_not_made() {
        let mut stage = Stage::with_file(3, b"");
        stage.recorded(-1, libc::EINTR).replay(&flock(3, libc::LOCK_EX)).is_not_made();
    }
}
