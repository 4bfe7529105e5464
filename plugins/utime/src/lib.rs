//! utime(2): set a file's times, in seconds.

use sdk::prelude::*;

/// Null times mean now. The schema's unit of time ends in January 2038: later times are set to that.
#[derive(Record, Replay)]
#[record(syscall = "utime", privileged)]
struct Utime<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[seconds(1)]
    access_time: Option<Tfrac>,
    #[seconds(1, offset = 8)]
    mod_time: Option<Tfrac>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Utime);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::os::unix::fs::MetadataExt;
    use std::time::SystemTime;

    fn utime(path: &[u8], times: Option<(i64, i64)>) -> Utime<'_> {
        Utime {
            given_pathname: Some(Path(path)),
            access_time: times.map(|(access, _)| Tfrac::new(access, 0)),
            mod_time: times.map(|(_, modification)| Tfrac::new(modification, 0)),
            full_pathname: None,
        }
    }

    #[test]
    fn sets_the_times() {
        let mut stage = Stage::with_file(3, b"");
        let path = stage.traced_path("file");
        stage.replay(&utime(&path, Some((-5, 1_700_000_000)))).returns(0);
        let metadata = std::fs::metadata(stage.path("file")).unwrap();
        assert_eq!((metadata.atime(), metadata.mtime()), (-5, 1_700_000_000));
    }

    #[test]
    fn no_times_mean_now() {
        let mut stage = Stage::with_file(3, b"");
        let path = stage.traced_path("file");
        stage.replay(&utime(&path, Some((1, 1)))).returns(0);
        stage.replay(&utime(&path, None)).returns(0);
        let modified = std::fs::metadata(stage.path("file")).unwrap().modified().unwrap();
        assert!(SystemTime::now().duration_since(modified).unwrap_or_default().as_secs() < 3600);
    }

    #[test]
    fn a_missing_file_fails_again() {
        let mut stage = Stage::new();
        let path = stage.traced_path("missing");
        let missing = utime(&path, None);
        stage.recorded(-1, libc::ENOENT).replay(&missing).fails(libc::ENOENT);
    }
}
