//! close_range(2): close all descriptors from one to another, or mark them as close-on-exec.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record)]
#[record(syscall = "close_range", changes = nothing)]
struct CloseRange {
    #[arg(0)]
    first_descriptor: i64,
    #[arg(1)]
    last_descriptor: i64,
    #[arg(2)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const CLOEXEC: i32 = libc::CLOSE_RANGE_CLOEXEC as i32;

const FLAGS: &[Bit] = &[
    bit("", "CLOSE_RANGE_UNSHARE", libc::CLOSE_RANGE_UNSHARE as i64),
    bit("", "CLOSE_RANGE_CLOEXEC", libc::CLOSE_RANGE_CLOEXEC as i64),
];

/// Programs name the largest number there is to mean all descriptors; a process with more of them than
/// this isn't to be expected.
const MOST: u32 = 1 << 16;

impl<'t> Replay<'t> for CloseRange {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let flags = self.flags_value.unwrap_or(0);
        if !process.recorded().succeeded() || flags & !CLOEXEC != 0 {
            return Err(Skip::SIMULATED);
        }
        // The kernel looks at the low halves of the registers.
        for traced in self.first_descriptor as u32..=(self.last_descriptor as u32).min(MOST) {
            let traced = traced as i32;
            let (number, words) = if flags & CLOEXEC != 0 {
                let Ok(fd) = process.fd(Fd(traced)) else { continue };
                (libc::SYS_fcntl, [fd, libc::F_SETFD, libc::FD_CLOEXEC])
            } else {
                let Ok(fd) = process.release(ClosedFd(traced)) else { continue };
                (libc::SYS_close, [fd, 0, 0])
            };
            // SAFETY: neither call takes a pointer.
            let _ = unsafe { sys::numbers(number, words.map(i64::from)) };
        }
        Ok(Ok(0))
    }
}

export_plugin!(CloseRange);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    /// Descriptors 3 to 5 are open, 6 is simulated.
    fn stage() -> Stage {
        let mut stage = Stage::with_file(3, b"");
        stage.open(4, "file").open(5, "file").simulate(6);
        stage
    }

    #[test]
    fn closes_from_the_first_to_the_last() {
        let mut stage = stage();
        let record = CloseRange { first_descriptor: 4, last_descriptor: 5, flags_value: Some(0) };
        stage.replay(&record).returns(0);
        assert!(stage.descriptor(3).is_some() && stage.is_simulated(6));
        assert_eq!((stage.descriptor(4), stage.descriptor(5)), (None, None));
    }

    #[test]
    fn the_largest_number_means_all() {
        let mut stage = stage();
        let last_descriptor = u32::MAX.into();
        let record = CloseRange { first_descriptor: 4, last_descriptor, flags_value: Some(0) };
        stage.replay(&record).returns(0);
        assert!(stage.descriptor(3).is_some() && !stage.is_simulated(6));
    }

    #[test]
    fn marks_descriptors_as_close_on_exec() {
        let mut stage = stage();
        let fd = i64::from(stage.descriptor(4).expect("it is open"));
        // SAFETY: the call takes no pointer.
        unsafe { sys::numbers(libc::SYS_fcntl, [fd, libc::F_SETFD.into(), 0]) }
            .expect("it is open");
        let record =
            CloseRange { first_descriptor: 4, last_descriptor: 4, flags_value: Some(CLOEXEC) };
        stage.replay(&record).returns(0);
        // SAFETY: as above.
        let flags = unsafe { sys::numbers(libc::SYS_fcntl, [fd, libc::F_GETFD.into()]) };
        assert_eq!(flags, Ok(libc::FD_CLOEXEC.into()));
    }

    #[test]
    fn a_call_that_failed_closes_nothing() {
        let mut stage = stage();
        let record =
            CloseRange { first_descriptor: 3, last_descriptor: 5, flags_value: Some(0x100) };
        stage.recorded(-1, libc::EINVAL).replay(&record).is_not_made();
        assert!(stage.descriptor(4).is_some());
    }
}
