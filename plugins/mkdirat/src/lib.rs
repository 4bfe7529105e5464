//! mkdirat(2): make a directory, looked up from another one.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "mkdirat")]
struct Mkdirat<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[holds(arg(0).is(libc::AT_FDCWD))]
    descriptor_current_working_directory: bool,
    #[pathname(1)]
    #[makes]
    given_pathname: Option<Path<'t>>,
    #[arg(2)]
    #[bits(bits::MODE)]
    #[octal]
    mode_value: Option<i32>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Mkdirat);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::{Stage, with_own_fs};
    use std::os::unix::fs::PermissionsExt;

    const MKDIRAT: Mkdirat<'_> = Mkdirat {
        descriptor: DirFd(5),
        descriptor_current_working_directory: false,
        given_pathname: Some(Path(b"new\0")),
        mode_value: Some(0o777),
        full_pathname: None,
    };

    #[test]
    fn makes_it_in_the_directory_with_the_umask_in_force() {
        with_own_fs(|| {
            // SAFETY: the call takes no pointer.
            unsafe { libc::umask(0o077) };
            let mut stage = Stage::new();
            stage.open(5, ".").replay(&MKDIRAT).returns(0);
            let metadata = std::fs::metadata(stage.path("new")).unwrap();
            assert!(metadata.is_dir());
            assert_eq!(metadata.permissions().mode() & 0o7777, 0o700);
        });
    }

    #[test]
    fn one_beneath_what_is_missing_fails_again() {
        let beneath = Mkdirat { given_pathname: Some(Path(b"missing/new\0")), ..MKDIRAT };
        let mut stage = Stage::new();
        stage.open(5, ".").recorded(-1, libc::ENOENT).replay(&beneath).fails(libc::ENOENT);
    }
}
