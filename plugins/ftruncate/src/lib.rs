//! ftruncate(2): set an open file's length.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "ftruncate", keeps_offset, changes = descriptors)]
struct Ftruncate {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    truncate_length: i64,
}

export_plugin!(Ftruncate);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const FTRUNCATE: Ftruncate = Ftruncate { descriptor: Fd(3), truncate_length: 4 };

    #[test]
    fn cuts_off_the_end_and_leaves_the_file_offset_alone() {
        let mut stage = Stage::with_file(3, b"0123456789");
        stage.replay(&FTRUNCATE).returns(0);
        assert_eq!(std::fs::read(stage.path("file")).unwrap(), b"0123");
        assert_eq!(stage.offset(3), 0);
    }

    #[test]
    fn a_pipe_fails_again() {
        let mut stage = Stage::with_pipe(4, 3);
        stage.recorded(-1, libc::EINVAL).replay(&FTRUNCATE).fails(libc::EINVAL);
    }

    #[test]
    fn a_simulated_descriptor_has_no_length() {
        Stage::new().simulate(3).replay(&FTRUNCATE).is_not_made();
    }
}
