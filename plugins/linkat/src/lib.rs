//! linkat(2): give a file one more name, both looked up from directories.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "linkat")]
struct Linkat<'t> {
    #[arg(0)]
    old_descriptor: DirFd,
    #[holds(arg(0).is(libc::AT_FDCWD))]
    old_descriptor_current_working_directory: bool,
    #[pathname(1)]
    given_oldpathname: Option<Path<'t>>,
    #[arg(2)]
    new_descriptor: DirFd,
    #[holds(arg(2).is(libc::AT_FDCWD))]
    new_descriptor_current_working_directory: bool,
    #[pathname(3)]
    #[makes]
    given_newpathname: Option<Path<'t>>,
    #[arg(4)]
    #[bits(FLAGS)]
    flag_value: Option<i32>,
    #[unset]
    full_oldpathname: Option<Path<'t>>,
    #[unset]
    full_newpathname: Option<Path<'t>>,
}

const FLAGS: &[Bit] = &[
    bit("flag_empty_path", "AT_EMPTY_PATH", libc::AT_EMPTY_PATH as i64),
    bit("flag_symlink_follow", "AT_SYMLINK_FOLLOW", libc::AT_SYMLINK_FOLLOW as i64),
];

export_plugin!(Linkat);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::os::unix::fs::{MetadataExt, symlink};

    const LINKAT: Linkat<'_> = Linkat {
        old_descriptor: DirFd(5),
        old_descriptor_current_working_directory: false,
        given_oldpathname: Some(Path(b"link\0")),
        new_descriptor: DirFd(6),
        new_descriptor_current_working_directory: false,
        given_newpathname: Some(Path(b"new\0")),
        flag_value: Some(0),
        full_oldpathname: None,
        full_newpathname: None,
    };

    /// A file and a link to it in descriptor 5's directory, another directory as descriptor 6.
    fn stage() -> Stage {
        let mut stage = Stage::with_file(3, b"");
        symlink("file", stage.path("link")).unwrap();
        std::fs::create_dir(stage.path("directory")).unwrap();
        stage.open(5, ".").open(6, "directory");
        stage
    }

    #[test]
    fn follows_a_symbolic_link_only_if_told_to() {
        let mut stage = stage();
        stage.replay(&LINKAT).returns(0);
        assert!(stage.path("directory/new").is_symlink());
        let follow = Linkat {
            given_newpathname: Some(Path(b"followed\0")),
            flag_value: Some(libc::AT_SYMLINK_FOLLOW),
            ..LINKAT
        };
        stage.replay(&follow).returns(0);
        assert_eq!(std::fs::metadata(stage.path("directory/followed")).unwrap().nlink(), 2);
    }

    #[test]
    fn a_file_without_a_name_gets_one_by_its_descriptor() {
        let mut stage = stage();
        stage.open_unnamed(7);
        let name = Linkat {
            given_oldpathname: Some(Path(b"/proc/self/fd/7\0")),
            flag_value: Some(libc::AT_SYMLINK_FOLLOW),
            ..LINKAT
        };
        stage.replay(&name).returns(0);
        assert!(stage.path("directory/new").is_file());
    }

    #[test]
    fn a_directory_fails_again() {
        let directory = Linkat { given_oldpathname: Some(Path(b"directory\0")), ..LINKAT };
        stage().recorded(-1, libc::EPERM).replay(&directory).fails(libc::EPERM);
    }
}
