//! utimes(2): set a file's times, to the microsecond.

use sdk::prelude::*;

/// Null times mean now. The schema's unit of time ends in January 2038: later times are set to that.
#[derive(Record, Replay)]
#[record(syscall = "utimes", privileged)]
struct Utimes<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[timeval(1)]
    access_time: Option<Tfrac>,
    #[timeval(1, offset = 16)]
    mod_time: Option<Tfrac>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Utimes);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::os::unix::fs::{MetadataExt, symlink};

    fn utimes(path: &[u8]) -> Utimes<'_> {
        Utimes {
            given_pathname: Some(Path(path)),
            access_time: Some(Tfrac::new(1_600_000_000, 1_000)),
            mod_time: Some(Tfrac::new(1_700_000_000, 999_999_000)),
            full_pathname: None,
        }
    }

    #[test]
    fn sets_the_times_of_what_a_link_leads_to() {
        let mut stage = Stage::with_file(3, b"");
        symlink("file", stage.path("link")).unwrap();
        let path = stage.traced_path("link");
        stage.replay(&utimes(&path)).returns(0);
        let metadata = std::fs::metadata(stage.path("file")).unwrap();
        assert_eq!((metadata.atime(), metadata.atime_nsec()), (1_600_000_000, 1_000));
        assert_eq!((metadata.mtime(), metadata.mtime_nsec()), (1_700_000_000, 999_999_000));
    }

    #[test]
    fn times_that_could_not_be_read_fail_again_and_impossible_ones_are_not_known() {
        let mut stage = Stage::with_file(3, b"");
        let path = stage.traced_path("file");
        let unread = Utimes { access_time: None, mod_time: None, ..utimes(&path) };
        stage.recorded(-1, libc::EFAULT).replay(&unread).fails(libc::EFAULT);
        stage.recorded(-1, libc::EINVAL).replay(&utimes(&path)).is_not_made();
    }
}
