//! creat(2): create a file, or empty one that is there.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "creat", returns = descriptor, blocks)]
struct Creat<'t> {
    #[pathname(0)]
    #[makes]
    given_pathname: Option<Path<'t>>,
    #[arg(1)]
    #[bits(bits::MODE)]
    #[octal]
    mode_value: Option<i32>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Creat);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::{Stage, with_own_fs};
    use std::os::unix::fs::PermissionsExt;

    fn creat(path: &[u8]) -> Creat<'_> {
        Creat { given_pathname: Some(Path(path)), mode_value: Some(0o666), full_pathname: None }
    }

    #[test]
    fn creates_with_the_umask_in_force() {
        with_own_fs(|| {
            // SAFETY: the call takes no pointer.
            unsafe { libc::umask(0o027) };
            let mut stage = Stage::new();
            let path = stage.traced_path("new");
            stage.recorded(7, 0).replay(&creat(&path));
            assert!(stage.descriptor(7).is_some());
            let metadata = std::fs::metadata(stage.path("new")).unwrap();
            assert_eq!(metadata.permissions().mode() & 0o7777, 0o640);
        });
    }

    #[test]
    fn empties_a_file_that_is_there() {
        let mut stage = Stage::with_file(3, b"0123456789");
        let path = stage.traced_path("file");
        stage.recorded(7, 0).replay(&creat(&path));
        assert_eq!(std::fs::read(stage.path("file")).unwrap(), b"");
    }

    #[test]
    fn a_directory_fails_again() {
        let mut stage = Stage::new();
        let path = stage.traced_path(".");
        stage.recorded(-1, libc::EISDIR).replay(&creat(&path)).fails(libc::EISDIR);
    }
}
