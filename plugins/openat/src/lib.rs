//! openat(2): open, and possibly create, a file, looked up from a directory.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "openat", returns = descriptor, blocks, reopens = open_value, looks_when = arg(2).has(bits::MAKES, 0))]
struct Openat<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[holds(arg(0).is(libc::AT_FDCWD))]
    descriptor_current_working_directory: bool,
    #[pathname(1)]
    #[makes]
    given_pathname: Option<Path<'t>>,
    #[arg(2)]
    #[bits(bits::OPEN)]
    open_value: Option<i32>,
    #[arg(3)]
    #[when(arg(2).any(bits::CREATES))]
    #[bits(bits::MODE)]
    #[octal]
    mode_value: Option<i32>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Openat);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::{Stage, with_own_fs};
    use std::os::unix::fs::{PermissionsExt, symlink};

    const OPENAT: Openat<'_> = Openat {
        descriptor: DirFd(5),
        descriptor_current_working_directory: false,
        given_pathname: Some(Path(b"file\0")),
        open_value: Some(libc::O_RDONLY),
        mode_value: None,
        full_pathname: None,
    };

    /// A file, and the directory that it is in as descriptor 5.
    fn stage() -> Stage {
        let mut stage = Stage::with_file(3, b"0123456789");
        stage.open(5, ".");
        stage
    }

    #[test]
    fn looks_a_relative_path_up_from_the_directory() {
        let mut stage = stage();
        stage.recorded(7, 0).replay(&OPENAT);
        assert!(stage.descriptor(7).is_some());
    }

    #[test]
    fn an_absolute_path_needs_no_directory() {
        let mut stage = stage();
        let path = stage.traced_path("file");
        let given_pathname = Some(Path(&path));
        let descriptor = DirFd(libc::AT_FDCWD);
        stage.recorded(7, 0).replay(&Openat { descriptor, given_pathname, ..OPENAT });
        assert!(stage.descriptor(7).is_some());
        stage.recorded(8, 0).replay(&Openat { descriptor: DirFd(99), given_pathname, ..OPENAT });
        assert!(stage.descriptor(8).is_some());
    }

    #[test]
    fn a_file_without_a_name_is_created_with_the_umask_in_force() {
        with_own_fs(|| {
            // SAFETY: the call takes no pointer.
            unsafe { libc::umask(0o077) };
            let mut stage = stage();
            let openat = Openat {
                given_pathname: Some(Path(b".\0")),
                open_value: Some(libc::O_TMPFILE | libc::O_RDWR),
                mode_value: Some(0o666),
                ..OPENAT
            };
            stage.recorded(7, 0).replay(&openat);
            let fd = stage.descriptor(7).expect("the file is open");
            let metadata = std::fs::metadata(format!("/proc/self/fd/{fd}")).unwrap();
            assert_eq!(metadata.permissions().mode() & 0o7777, 0o600);
        });
    }

    #[test]
    fn a_file_that_must_be_new_fails_again() {
        let flags = libc::O_CREAT | libc::O_EXCL;
        let openat = Openat { open_value: Some(flags), mode_value: Some(0o600), ..OPENAT };
        stage().recorded(-1, libc::EEXIST).replay(&openat).fails(libc::EEXIST);
    }

    #[test]
    fn a_link_that_is_not_to_be_followed_fails_again() {
        let mut stage = stage();
        symlink("file", stage.path("link")).unwrap();
        let open_value = Some(libc::O_NOFOLLOW);
        let openat = Openat { given_pathname: Some(Path(b"link\0")), open_value, ..OPENAT };
        stage.recorded(-1, libc::ELOOP).replay(&openat).fails(libc::ELOOP);
    }

    #[test]
    fn a_path_that_is_none_fails_again_or_is_not_passed() {
        let null = Openat { given_pathname: None, ..OPENAT };
        stage().recorded(-1, libc::EFAULT).replay(&null).fails(libc::EFAULT);
        let endless = Openat { given_pathname: Some(Path(b"file")), ..OPENAT };
        stage().recorded(7, 0).replay(&endless).is_not_made();
    }

    #[test]
    fn a_directory_that_is_not_open_fails_again() {
        let closed = Openat { descriptor: DirFd(99), ..OPENAT };
        stage().recorded(-1, libc::EBADF).replay(&closed).fails(libc::EBADF);
    }
}
