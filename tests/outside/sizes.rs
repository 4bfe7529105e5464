//! statx(2), of which a third party wants to know one thing: how large files are.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "statx", extent = "file_sizes", looks, keeps_offset)]
struct FileSizes<'t> {
    #[arg(0)]
    directory: DirFd,
    #[pathname(1)]
    name: Option<Path<'t>>,
    #[arg(2)]
    #[bits(HOW)]
    how: Option<i32>,
    #[arg(3)]
    wanted: i32,
    #[after(4, offset = 40)]
    #[compared]
    size_in_bytes: Option<i64>,
    #[after(4, offset = 16)]
    links: Option<i32>,
    #[after(4, offset = 112)]
    changed: Option<i64>,
}

/// Names that nobody but this plugin has.
const HOW: &[Bit] = &[bit("", "AT_ACME_FAST", 0x10_0000), bits::AT_SYMLINK_NOFOLLOW];

export_plugin!(FileSizes);
