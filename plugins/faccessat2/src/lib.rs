//! faccessat2(2): may a user do that to a file, looked up from a directory?

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "faccessat2", looks)]
struct Faccessat2<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[arg(2)]
    #[bits(bits::ACCESS)]
    mode_value: Option<i32>,
    #[arg(3)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("flags_at_eaccess", "AT_EACCESS", libc::AT_EACCESS as i64),
    bits::AT_EMPTY_PATH,
    bits::AT_SYMLINK_NOFOLLOW,
];

export_plugin!(Faccessat2);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::os::unix::fs::symlink;

    const FACCESSAT2: Faccessat2<'_> = Faccessat2 {
        descriptor: DirFd(5),
        given_pathname: Some(Path(b"dangling\0")),
        mode_value: Some(libc::F_OK),
        flags_value: Some(libc::AT_SYMLINK_NOFOLLOW),
    };

    fn stage() -> Stage {
        let mut stage = Stage::with_file(3, b"");
        symlink("nowhere", stage.path("dangling")).unwrap();
        stage.open(5, ".");
        stage
    }

    #[test]
    fn follows_a_link_unless_told_not_to() {
        stage().replay(&FACCESSAT2).returns(0);
        let follow = Faccessat2 { flags_value: Some(libc::AT_EACCESS), ..FACCESSAT2 };
        stage().recorded(-1, libc::ENOENT).replay(&follow).fails(libc::ENOENT);
    }

    #[test]
    fn an_unknown_flag_fails_again() {
        let unknown = Faccessat2 { flags_value: Some(1 << 30), ..FACCESSAT2 };
        stage().recorded(-1, libc::EINVAL).replay(&unknown).fails(libc::EINVAL);
    }
}
