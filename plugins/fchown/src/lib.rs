//! fchown(2): set an open file's owner and group.

use sdk::prelude::*;

/// −1 leaves owner or group as it is.
#[derive(Record, Replay)]
#[record(syscall = "fchown", keeps_offset, changes = descriptors, privileged)]
struct Fchown {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    new_owner: i32,
    #[arg(2)]
    new_group: i32,
}

export_plugin!(Fchown);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::os::unix::fs::MetadataExt;

    const FCHOWN: Fchown = Fchown { descriptor: Fd(3), new_owner: -1, new_group: -1 };

    #[test]
    fn a_file_can_be_given_to_its_owner() {
        let mut stage = Stage::with_file(3, b"");
        let before = std::fs::metadata(stage.path("file")).unwrap();
        stage.replay(&Fchown { new_owner: before.uid() as i32, ..FCHOWN }).returns(0);
        let after = std::fs::metadata(stage.path("file")).unwrap();
        assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
    }

    #[test]
    fn a_descriptor_that_is_not_open_fails_again() {
        Stage::new().recorded(-1, libc::EBADF).replay(&FCHOWN).fails(libc::EBADF);
    }
}
