//! statfs(2): what a file system is, and how full.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "statfs", looks)]
struct Statfs<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[structure(1)]
    statfs_result: group::Statfs,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Statfs);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::group::Group;
    use sdk::testing::Stage;

    fn statfs(path: &[u8]) -> Statfs<'_> {
        let given_pathname = Some(Path(path));
        Statfs { given_pathname, statfs_result: group::Statfs, full_pathname: None }
    }

    #[test]
    fn tells_of_the_file_system() {
        let mut stage = Stage::new();
        let path = stage.traced_path(".");
        let played = stage.replay(&statfs(&path)).returns(0);
        assert_eq!(played.filled(1).map(<[u8]>::len), Some(group::Statfs::SIZE));
    }

    #[test]
    fn a_missing_file_fails_again() {
        let mut stage = Stage::new();
        let path = stage.traced_path("missing");
        stage.recorded(-1, libc::ENOENT).replay(&statfs(&path)).fails(libc::ENOENT);
    }
}
