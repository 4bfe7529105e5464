//! mknodat(2): make a file, a FIFO, a socket or a device, looked up from a directory.

use sdk::prelude::*;

/// `dev` is null unless a device is made. `S_IFCHR` is a part of `S_IFBLK`.
#[derive(Record, Replay)]
#[record(syscall = "mknodat", privileged)]
struct Mknodat<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[pathname(1)]
    #[makes]
    given_pathname: Option<Path<'t>>,
    #[code(2, bits::NODE_TYPE)]
    r#type: u8,
    #[arg(2)]
    #[bits(bits::MODE)]
    #[bits(bits::NODE_TYPE)]
    #[octal]
    mode_value: i32,
    #[arg(3)]
    #[when(arg(2).any(libc::S_IFCHR as i32))]
    dev: Option<i32>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Mknodat);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::os::unix::fs::FileTypeExt;

    const MKNODAT: Mknodat<'_> = Mknodat {
        descriptor: DirFd(5),
        given_pathname: Some(Path(b"new\0")),
        r#type: 4,
        mode_value: (libc::S_IFSOCK | 0o600) as i32,
        dev: None,
        full_pathname: None,
    };

    #[test]
    fn makes_a_socket_in_the_directory() {
        let mut stage = Stage::new();
        stage.open(5, ".").replay(&MKNODAT).returns(0);
        assert!(std::fs::metadata(stage.path("new")).unwrap().file_type().is_socket());
    }

    #[test]
    fn a_directory_is_not_made_here_and_fails_again() {
        let directory = Mknodat { mode_value: libc::S_IFDIR as i32, ..MKNODAT };
        let mut stage = Stage::new();
        stage.open(5, ".").recorded(-1, libc::EPERM).replay(&directory).fails(libc::EPERM);
    }
}
