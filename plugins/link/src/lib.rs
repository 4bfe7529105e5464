//! link(2): give a file one more name.

use sdk::prelude::*;

/// The existing path is the only one of the schema that is never null: an unreadable one is empty.
#[derive(Record, Replay)]
#[record(syscall = "link")]
struct Link<'t> {
    #[pathname(0)]
    given_oldpathname: Path<'t>,
    #[pathname(1)]
    #[makes]
    given_newpathname: Option<Path<'t>>,
    #[unset]
    full_oldpathname: Option<Path<'t>>,
    #[unset]
    full_newpathname: Option<Path<'t>>,
}

export_plugin!(Link);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::os::unix::fs::{MetadataExt, symlink};

    fn link<'t>(old: &'t [u8], new: &'t [u8]) -> Link<'t> {
        Link {
            given_oldpathname: Path(old),
            given_newpathname: Some(Path(new)),
            full_oldpathname: None,
            full_newpathname: None,
        }
    }

    #[test]
    fn the_file_has_one_more_name() {
        let mut stage = Stage::with_file(3, b"");
        let (old, new) = (stage.traced_path("file"), stage.traced_path("new"));
        stage.replay(&link(&old, &new)).returns(0);
        assert_eq!(std::fs::metadata(stage.path("new")).unwrap().nlink(), 2);
    }

    #[test]
    fn a_symbolic_link_is_not_followed() {
        let mut stage = Stage::new();
        symlink("nowhere", stage.path("dangling")).unwrap();
        let (old, new) = (stage.traced_path("dangling"), stage.traced_path("new"));
        stage.replay(&link(&old, &new)).returns(0);
        assert!(stage.path("new").is_symlink());
    }

    #[test]
    fn a_name_that_is_taken_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        let path = stage.traced_path("file");
        stage.recorded(-1, libc::EEXIST).replay(&link(&path, &path)).fails(libc::EEXIST);
    }

    #[test]
    fn a_path_that_could_not_be_read_is_not_passed() {
        let mut stage = Stage::new();
        let new = stage.traced_path("new");
        stage.recorded(-1, libc::EFAULT).replay(&link(b"", &new)).is_not_made();
    }
}
