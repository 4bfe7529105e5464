//! fchmodat2(2): set the permissions of a file or of a link to it, looked up from a directory.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "fchmodat2", privileged)]
struct Fchmodat2<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[arg(2)]
    #[bits(bits::MODE)]
    #[octal]
    mode_value: Option<i32>,
    #[arg(3)]
    #[bits(bits::AT)]
    flags_value: Option<i32>,
}

export_plugin!(Fchmodat2);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::os::unix::fs::PermissionsExt;

    const FCHMODAT2: Fchmodat2<'_> = Fchmodat2 {
        descriptor: DirFd(3),
        given_pathname: Some(Path(b"\0")),
        mode_value: Some(0o604),
        flags_value: Some(libc::AT_EMPTY_PATH),
    };

    /// The call came with Linux 6.6.
    fn is_there() -> bool {
        let mut stage = Stage::with_file(3, b"");
        stage.replay(&FCHMODAT2).outcome() != Ok(Err(Errno(libc::ENOSYS)))
    }

    #[test]
    fn sets_the_mode_of_the_descriptor_itself() {
        let mut stage = Stage::with_file(3, b"");
        if is_there() {
            stage.replay(&FCHMODAT2).returns(0);
            let metadata = std::fs::metadata(stage.path("file")).unwrap();
            assert_eq!(metadata.permissions().mode() & 0o7777, 0o604);
        }
    }

    #[test]
    fn an_unknown_flag_fails_again() {
        let unknown = Fchmodat2 { flags_value: Some(1 << 30), ..FCHMODAT2 };
        let mut stage = Stage::with_file(3, b"");
        if is_there() {
            stage.recorded(-1, libc::EINVAL).replay(&unknown).fails(libc::EINVAL);
        }
    }
}
