//! chdir(2): change the working directory.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "chdir", looks, changes_fs)]
struct Chdir<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Chdir);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::{Stage, with_own_fs};

    fn chdir(path: &[u8]) -> Chdir<'_> {
        Chdir { given_pathname: Some(Path(path)), full_pathname: None }
    }

    #[test]
    fn relative_paths_are_looked_up_from_there() {
        with_own_fs(|| {
            let mut stage = Stage::with_file(3, b"0123456789");
            let path = stage.traced_path(".");
            stage.replay(&chdir(&path)).returns(0);
            assert_eq!(std::fs::read("file").unwrap(), b"0123456789");
        });
    }

    #[test]
    fn what_is_no_directory_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        let path = stage.traced_path("file");
        stage.recorded(-1, libc::ENOTDIR).replay(&chdir(&path)).fails(libc::ENOTDIR);
    }
}
