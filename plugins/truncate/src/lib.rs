//! truncate(2): set a file's length.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "truncate")]
struct Truncate<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[arg(1)]
    truncate_length: i64,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Truncate);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn truncate(path: &[u8], length: i64) -> Truncate<'_> {
        Truncate { given_pathname: Some(Path(path)), truncate_length: length, full_pathname: None }
    }

    #[test]
    fn cuts_off_or_adds_zeros() {
        let mut stage = Stage::with_file(3, b"0123456789");
        let path = stage.traced_path("file");
        stage.replay(&truncate(&path, 4)).returns(0);
        stage.replay(&truncate(&path, 6)).returns(0);
        assert_eq!(std::fs::read(stage.path("file")).unwrap(), b"0123\0\0");
    }

    #[test]
    fn a_negative_length_or_a_directory_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        let path = stage.traced_path("file");
        let negative = truncate(&path, -1);
        stage.recorded(-1, libc::EINVAL).replay(&negative).fails(libc::EINVAL);
        let path = stage.traced_path(".");
        let directory = truncate(&path, 0);
        stage.recorded(-1, libc::EISDIR).replay(&directory).fails(libc::EISDIR);
    }
}
