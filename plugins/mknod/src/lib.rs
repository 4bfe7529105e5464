//! mknod(2): make a file, a FIFO, a socket or a device.

use sdk::prelude::*;

/// `dev` is null unless a device is made. `S_IFCHR` is a part of `S_IFBLK`.
#[derive(Record, Replay)]
#[record(syscall = "mknod", privileged)]
struct Mknod<'t> {
    #[pathname(0)]
    #[makes]
    given_pathname: Option<Path<'t>>,
    #[code(1, bits::NODE_TYPE)]
    r#type: u8,
    #[arg(1)]
    #[bits(bits::MODE)]
    #[bits(bits::NODE_TYPE)]
    #[octal]
    mode_value: i32,
    #[arg(2)]
    #[when(arg(1).any(libc::S_IFCHR as i32))]
    dev: Option<i32>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Mknod);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::{Stage, with_own_fs};
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};

    fn mknod(path: &[u8], mode: u32) -> Mknod<'_> {
        Mknod {
            given_pathname: Some(Path(path)),
            r#type: 3,
            mode_value: mode as i32,
            dev: None,
            full_pathname: None,
        }
    }

    #[test]
    fn makes_a_fifo_with_the_umask_in_force() {
        with_own_fs(|| {
            // SAFETY: the call takes no pointer.
            unsafe { libc::umask(0o027) };
            let mut stage = Stage::new();
            let path = stage.traced_path("fifo");
            stage.replay(&mknod(&path, libc::S_IFIFO | 0o666)).returns(0);
            let metadata = std::fs::metadata(stage.path("fifo")).unwrap();
            assert!(metadata.file_type().is_fifo());
            assert_eq!(metadata.permissions().mode() & 0o7777, 0o640);
        });
    }

    #[test]
    fn a_mode_without_a_type_makes_a_file() {
        let mut stage = Stage::new();
        let path = stage.traced_path("file");
        stage.replay(&mknod(&path, 0o600)).returns(0);
        assert!(stage.path("file").is_file());
    }

    #[test]
    fn a_name_that_is_taken_or_a_type_that_is_none_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        let path = stage.traced_path("file");
        let taken = mknod(&path, libc::S_IFIFO);
        stage.recorded(-1, libc::EEXIST).replay(&taken).fails(libc::EEXIST);
        let path = stage.traced_path("new");
        let none = mknod(&path, libc::S_IFLNK);
        stage.recorded(-1, libc::EINVAL).replay(&none).fails(libc::EINVAL);
    }
}
