//! chown(2): set a file's owner and group.

use sdk::prelude::*;

/// −1 leaves owner or group as it is. In traces of the original recorder some of these are lchown(2).
#[derive(Record, Replay)]
#[record(syscall = "chown", privileged)]
struct Chown<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[arg(1)]
    new_owner: i32,
    #[arg(2)]
    new_group: i32,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Chown);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::os::unix::fs::{MetadataExt, symlink};

    fn chown(path: &[u8], owner: i32, group: i32) -> Chown<'_> {
        let given_pathname = Some(Path(path));
        Chown { given_pathname, new_owner: owner, new_group: group, full_pathname: None }
    }

    #[test]
    fn a_file_can_be_given_to_its_owner() {
        let mut stage = Stage::with_file(3, b"");
        let before = std::fs::metadata(stage.path("file")).unwrap();
        let path = stage.traced_path("file");
        stage.replay(&chown(&path, before.uid() as i32, before.gid() as i32)).returns(0);
        stage.replay(&chown(&path, -1, -1)).returns(0);
        let after = std::fs::metadata(stage.path("file")).unwrap();
        assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
    }

    #[test]
    fn follows_a_link_to_nowhere_and_fails_again() {
        let mut stage = Stage::new();
        symlink("nowhere", stage.path("dangling")).unwrap();
        let path = stage.traced_path("dangling");
        let nowhere = chown(&path, -1, -1);
        stage.recorded(-1, libc::ENOENT).replay(&nowhere).fails(libc::ENOENT);
    }
}
