//! unlink(2): remove a name, and the file if it was the last.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "unlink")]
struct Unlink<'t> {
    #[pathname(0)]
    #[removes]
    given_pathname: Option<Path<'t>>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Unlink);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::os::unix::fs::symlink;

    fn unlink(path: &[u8]) -> Unlink<'_> {
        Unlink { given_pathname: Some(Path(path)), full_pathname: None }
    }

    #[test]
    fn removes_a_link_and_not_what_it_leads_to() {
        let mut stage = Stage::with_file(3, b"");
        symlink("file", stage.path("link")).unwrap();
        let path = stage.traced_path("link");
        stage.replay(&unlink(&path)).returns(0);
        assert!(!stage.path("link").exists());
        assert!(stage.path("file").exists());
    }

    #[test]
    fn a_directory_or_a_missing_file_fails_again() {
        let mut stage = Stage::new();
        std::fs::create_dir(stage.path("directory")).unwrap();
        let path = stage.traced_path("directory");
        stage.recorded(-1, libc::EISDIR).replay(&unlink(&path)).fails(libc::EISDIR);
        let path = stage.traced_path("missing");
        stage.recorded(-1, libc::ENOENT).replay(&unlink(&path)).fails(libc::ENOENT);
    }

    #[test]
    fn a_path_that_does_not_end_is_not_passed() {
        let mut stage = Stage::with_file(3, b"");
        let mut path = stage.traced_path("file");
        path.pop();
        stage.replay(&unlink(&path)).is_not_made();
        stage.replay(&unlink(b"")).is_not_made();
        assert!(stage.path("file").exists());
    }
}
