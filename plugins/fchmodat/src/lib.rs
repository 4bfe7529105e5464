//! fchmodat(2): set the permissions of a file, looked up from a directory.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "fchmodat", privileged)]
struct Fchmodat<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[arg(2)]
    #[bits(bits::MODE)]
    #[octal]
    mode_value: Option<i32>,
    /// The C library's function has flags, the system call hasn't: fchmodat2(2) has.
    #[unset]
    #[bits(FLAGS)]
    flag_value: Option<i32>,
}

const FLAGS: &[Bit] =
    &[bit("flag_at_symlink_nofollow", "AT_SYMLINK_NOFOLLOW", libc::AT_SYMLINK_NOFOLLOW as i64)];

export_plugin!(Fchmodat);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::os::unix::fs::{PermissionsExt, symlink};

    const FCHMODAT: Fchmodat<'_> = Fchmodat {
        descriptor: DirFd(5),
        given_pathname: Some(Path(b"link\0")),
        mode_value: Some(0o604),
        flag_value: Some(0x1234),
    };

    #[test]
    fn sets_the_mode_of_what_a_link_leads_to_whatever_was_taken_for_flags() {
        let mut stage = Stage::with_file(3, b"");
        symlink("file", stage.path("link")).unwrap();
        stage.open(5, ".").replay(&FCHMODAT).returns(0);
        let metadata = std::fs::metadata(stage.path("file")).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o7777, 0o604);
    }

    #[test]
    fn a_missing_file_fails_again() {
        let mut stage = Stage::new();
        stage.open(5, ".").recorded(-1, libc::ENOENT).replay(&FCHMODAT).fails(libc::ENOENT);
    }
}
