//! renameat2(2): give a file another name, without replacing one or by exchanging the two.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "renameat2")]
struct Renameat2<'t> {
    #[arg(0)]
    old_descriptor: DirFd,
    #[holds(arg(0).is(libc::AT_FDCWD))]
    old_descriptor_current_working_directory: bool,
    #[pathname(1)]
    #[removes]
    given_oldname: Option<Path<'t>>,
    #[arg(2)]
    new_descriptor: DirFd,
    #[holds(arg(2).is(libc::AT_FDCWD))]
    new_descriptor_current_working_directory: bool,
    #[pathname(3)]
    #[makes]
    given_newname: Option<Path<'t>>,
    #[arg(4)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("flag_no_replace", "RENAME_NOREPLACE", libc::RENAME_NOREPLACE as i64),
    bit("flag_exchange", "RENAME_EXCHANGE", libc::RENAME_EXCHANGE as i64),
    bit("flag_whiteout", "RENAME_WHITEOUT", libc::RENAME_WHITEOUT as i64),
];

export_plugin!(Renameat2);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const RENAMEAT2: Renameat2<'_> = Renameat2 {
        old_descriptor: DirFd(5),
        old_descriptor_current_working_directory: false,
        given_oldname: Some(Path(b"file\0")),
        new_descriptor: DirFd(5),
        new_descriptor_current_working_directory: false,
        given_newname: Some(Path(b"other\0")),
        flags_value: Some(0),
    };

    /// Files `file` and `other` in the directory of descriptor 5.
    fn stage() -> Stage {
        let mut stage = Stage::with_file(3, b"content");
        std::fs::write(stage.path("other"), b"").unwrap();
        stage.open(5, ".");
        stage
    }

    #[test]
    fn replaces_what_has_the_name() {
        let mut stage = stage();
        stage.replay(&RENAMEAT2).returns(0);
        assert!(!stage.path("file").exists());
        assert_eq!(std::fs::read(stage.path("other")).unwrap(), b"content");
    }

    #[test]
    fn exchanges_the_two() {
        let mut stage = stage();
        let exchange = Renameat2 { flags_value: Some(libc::RENAME_EXCHANGE as i32), ..RENAMEAT2 };
        stage.replay(&exchange).returns(0);
        assert_eq!(std::fs::read(stage.path("file")).unwrap(), b"");
        assert_eq!(std::fs::read(stage.path("other")).unwrap(), b"content");
    }

    #[test]
    fn what_was_not_to_be_replaced_fails_again() {
        let keep = Renameat2 { flags_value: Some(libc::RENAME_NOREPLACE as i32), ..RENAMEAT2 };
        stage().recorded(-1, libc::EEXIST).replay(&keep).fails(libc::EEXIST);
    }
}
