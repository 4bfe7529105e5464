//! symlink(2): make a symbolic link.

use sdk::prelude::*;

/// The target is text: the kernel doesn't look it up, so a replay passes it as it is.
#[derive(Record, Replay)]
#[record(syscall = "symlink")]
struct Symlink<'t> {
    #[string(0)]
    #[target]
    target_pathname: Option<&'t [u8]>,
    #[pathname(1)]
    #[makes]
    given_pathname: Option<Path<'t>>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Symlink);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn symlink<'t>(target: &'t [u8], path: &'t [u8]) -> Symlink<'t> {
        let (target_pathname, given_pathname) = (Some(target), Some(Path(path)));
        Symlink { target_pathname, given_pathname, full_pathname: None }
    }

    #[test]
    fn holds_the_target_as_it_was_given() {
        let mut stage = Stage::new();
        let path = stage.traced_path("link");
        stage.replay(&symlink(b"/no/where/\0", &path)).returns(0);
        let target = std::fs::read_link(stage.path("link")).unwrap();
        assert_eq!(target.as_os_str(), "/no/where/");
    }

    #[test]
    fn an_empty_target_or_a_name_that_is_taken_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        let path = stage.traced_path("new");
        let empty = symlink(b"\0", &path);
        stage.recorded(-1, libc::ENOENT).replay(&empty).fails(libc::ENOENT);
        let path = stage.traced_path("file");
        let taken = symlink(b"target\0", &path);
        stage.recorded(-1, libc::EEXIST).replay(&taken).fails(libc::EEXIST);
    }
}
