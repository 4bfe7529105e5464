//! newfstatat(2), known as fstatat: what a file is, looked up from a directory.

use sdk::abi::Bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "newfstatat", extent = "fstatat", looks, keeps_offset)]
struct Newfstatat<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[structure(2)]
    stat_result: group::Stat,
    #[arg(3)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[bits::AT_EMPTY_PATH, bits::AT_NO_AUTOMOUNT, bits::AT_SYMLINK_NOFOLLOW];

export_plugin!(Newfstatat);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::{Played, Stage};
    use std::mem::offset_of;
    use std::os::unix::fs::symlink;

    const FSTATAT: Newfstatat<'_> = Newfstatat {
        descriptor: DirFd(5),
        given_pathname: Some(Path(b"link\0")),
        stat_result: group::Stat,
        flags_value: Some(0),
    };

    /// A file of ten bytes as descriptor 3, and its directory with a link to it as descriptor 5.
    fn stage() -> Stage {
        let mut stage = Stage::with_file(3, b"0123456789");
        symlink("file", stage.path("link")).unwrap();
        stage.open(5, ".");
        stage
    }

    fn size(played: &Played<'_>) -> u64 {
        let filled = played.filled(1).expect("there is something to compare");
        let size = filled[offset_of!(libc::stat, st_size)..].first_chunk().expect("it has a size");
        u64::from_ne_bytes(*size)
    }

    #[test]
    fn follows_a_link_unless_told_not_to() {
        let mut stage = stage();
        assert_eq!(size(&stage.replay(&FSTATAT).returns(0)), 10);
        let itself = Newfstatat { flags_value: Some(libc::AT_SYMLINK_NOFOLLOW), ..FSTATAT };
        assert_eq!(size(&stage.replay(&itself).returns(0)), "file".len() as u64);
    }

    #[test]
    fn an_empty_path_means_the_descriptor_itself() {
        let itself = Newfstatat {
            descriptor: DirFd(3),
            given_pathname: Some(Path(b"\0")),
            flags_value: Some(libc::AT_EMPTY_PATH),
            ..FSTATAT
        };
        assert_eq!(size(&stage().replay(&itself).returns(0)), 10);
        let unasked = Newfstatat { flags_value: Some(0), ..itself };
        stage().recorded(-1, libc::ENOENT).replay(&unasked).fails(libc::ENOENT);
    }

    #[test]
    fn what_is_no_directory_fails_again() {
        let file = Newfstatat { descriptor: DirFd(3), ..FSTATAT };
        stage().recorded(-1, libc::ENOTDIR).replay(&file).fails(libc::ENOTDIR);
    }
}
