//! lstat(2): what a file is; a symbolic link itself, not what it leads to.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "lstat", looks)]
struct Lstat<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[structure(1)]
    stat_result: group::Stat,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Lstat);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::mem::offset_of;
    use std::os::unix::fs::symlink;

    fn lstat(path: &[u8]) -> Lstat<'_> {
        let given_pathname = Some(Path(path));
        Lstat { given_pathname, stat_result: group::Stat, full_pathname: None }
    }

    #[test]
    fn tells_of_the_link_itself() {
        let mut stage = Stage::new();
        symlink("nowhere", stage.path("link")).unwrap();
        let path = stage.traced_path("link");
        let played = stage.replay(&lstat(&path)).returns(0);
        let filled = played.filled(1).expect("there is something to compare");
        let size = &filled[offset_of!(libc::stat, st_size)..][..8];
        assert_eq!(size, ("nowhere".len() as u64).to_ne_bytes());
    }

    #[test]
    fn a_file_beneath_a_file_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        let path = stage.traced_path("file/below");
        stage.recorded(-1, libc::ENOTDIR).replay(&lstat(&path)).fails(libc::ENOTDIR);
    }
}
