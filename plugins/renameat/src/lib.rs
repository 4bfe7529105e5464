//! renameat(2): give a file another name, both looked up from directories.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "renameat")]
struct Renameat<'t> {
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
}

export_plugin!(Renameat);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const RENAMEAT: Renameat<'_> = Renameat {
        old_descriptor: DirFd(5),
        old_descriptor_current_working_directory: false,
        given_oldname: Some(Path(b"file\0")),
        new_descriptor: DirFd(6),
        new_descriptor_current_working_directory: false,
        given_newname: Some(Path(b"new\0")),
    };

    /// A file in descriptor 5's directory, and another directory beneath it as descriptor 6.
    fn stage() -> Stage {
        let mut stage = Stage::with_file(3, b"");
        std::fs::create_dir(stage.path("directory")).unwrap();
        stage.open(5, ".").open(6, "directory");
        stage
    }

    #[test]
    fn moves_a_file_from_directory_to_directory() {
        let mut stage = stage();
        stage.replay(&RENAMEAT).returns(0);
        assert!(!stage.path("file").exists());
        assert!(stage.path("directory/new").exists());
    }

    #[test]
    fn a_directory_moved_into_itself_fails_again() {
        let into_itself = Renameat { given_oldname: Some(Path(b"directory\0")), ..RENAMEAT };
        stage().recorded(-1, libc::EINVAL).replay(&into_itself).fails(libc::EINVAL);
    }
}
