//! fchownat(2): set owner and group of a file or of a link to it, looked up from a directory.

use sdk::prelude::*;

/// −1 leaves owner or group as it is.
#[derive(Record, Replay)]
#[record(syscall = "fchownat", privileged)]
struct Fchownat<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[holds(arg(0).is(libc::AT_FDCWD))]
    descriptor_current_working_directory: bool,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[arg(2)]
    new_owner: i32,
    #[arg(3)]
    new_group: i32,
    #[arg(4)]
    #[bits(bits::AT)]
    flags_value: Option<i32>,
}

export_plugin!(Fchownat);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;
    use std::os::unix::fs::symlink;

    const FCHOWNAT: Fchownat<'_> = Fchownat {
        descriptor: DirFd(5),
        descriptor_current_working_directory: false,
        given_pathname: Some(Path(b"dangling\0")),
        new_owner: -1,
        new_group: -1,
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
        stage().replay(&FCHOWNAT).returns(0);
        let follow = Fchownat { flags_value: Some(0), ..FCHOWNAT };
        stage().recorded(-1, libc::ENOENT).replay(&follow).fails(libc::ENOENT);
    }

    #[test]
    fn an_empty_path_means_the_descriptor_itself() {
        let itself = Fchownat {
            descriptor: DirFd(3),
            given_pathname: Some(Path(b"\0")),
            flags_value: Some(libc::AT_EMPTY_PATH),
            ..FCHOWNAT
        };
        stage().replay(&itself).returns(0);
    }
}
