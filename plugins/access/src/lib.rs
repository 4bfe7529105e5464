//! access(2): may the real user do that to a file?

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "access", looks)]
struct Access<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[arg(1)]
    #[bits(bits::ACCESS)]
    mode_value: Option<i32>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Access);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn access(path: &[u8], mode: i32) -> Access<'_> {
        let given_pathname = Some(Path(path));
        Access { given_pathname, mode_value: Some(mode), full_pathname: None }
    }

    #[test]
    fn a_file_of_ones_own_can_be_read_and_written() {
        let mut stage = Stage::with_file(3, b"");
        let path = stage.traced_path("file");
        stage.replay(&access(&path, libc::R_OK | libc::W_OK)).returns(0);
        stage.replay(&access(&path, libc::F_OK)).returns(0);
    }

    #[test]
    fn a_file_that_nobody_can_run_or_that_is_missing_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        let path = stage.traced_path("file");
        let run = access(&path, libc::X_OK);
        stage.recorded(-1, libc::EACCES).replay(&run).fails(libc::EACCES);
        let path = stage.traced_path("missing");
        let missing = access(&path, libc::F_OK);
        stage.recorded(-1, libc::ENOENT).replay(&missing).fails(libc::ENOENT);
    }

    #[test]
    fn a_path_that_the_trace_lacks_is_not_a_null_pointer() {
        let record = Access { given_pathname: None, mode_value: Some(0), full_pathname: None };
        let mut stage = Stage::new();
        stage.recorded(-1, libc::EFAULT).replay(&record).fails(libc::EFAULT);
        stage.not_captured().replay(&record).fails(libc::EFAULT);
        stage.recorded(-1, libc::ENOENT).replay(&record).is_not_made();
        stage.recorded(0, 0).replay(&record).is_not_made();
    }

    #[test]
    fn a_mode_that_is_none_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        let path = stage.traced_path("file");
        let mode = access(&path, 0o777);
        stage.recorded(-1, libc::EINVAL).replay(&mode).fails(libc::EINVAL);
    }
}
