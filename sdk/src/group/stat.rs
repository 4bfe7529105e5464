//! `struct stat`, as stat(2) and its kin fill it in.

use std::mem::offset_of;

use libc::stat;

use super::Group;
use crate::declare::{Declaration, Moment, behind};
use crate::{Tfrac, bits};

/// The `stat_result_*` columns.
///
/// Type and permissions, links, owner and size are compared; what the file system decides for itself
/// (inode, device, block counts, times, and links and size of a directory) is not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stat;

impl Group for Stat {
    const COLUMNS: usize = 14;
    const SIZE: usize = size_of::<stat>();

    fn declare(declaration: &mut Declaration, argument: u8) {
        let d = declaration;
        let mut time = |name, offset| {
            d.column::<Option<Tfrac>>(name).timespec(argument, Moment::After, offset as u32);
        };
        time("stat_result_atime", offset_of!(stat, st_atime));
        time("stat_result_ctime", offset_of!(stat, st_ctime));
        time("stat_result_mtime", offset_of!(stat, st_mtime));

        let mode = offset_of!(stat, st_mode) as u32;
        d.column::<Option<i32>>("stat_result_mode")
            .memory(argument, Moment::After, mode)
            .shown(abi::display::OCTAL)
            .bits(bits::FILE_TYPE)
            .compared();
        let is_no_directory = behind(argument, mode, 4).is_not(libc::S_IFMT, libc::S_IFDIR);
        d.column::<Option<i32>>("stat_result_nlink")
            .memory_of_width(argument, Moment::After, offset_of!(stat, st_nlink) as u32, 8)
            .compared_when(is_no_directory);
        let mut owner = |name, offset| {
            d.column::<Option<i32>>(name)
                .memory_of_width(argument, Moment::After, offset as u32, 4)
                .compared()
                .owner();
        };
        owner("stat_result_uid", offset_of!(stat, st_uid));
        owner("stat_result_gid", offset_of!(stat, st_gid));

        let mut noted = |name, offset, width| {
            d.column::<Option<i32>>(name).memory_of_width(
                argument,
                Moment::After,
                offset as u32,
                width,
            );
        };
        noted("stat_result_blksize", offset_of!(stat, st_blksize), 8);
        noted("stat_result_blocks", offset_of!(stat, st_blocks), 8);
        noted("stat_result_dev", offset_of!(stat, st_dev), 8);
        noted("stat_result_ino", offset_of!(stat, st_ino), 8);
        noted("stat_result_rdev", offset_of!(stat, st_rdev), 8);

        d.column::<Option<i64>>("stat_result_size")
            .memory(argument, Moment::After, offset_of!(stat, st_size) as u32)
            .compared_when(is_no_directory);
        d.column::<Option<&[u8]>>("stat_result_raw");
    }
}
