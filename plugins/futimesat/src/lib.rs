//! futimesat(2): set the times of a file, looked up from a directory, to the microsecond.

use sdk::prelude::*;

/// Null times mean now, and a null path the descriptor itself. The schema's unit of time ends in January
/// 2038: later times are set to that.
#[derive(Record, Replay)]
#[record(syscall = "futimesat", privileged)]
struct Futimesat<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[holds(arg(0).is(libc::AT_FDCWD))]
    descriptor_current_working_directory: bool,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[timeval(2)]
    access_time: Option<Tfrac>,
    #[timeval(2, offset = 16)]
    mod_time: Option<Tfrac>,
}

export_plugin!(Futimesat);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::os::unix::fs::MetadataExt;

    const FUTIMESAT: Futimesat<'_> = Futimesat {
        descriptor: DirFd(5),
        descriptor_current_working_directory: false,
        given_pathname: Some(Path(b"file\0")),
        access_time: Some(Tfrac(1 << 32)),
        mod_time: Some(Tfrac(2 << 32)),
    };

    fn stage() -> Stage {
        let mut stage = Stage::with_file(3, b"");
        stage.open(5, ".");
        stage
    }

    #[test]
    fn sets_the_times_of_a_file_in_the_directory() {
        let mut stage = stage();
        stage.replay(&FUTIMESAT).returns(0);
        let metadata = std::fs::metadata(stage.path("file")).unwrap();
        assert_eq!((metadata.atime(), metadata.mtime()), (1, 2));
    }

    #[test]
    fn no_path_means_the_descriptor_itself() {
        let mut stage = stage();
        let itself = Futimesat { descriptor: DirFd(3), given_pathname: None, ..FUTIMESAT };
        stage.replay(&itself).returns(0);
        assert_eq!(std::fs::metadata(stage.path("file")).unwrap().mtime(), 2);
    }

    #[test]
    fn a_missing_file_fails_again() {
        let missing = Futimesat { given_pathname: Some(Path(b"missing\0")), ..FUTIMESAT };
        stage().recorded(-1, libc::ENOENT).replay(&missing).fails(libc::ENOENT);
    }
}
