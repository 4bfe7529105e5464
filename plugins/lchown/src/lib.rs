//! lchown(2): set owner and group of a file; of a symbolic link itself, not of what it leads to.

use sdk::prelude::*;

/// −1 leaves owner or group as it is.
#[derive(Record, Replay)]
#[record(syscall = "lchown", privileged)]
struct Lchown<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[arg(1)]
    new_owner: i32,
    #[arg(2)]
    new_group: i32,
}

export_plugin!(Lchown);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::os::unix::fs::{MetadataExt, symlink};

    #[test]
    fn does_not_follow_a_link_to_nowhere() {
        let mut stage = Stage::new();
        symlink("nowhere", stage.path("dangling")).unwrap();
        let path = stage.traced_path("dangling");
        let owner = std::fs::symlink_metadata(stage.path("dangling")).unwrap();
        let (new_owner, new_group) = (owner.uid() as i32, owner.gid() as i32);
        let record = Lchown { given_pathname: Some(Path(&path)), new_owner, new_group };
        stage.replay(&record).returns(0);
    }

    #[test]
    fn a_missing_file_fails_again() {
        let mut stage = Stage::new();
        let path = stage.traced_path("missing");
        let record = Lchown { given_pathname: Some(Path(&path)), new_owner: -1, new_group: -1 };
        stage.recorded(-1, libc::ENOENT).replay(&record).fails(libc::ENOENT);
    }
}
