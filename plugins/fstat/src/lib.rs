//! fstat(2): what an open file is.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "fstat", looks, keeps_offset)]
struct Fstat {
    #[arg(0)]
    descriptor: Fd,
    #[structure(1)]
    stat_result: group::Stat,
}

export_plugin!(Fstat);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::mem::offset_of;

    const FSTAT: Fstat = Fstat { descriptor: Fd(3), stat_result: group::Stat };

    #[test]
    fn tells_what_the_file_is() {
        let mut stage = Stage::with_file(3, b"0123456789");
        let played = stage.replay(&FSTAT).returns(0);
        let filled = played.filled(0).expect("there is something to compare");
        let size = &filled[offset_of!(libc::stat, st_size)..][..8];
        assert_eq!(size, 10u64.to_ne_bytes());
    }

    #[test]
    fn a_descriptor_that_is_not_open_fails_again() {
        Stage::new().recorded(-1, libc::EBADF).replay(&FSTAT).fails(libc::EBADF);
    }

    #[test]
    fn of_a_simulated_descriptor_nothing_is_asked() {
        Stage::new().simulate(3).replay(&FSTAT).is_not_made();
    }
}
