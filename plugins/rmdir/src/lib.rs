//! rmdir(2): remove an empty directory.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "rmdir")]
struct Rmdir<'t> {
    #[pathname(0)]
    #[removes]
    given_pathname: Option<Path<'t>>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Rmdir);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn rmdir(path: &[u8]) -> Rmdir<'_> {
        Rmdir { given_pathname: Some(Path(path)), full_pathname: None }
    }

    #[test]
    fn removes_an_empty_directory() {
        let mut stage = Stage::new();
        std::fs::create_dir(stage.path("empty")).unwrap();
        let path = stage.traced_path("empty");
        stage.replay(&rmdir(&path)).returns(0);
        assert!(!stage.path("empty").exists());
    }

    #[test]
    fn one_that_is_not_empty_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        let path = stage.traced_path("");
        stage.recorded(-1, libc::ENOTEMPTY).replay(&rmdir(&path)).fails(libc::ENOTEMPTY);
        assert!(stage.path("file").exists());
    }
}
