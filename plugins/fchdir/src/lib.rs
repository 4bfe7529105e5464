//! fchdir(2): change the working directory to an open one.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "fchdir", looks, changes_fs)]
struct Fchdir {
    #[arg(0)]
    descriptor: Fd,
}

export_plugin!(Fchdir);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::{Stage, with_own_fs};

    const FCHDIR: Fchdir = Fchdir { descriptor: Fd(5) };

    #[test]
    fn relative_paths_are_looked_up_from_there() {
        with_own_fs(|| {
            let mut stage = Stage::with_file(3, b"0123456789");
            stage.open(5, ".").replay(&FCHDIR).returns(0);
            assert_eq!(std::fs::read("file").unwrap(), b"0123456789");
        });
    }

    #[test]
    fn what_is_no_directory_fails_again() {
        let mut stage = Stage::with_file(5, b"");
        stage.recorded(-1, libc::ENOTDIR).replay(&FCHDIR).fails(libc::ENOTDIR);
    }
}
