//! close(2): close a file descriptor.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "close", looks)]
struct Close {
    #[arg(0)]
    descriptor: ClosedFd,
}

export_plugin!(Close);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const CLOSE: Close = Close { descriptor: ClosedFd(3) };

    #[test]
    fn the_number_means_nothing_any_more() {
        let mut stage = Stage::with_file(3, b"");
        let fd = stage.descriptor(3).expect("the file is open");
        let link = format!("/proc/self/fd/{fd}");
        let target = stage.path("file");
        stage.replay(&CLOSE).returns(0);
        assert_eq!(stage.descriptor(3), None);
        // Another test may have the real number by now.
        assert!(std::fs::read_link(link).map_or(true, |other| other != target));
        stage.recorded(-1, libc::EBADF).replay(&CLOSE).fails(libc::EBADF);
    }

    #[test]
    fn a_simulated_descriptor_is_forgotten() {
        let mut stage = Stage::new();
        stage.simulate(3);
        stage.replay(&CLOSE).is_not_made();
        assert!(!stage.is_simulated(3));
    }
}
