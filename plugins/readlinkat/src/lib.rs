//! readlinkat(2): where a symbolic link leads, looked up from a directory.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "readlinkat", looks)]
struct Readlinkat<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[holds(arg(0).is(libc::AT_FDCWD))]
    descriptor_current_working_directory: bool,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[output(2, length = 3)]
    link_value: Option<&'t [u8]>,
    #[arg(3)]
    buffer_size: Option<i32>,
}

export_plugin!(Readlinkat);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::os::unix::fs::symlink;

    const READLINKAT: Readlinkat<'_> = Readlinkat {
        descriptor: DirFd(5),
        descriptor_current_working_directory: false,
        given_pathname: Some(Path(b"link\0")),
        link_value: None,
        buffer_size: Some(4096),
    };

    fn stage() -> Stage {
        let mut stage = Stage::with_file(3, b"");
        symlink("target", stage.path("link")).unwrap();
        stage.open(5, ".");
        stage
    }

    #[test]
    fn tells_the_target_of_a_link_in_the_directory() {
        let mut stage = stage();
        let played = stage.recorded(6, 0).replay(&READLINKAT).returns(6);
        assert_eq!(played.filled(1), Some(&b"target"[..]));
    }

    #[test]
    fn what_is_no_link_or_missing_fails_again() {
        let file = Readlinkat { given_pathname: Some(Path(b"file\0")), ..READLINKAT };
        stage().recorded(-1, libc::EINVAL).replay(&file).fails(libc::EINVAL);
        let missing = Readlinkat { given_pathname: Some(Path(b"missing\0")), ..READLINKAT };
        stage().recorded(-1, libc::ENOENT).replay(&missing).fails(libc::ENOENT);
    }
}
