//! mkdir(2): make a directory.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "mkdir")]
struct Mkdir<'t> {
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

export_plugin!(Mkdir);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::{Stage, with_own_fs};
    use std::os::unix::fs::PermissionsExt;

    fn mkdir(path: &[u8]) -> Mkdir<'_> {
        Mkdir { given_pathname: Some(Path(path)), mode_value: Some(0o1777), full_pathname: None }
    }

    #[test]
    fn makes_a_directory_with_the_umask_in_force() {
        with_own_fs(|| {
            // SAFETY: the call takes no pointer.
            unsafe { libc::umask(0o027) };
            let mut stage = Stage::new();
            let path = stage.traced_path("new");
            stage.replay(&mkdir(&path)).returns(0);
            let metadata = std::fs::metadata(stage.path("new")).unwrap();
            assert!(metadata.is_dir());
            assert_eq!(metadata.permissions().mode() & 0o7777, 0o1750);
        });
    }

    #[test]
    fn one_that_is_there_fails_again() {
        let mut stage = Stage::new();
        let path = stage.traced_path(".");
        stage.recorded(-1, libc::EEXIST).replay(&mkdir(&path)).fails(libc::EEXIST);
    }
}
