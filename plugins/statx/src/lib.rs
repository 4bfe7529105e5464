//! statx(2): what a file is, and what else its file system knows of it.

use std::mem::offset_of;

use sdk::abi::{self, Bit};
use sdk::declare::{Declaration, Moment, behind, bit};
use sdk::group::Group;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "statx", looks, keeps_offset)]
struct Statx<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[arg(2)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
    #[arg(3)]
    #[bits(MASK)]
    mask_value: Option<i32>,
    #[structure(4)]
    statx_result: StatxResult,
}

const FLAGS: &[Bit] = &[
    bits::AT_EMPTY_PATH,
    bits::AT_NO_AUTOMOUNT,
    bits::AT_SYMLINK_NOFOLLOW,
    bit("", "AT_STATX_FORCE_SYNC", libc::AT_STATX_FORCE_SYNC as i64),
    bit("", "AT_STATX_DONT_SYNC", libc::AT_STATX_DONT_SYNC as i64),
];

const MASK: &[Bit] = &[
    bit("", "STATX_TYPE", libc::STATX_TYPE as i64),
    bit("", "STATX_MODE", libc::STATX_MODE as i64),
    bit("", "STATX_NLINK", libc::STATX_NLINK as i64),
    bit("", "STATX_UID", libc::STATX_UID as i64),
    bit("", "STATX_GID", libc::STATX_GID as i64),
    bit("", "STATX_ATIME", libc::STATX_ATIME as i64),
    bit("", "STATX_MTIME", libc::STATX_MTIME as i64),
    bit("", "STATX_CTIME", libc::STATX_CTIME as i64),
    bit("", "STATX_INO", libc::STATX_INO as i64),
    bit("", "STATX_SIZE", libc::STATX_SIZE as i64),
    bit("", "STATX_BLOCKS", libc::STATX_BLOCKS as i64),
    bit("", "STATX_BTIME", libc::STATX_BTIME as i64),
    bit("", "STATX_MNT_ID", libc::STATX_MNT_ID as i64),
    bit("", "STATX_DIOALIGN", libc::STATX_DIOALIGN as i64),
];

/// The `statx_result_*` columns. As with `stat_result_*`, only type and permissions, owner, and links and
/// size of what isn't a directory are compared.
#[derive(Clone, Copy, Debug, Default)]
struct StatxResult;

impl Group for StatxResult {
    const COLUMNS: usize = 19;
    const SIZE: usize = size_of::<libc::statx>();

    fn declare(d: &mut Declaration, argument: u8) {
        let mode = offset_of!(libc::statx, stx_mode) as u32;
        let mut time = |name, offset| {
            d.column::<Option<Tfrac>>(name).timespec(argument, Moment::After, offset as u32);
        };
        time("statx_result_atime", offset_of!(libc::statx, stx_atime));
        time("statx_result_btime", offset_of!(libc::statx, stx_btime));
        time("statx_result_ctime", offset_of!(libc::statx, stx_ctime));
        time("statx_result_mtime", offset_of!(libc::statx, stx_mtime));

        // The mode has two bytes, and the two spare ones behind it are zero.
        d.column::<Option<i32>>("statx_result_mode")
            .memory(argument, Moment::After, mode)
            .shown(abi::display::OCTAL)
            .bits(bits::FILE_TYPE)
            .compared();
        // How many names a directory has depends on the file system, as its size does.
        let is_no_directory = behind(argument, mode, 4).is_not(libc::S_IFMT, libc::S_IFDIR);
        d.column::<Option<i32>>("statx_result_nlink")
            .memory(argument, Moment::After, offset_of!(libc::statx, stx_nlink) as u32)
            .compared_when(is_no_directory);
        let mut owner = |name, offset| {
            d.column::<Option<i32>>(name)
                .memory(argument, Moment::After, offset as u32)
                .compared()
                .owner();
        };
        owner("statx_result_uid", offset_of!(libc::statx, stx_uid));
        owner("statx_result_gid", offset_of!(libc::statx, stx_gid));
        d.column::<Option<i64>>("statx_result_size")
            .memory(argument, Moment::After, offset_of!(libc::statx, stx_size) as u32)
            .compared_when(is_no_directory);

        d.column::<Option<i32>>("statx_result_mask")
            .memory(argument, Moment::After, offset_of!(libc::statx, stx_mask) as u32)
            .bits(MASK);
        let mut noted = |name, offset| {
            d.column::<Option<i64>>(name).memory(argument, Moment::After, offset as u32);
        };
        noted("statx_result_attributes", offset_of!(libc::statx, stx_attributes));
        noted("statx_result_blocks", offset_of!(libc::statx, stx_blocks));
        noted("statx_result_ino", offset_of!(libc::statx, stx_ino));
        noted("statx_result_mnt_id", offset_of!(libc::statx, stx_mnt_id));
        let mut noted = |name, offset| {
            d.column::<Option<i32>>(name).memory(argument, Moment::After, offset as u32);
        };
        noted("statx_result_blksize", offset_of!(libc::statx, stx_blksize));
        noted("statx_result_dev_major", offset_of!(libc::statx, stx_dev_major));
        noted("statx_result_dev_minor", offset_of!(libc::statx, stx_dev_minor));
        noted("statx_result_rdev_major", offset_of!(libc::statx, stx_rdev_major));
        noted("statx_result_rdev_minor", offset_of!(libc::statx, stx_rdev_minor));
    }
}

export_plugin!(Statx);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::{Played, Stage};
    use std::os::unix::fs::symlink;

    const STATX: Statx<'_> = Statx {
        descriptor: DirFd(5),
        given_pathname: Some(Path(b"link\0")),
        flags_value: Some(0),
        mask_value: Some(libc::STATX_BASIC_STATS as i32),
        statx_result: StatxResult,
    };

    fn stage() -> Stage {
        let mut stage = Stage::with_file(3, b"0123456789");
        symlink("file", stage.path("link")).unwrap();
        stage.open(5, ".");
        stage
    }

    fn size(played: &Played<'_>) -> u64 {
        let filled = played.filled(1).expect("there is something to compare");
        assert_eq!(filled.len(), StatxResult::SIZE);
        let size = filled[offset_of!(libc::statx, stx_size)..].first_chunk();
        u64::from_ne_bytes(*size.expect("it has a size"))
    }

    #[test]
    fn follows_a_link_unless_told_not_to() {
        let mut stage = stage();
        assert_eq!(size(&stage.replay(&STATX).returns(0)), 10);
        let itself = Statx { flags_value: Some(libc::AT_SYMLINK_NOFOLLOW), ..STATX };
        assert_eq!(size(&stage.replay(&itself).returns(0)), "file".len() as u64);
    }

    #[test]
    fn an_empty_path_means_the_descriptor_itself() {
        let itself = Statx {
            descriptor: DirFd(3),
            given_pathname: Some(Path(b"\0")),
            flags_value: Some(libc::AT_EMPTY_PATH),
            ..STATX
        };
        assert_eq!(size(&stage().replay(&itself).returns(0)), 10);
    }

    #[test]
    fn the_spare_bytes_behind_the_mode_are_zero() {
        let mut stage = stage();
        let played = stage.replay(&STATX).returns(0);
        let mode = played.filled(1).unwrap()[offset_of!(libc::statx, stx_mode)..].first_chunk();
        let mode = u32::from_ne_bytes(*mode.expect("it has a mode"));
        assert_eq!(mode & !0o7777, libc::S_IFREG);
    }

    #[test]
    fn a_missing_file_or_an_unknown_flag_fails_again() {
        let missing = Statx { given_pathname: Some(Path(b"missing\0")), ..STATX };
        stage().recorded(-1, libc::ENOENT).replay(&missing).fails(libc::ENOENT);
        let unknown = Statx { flags_value: Some(1 << 30), ..STATX };
        stage().recorded(-1, libc::EINVAL).replay(&unknown).fails(libc::EINVAL);
    }

    #[test]
    fn a_probe_without_any_memory_fails_again() {
        let probe = Statx { descriptor: DirFd(libc::AT_FDCWD), given_pathname: None, ..STATX };
        stage().recorded(-1, libc::EFAULT).replay(&probe).fails(libc::EFAULT);
    }
}
