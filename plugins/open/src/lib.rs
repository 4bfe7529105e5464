//! open(2): open, and possibly create, a file.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "open", returns = descriptor, blocks, reopens = open_value, looks_when = arg(1).has(bits::MAKES, 0))]
struct Open<'t> {
    #[pathname(0)]
    #[makes]
    given_pathname: Option<Path<'t>>,
    #[arg(1)]
    #[bits(bits::OPEN)]
    open_value: Option<i32>,
    #[arg(2)]
    #[when(arg(1).any(bits::CREATES))]
    #[bits(bits::MODE)]
    #[octal]
    mode_value: Option<i32>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Open);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::{Stage, with_own_fs};
    use std::os::unix::fs::PermissionsExt;

    fn open(path: &[u8], flags: i32) -> Open<'_> {
        Open {
            given_pathname: Some(Path(path)),
            open_value: Some(flags),
            mode_value: (flags & libc::O_CREAT != 0).then_some(0o666),
            full_pathname: None,
        }
    }

    #[test]
    fn stands_for_the_recorded_descriptor() {
        let mut stage = Stage::with_file(3, b"0123456789");
        let path = stage.traced_path("file");
        stage.recorded(7, 0).replay(&open(&path, libc::O_RDWR | libc::O_APPEND));
        assert!(stage.descriptor(7).is_some());
    }

    #[test]
    fn creates_with_the_umask_in_force() {
        with_own_fs(|| {
            // SAFETY: the call takes no pointer.
            unsafe { libc::umask(0o027) };
            let mut stage = Stage::new();
            let path = stage.traced_path("new");
            stage.recorded(7, 0).replay(&open(&path, libc::O_CREAT | libc::O_WRONLY));
            let metadata = std::fs::metadata(stage.path("new")).unwrap();
            assert_eq!(metadata.permissions().mode() & 0o7777, 0o640);
        });
    }

    #[test]
    fn a_missing_file_fails_again() {
        let mut stage = Stage::new();
        let path = stage.traced_path("missing");
        stage.recorded(-1, libc::ENOENT).replay(&open(&path, 0)).fails(libc::ENOENT);
    }

    #[test]
    fn a_descriptor_that_the_replay_did_not_get_is_simulated() {
        let mut stage = Stage::new();
        let path = stage.traced_path("missing");
        stage.recorded(7, 0).replay(&open(&path, 0)).fails(libc::ENOENT);
        assert!(stage.is_simulated(7));
    }

    #[test]
    fn what_a_signal_ended_is_not_made() {
        let mut stage = Stage::new();
        let path = stage.traced_path("fifo");
        stage.recorded(-1, libc::EINTR).replay(&open(&path, 0)).is_not_made();
    }
}
