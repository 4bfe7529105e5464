//! chmod(2): set a file's permissions.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "chmod", privileged)]
struct Chmod<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[arg(1)]
    #[bits(bits::MODE)]
    #[octal]
    mode_value: Option<i32>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Chmod);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::{Stage, with_own_fs};
    use std::os::unix::fs::PermissionsExt;

    fn chmod(path: &[u8], mode: i32) -> Chmod<'_> {
        Chmod { given_pathname: Some(Path(path)), mode_value: Some(mode), full_pathname: None }
    }

    #[test]
    fn sets_the_mode_whatever_the_umask() {
        with_own_fs(|| {
            // SAFETY: the call takes no pointer.
            unsafe { libc::umask(0o077) };
            let mut stage = Stage::with_file(3, b"");
            let path = stage.traced_path("file");
            stage.replay(&chmod(&path, 0o1664)).returns(0);
            let metadata = std::fs::metadata(stage.path("file")).unwrap();
            assert_eq!(metadata.permissions().mode() & 0o7777, 0o1664);
        });
    }

    #[test]
    fn a_missing_file_fails_again() {
        let mut stage = Stage::new();
        let path = stage.traced_path("missing");
        let missing = chmod(&path, 0o600);
        stage.recorded(-1, libc::ENOENT).replay(&missing).fails(libc::ENOENT);
    }
}
