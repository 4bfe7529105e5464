//! fchmod(2): set an open file's permissions.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "fchmod", keeps_offset, changes = descriptors, privileged)]
struct Fchmod {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    #[bits(bits::MODE)]
    #[octal]
    mode_value: Option<i32>,
}

export_plugin!(Fchmod);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::os::unix::fs::PermissionsExt;

    const FCHMOD: Fchmod = Fchmod { descriptor: Fd(3), mode_value: Some(0o640) };

    #[test]
    fn sets_the_mode() {
        let mut stage = Stage::with_file(3, b"");
        stage.replay(&FCHMOD).returns(0);
        let metadata = std::fs::metadata(stage.path("file")).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o7777, 0o640);
    }

    #[test]
    fn a_descriptor_that_is_not_open_fails_again() {
        Stage::new().recorded(-1, libc::EBADF).replay(&FCHMOD).fails(libc::EBADF);
    }
}
