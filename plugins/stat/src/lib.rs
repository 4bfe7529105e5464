//! stat(2): what a file is.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "stat", looks)]
struct Stat<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[structure(1)]
    stat_result: group::Stat,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Stat);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::group::Group;
    use sdk::testing::Stage;
    use std::mem::offset_of;
    use std::os::unix::fs::symlink;

    fn stat(path: &[u8]) -> Stat<'_> {
        let given_pathname = Some(Path(path));
        Stat { given_pathname, stat_result: group::Stat, full_pathname: None }
    }

    #[test]
    fn tells_what_a_link_leads_to() {
        let mut stage = Stage::with_file(3, b"0123456789");
        symlink("file", stage.path("link")).unwrap();
        let path = stage.traced_path("link");
        let played = stage.replay(&stat(&path)).returns(0);
        let filled = played.filled(1).expect("there is something to compare");
        assert_eq!(filled.len(), group::Stat::SIZE);
        let size = &filled[offset_of!(libc::stat, st_size)..][..8];
        assert_eq!(size, 10u64.to_ne_bytes());
    }

    #[test]
    fn a_missing_file_fails_again() {
        let mut stage = Stage::new();
        let path = stage.traced_path("missing");
        let played = stage.recorded(-1, libc::ENOENT).replay(&stat(&path)).fails(libc::ENOENT);
        assert_eq!(played.filled(1), None);
    }

    #[test]
    fn a_path_or_structure_that_is_not_there_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        let null = Stat { given_pathname: None, ..stat(b"") };
        stage.recorded(-1, libc::EFAULT).replay(&null).fails(libc::EFAULT);
        let path = stage.traced_path("file");
        stage.recorded(-1, libc::EFAULT).replay(&stat(&path)).fails(libc::EFAULT);
    }
}
