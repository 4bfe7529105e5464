//! faccessat(2): may the real user do that to a file, looked up from a directory?

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "faccessat", looks)]
struct Faccessat<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[arg(2)]
    #[bits(bits::ACCESS)]
    mode_value: Option<i32>,
    /// The C library's function has flags, the system call hasn't: faccessat2(2) has.
    #[unset]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

const FLAGS: &[Bit] =
    &[bit("flags_at_eaccess", "AT_EACCESS", libc::AT_EACCESS as i64), bits::AT_SYMLINK_NOFOLLOW];

export_plugin!(Faccessat);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const FACCESSAT: Faccessat<'_> = Faccessat {
        descriptor: DirFd(5),
        given_pathname: Some(Path(b"file\0")),
        mode_value: Some(libc::R_OK),
        flags_value: None,
        full_pathname: None,
    };

    fn stage() -> Stage {
        let mut stage = Stage::with_file(3, b"");
        stage.open(5, ".");
        stage
    }

    #[test]
    fn looks_the_path_up_from_the_directory() {
        stage().replay(&FACCESSAT).returns(0);
    }

    #[test]
    fn what_the_original_recorder_took_for_flags_is_not_passed() {
        stage().replay(&Faccessat { flags_value: Some(0x1234), ..FACCESSAT }).returns(0);
    }

    #[test]
    fn a_missing_file_fails_again() {
        let missing = Faccessat { given_pathname: Some(Path(b"missing\0")), ..FACCESSAT };
        stage().recorded(-1, libc::ENOENT).replay(&missing).fails(libc::ENOENT);
    }
}
