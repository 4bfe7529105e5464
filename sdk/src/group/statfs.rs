//! `struct statfs`, as statfs(2) and fstatfs(2) fill it in.

use std::mem::offset_of;

use libc::statfs;

use super::Group;
use crate::bits;
use crate::declare::{Declaration, Moment};

/// The `statfs_result_*` columns of statfs(2). Only the longest name is compared: which kind of file system it is is the
/// machine's, and how much is free changes by the minute.
#[derive(Clone, Copy, Debug, Default)]
pub struct Statfs;

/// The `statfs_result_*` columns of fstatfs(2), which lack `statfs_result_flags_valid`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fstatfs;

impl Group for Statfs {
    const COLUMNS: usize = 12;
    const SIZE: usize = size_of::<statfs>();

    fn declare(declaration: &mut Declaration, argument: u8) {
        columns(declaration, argument, bits::STATFS_FLAGS);
    }
}

impl Group for Fstatfs {
    const COLUMNS: usize = Statfs::COLUMNS;
    const SIZE: usize = Statfs::SIZE;

    fn declare(declaration: &mut Declaration, argument: u8) {
        columns(declaration, argument, bits::FSTATFS_FLAGS);
    }
}

fn columns(d: &mut Declaration, argument: u8, flags: &[abi::Bit]) {
    let mut free = |name, offset| {
        d.column::<Option<i64>>(name).memory(argument, Moment::After, offset as u32);
    };
    free("statfs_result_bavail", offset_of!(statfs, f_bavail));
    free("statfs_result_bfree", offset_of!(statfs, f_bfree));
    free("statfs_result_blocks", offset_of!(statfs, f_blocks));
    free("statfs_result_ffree", offset_of!(statfs, f_ffree));
    free("statfs_result_files", offset_of!(statfs, f_files));
    free("statfs_result_frsize", offset_of!(statfs, f_frsize));

    let behind = Moment::After;
    d.column::<Option<i64>>("statfs_result_namelen")
        .memory(argument, behind, offset_of!(statfs, f_namelen) as u32)
        .compared();
    // libc keeps the flags' field to itself; they are the word before the spare ones.
    let flags_offset = offset_of!(statfs, f_frsize) as u32 + 8;
    d.column::<Option<i64>>("statfs_result_flags")
        .memory(argument, behind, flags_offset)
        .bits(flags);
    d.column::<Option<i32>>("statfs_result_bsize").memory_of_width(
        argument,
        behind,
        offset_of!(statfs, f_bsize) as u32,
        8,
    );
    d.column::<Option<i32>>("statfs_result_type")
        .memory_of_width(argument, behind, offset_of!(statfs, f_type) as u32, 8)
        .shown(abi::display::HEX);
    d.column::<Option<i32>>("statfs_result_fsid").memory(
        argument,
        behind,
        offset_of!(statfs, f_fsid) as u32,
    );
    d.column::<Option<&[u8]>>("statfs_result_raw");
}
