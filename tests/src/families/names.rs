//! Names: made, linked, renamed, removed, listed, followed.

use libc::{
    AT_EMPTY_PATH, AT_FDCWD, AT_REMOVEDIR, AT_SYMLINK_FOLLOW, O_CREAT, O_DIRECTORY, O_PATH,
    O_RDONLY,
};

use super::{CLOSED, Family, NONE, NOWHERE};

pub const FAMILY: Family = Family {
    name: "names",
    both: "mkdir mkdirat rmdir mknod mknodat link linkat symlink symlinkat readlink readlinkat unlink unlinkat \
           rename renameat renameat2 getdents getdents64 chdir fchdir getcwd name_to_handle_at \
           open_by_handle_at",
    succeeds: "",
    fails: "",
    run,
};

fn run() {
    folders();
    nodes();
    links();
    renames();
    lists();
    handles();
    removes();
}

fn folders() {
    works!(SYS_mkdir, c"d".as_ptr(), 0o755);
    works!(SYS_mkdir, c"d/e/".as_ptr(), 0o1777);
    fails!(EEXIST, SYS_mkdir, c"d".as_ptr(), 0o755);
    fails!(ENOENT, SYS_mkdir, c"none/below".as_ptr(), 0o755);
    fails!(EFAULT, SYS_mkdir, NOWHERE, 0o755);
    let d = works!(SYS_open, c"d".as_ptr(), O_RDONLY | O_DIRECTORY);
    works!(SYS_mkdirat, d, c"f".as_ptr(), 0o2750);
    works!(SYS_mkdirat, AT_FDCWD, c"d/g".as_ptr(), 0);
    fails!(EBADF, SYS_mkdirat, CLOSED, c"f".as_ptr(), 0o755);
    works!(SYS_chdir, c"d/e".as_ptr());
    works!(SYS_mkdir, c"deep".as_ptr(), 0o700);
    fails!(ENOENT, SYS_chdir, c"none".as_ptr());
    fails!(EFAULT, SYS_chdir, NOWHERE);
    let mut room = [0u8; 4096];
    works!(SYS_getcwd, room.as_mut_ptr(), room.len());
    fails!(ERANGE, SYS_getcwd, room.as_mut_ptr(), 3);
    works!(SYS_fchdir, d);
    works!(SYS_rmdir, c"f".as_ptr());
    works!(SYS_chdir, c"..".as_ptr());
    fails!(EBADF, SYS_fchdir, CLOSED);
    works!(SYS_rmdir, c"d/g".as_ptr());
    fails!(ENOTEMPTY, SYS_rmdir, c"d/e".as_ptr());
    fails!(EINVAL, SYS_rmdir, c"d/.".as_ptr());
    works!(SYS_close, d);
}

fn nodes() {
    works!(SYS_mknod, c"regular".as_ptr(), libc::S_IFREG | 0o640, 0);
    works!(SYS_mknod, c"pipe".as_ptr(), libc::S_IFIFO | 0o600, 0);
    fails!(EEXIST, SYS_mknod, c"pipe".as_ptr(), libc::S_IFIFO | 0o600, 0);
    fails!(EPERM, SYS_mknod, c"folder".as_ptr(), libc::S_IFDIR | 0o600, 0);
    works!(SYS_mknodat, AT_FDCWD, c"socket".as_ptr(), libc::S_IFSOCK | 0o666, 0);
    fails!(EEXIST, SYS_mknodat, AT_FDCWD, c"socket".as_ptr(), libc::S_IFSOCK | 0o666, 0);
    fails!(EBADF, SYS_mknodat, CLOSED, c"x".as_ptr(), libc::S_IFREG, 0);
}

fn links() {
    works!(SYS_link, c"regular".as_ptr(), c"hard".as_ptr());
    fails!(EEXIST, SYS_link, c"regular".as_ptr(), c"hard".as_ptr());
    fails!(ENOENT, SYS_link, c"none".as_ptr(), c"x".as_ptr());
    works!(SYS_symlink, c"regular".as_ptr(), c"soft".as_ptr());
    works!(SYS_symlink, c"nowhere/at all".as_ptr(), c"dangling".as_ptr());
    fails!(EEXIST, SYS_symlink, c"regular".as_ptr(), c"soft".as_ptr());
    fails!(ENOENT, SYS_symlink, c"".as_ptr(), c"x".as_ptr());
    let d = works!(SYS_open, c"d".as_ptr(), O_PATH);
    works!(SYS_linkat, AT_FDCWD, c"soft".as_ptr(), d, c"followed".as_ptr(), AT_SYMLINK_FOLLOW);
    works!(SYS_linkat, AT_FDCWD, c"soft".as_ptr(), d, c"link".as_ptr(), 0);
    let regular = works!(SYS_open, c"regular".as_ptr(), O_RDONLY);
    works!(SYS_linkat, regular, c"".as_ptr(), d, c"empty".as_ptr(), AT_EMPTY_PATH);
    works!(SYS_close, regular);
    fails!(EINVAL, SYS_linkat, AT_FDCWD, c"soft".as_ptr(), d, c"x".as_ptr(), 1);
    works!(SYS_symlinkat, c"../regular".as_ptr(), d, c"up".as_ptr());
    fails!(EBADF, SYS_symlinkat, c"x".as_ptr(), CLOSED, c"y".as_ptr());
    let mut room = [0u8; 64];
    works!(SYS_readlink, c"dangling".as_ptr(), room.as_mut_ptr(), 64);
    works!(SYS_readlink, c"dangling".as_ptr(), room.as_mut_ptr(), 3);
    fails!(EINVAL, SYS_readlink, c"dangling".as_ptr(), room.as_mut_ptr(), 0);
    fails!(EINVAL, SYS_readlink, c"regular".as_ptr(), room.as_mut_ptr(), 64);
    fails!(EFAULT, SYS_readlink, c"soft".as_ptr(), NOWHERE, 64);
    works!(SYS_readlinkat, d, c"up".as_ptr(), room.as_mut_ptr(), 64);
    fails!(ENOENT, SYS_readlinkat, d, c"none".as_ptr(), room.as_mut_ptr(), 64);
    works!(SYS_close, d);
}

fn renames() {
    works!(SYS_rename, c"hard".as_ptr(), c"d/renamed".as_ptr());
    fails!(ENOENT, SYS_rename, c"hard".as_ptr(), c"x".as_ptr());
    fails!(EINVAL, SYS_rename, c"d".as_ptr(), c"d/e/below".as_ptr());
    let d = works!(SYS_open, c"d".as_ptr(), O_PATH);
    works!(SYS_renameat, d, c"renamed".as_ptr(), d, c"again".as_ptr());
    fails!(EBADF, SYS_renameat, CLOSED, c"x".as_ptr(), d, c"y".as_ptr());
    let exchange = libc::RENAME_EXCHANGE;
    works!(SYS_renameat2, d, c"again".as_ptr(), AT_FDCWD, c"soft".as_ptr(), exchange);
    works!(SYS_renameat2, d, c"again".as_ptr(), d, c"last".as_ptr(), libc::RENAME_NOREPLACE);
    works!(SYS_renameat2, d, c"last".as_ptr(), d, c"last".as_ptr(), 0);
    let both = libc::RENAME_EXCHANGE | libc::RENAME_NOREPLACE;
    fails!(EINVAL, SYS_renameat2, d, c"last".as_ptr(), d, c"x".as_ptr(), both);
    let no = libc::RENAME_NOREPLACE;
    fails!(EEXIST, SYS_renameat2, d, c"last".as_ptr(), d, c"up".as_ptr(), no);
    works!(SYS_close, d);
}

fn lists() {
    let mut room = [0u64; 512];
    let folder = works!(SYS_open, c"d".as_ptr(), O_RDONLY | O_DIRECTORY);
    while works!(SYS_getdents, folder, room.as_mut_ptr(), 100) > 0 {}
    works!(SYS_lseek, folder, 0, libc::SEEK_SET);
    while works!(SYS_getdents64, folder, room.as_mut_ptr(), 4096) > 0 {}
    works!(SYS_lseek, folder, 0, libc::SEEK_SET);
    fails!(EINVAL, SYS_getdents64, folder, room.as_mut_ptr(), 1);
    fails!(EINVAL, SYS_getdents, folder, room.as_mut_ptr(), 1);
    works!(SYS_close, folder);
    let file = works!(SYS_open, c"regular".as_ptr(), O_RDONLY);
    fails!(ENOTDIR, SYS_getdents64, file, room.as_mut_ptr(), 4096);
    fails!(ENOTDIR, SYS_getdents, file, room.as_mut_ptr(), 4096);
    works!(SYS_close, file);
    fails!(EBADF, SYS_getdents64, NONE, room.as_mut_ptr(), 4096);
}

fn handles() {
    let mut handle = [0u32; 40];
    handle[0] = 128;
    let mut mount = 0i32;
    let name = c"regular".as_ptr();
    works!(SYS_name_to_handle_at, AT_FDCWD, name, handle.as_mut_ptr(), &raw mut mount, 0);
    let mut small = [0u32; 2];
    fails!(EOVERFLOW, SYS_name_to_handle_at, AT_FDCWD, name, small.as_mut_ptr(), &raw mut mount, 0);
    let here = works!(SYS_open, c".".as_ptr(), O_RDONLY);
    works!(SYS_close, works!(SYS_open_by_handle_at, here, handle.as_ptr(), O_RDONLY));
    fails!(EBADF, SYS_open_by_handle_at, CLOSED, handle.as_ptr(), O_RDONLY);
    works!(SYS_close, here);
}

fn removes() {
    works!(SYS_close, works!(SYS_open, c"victim".as_ptr(), O_CREAT, 0o600));
    works!(SYS_unlink, c"victim".as_ptr());
    fails!(ENOENT, SYS_unlink, c"victim".as_ptr());
    fails!(EISDIR, SYS_unlink, c"d".as_ptr());
    works!(SYS_unlinkat, AT_FDCWD, c"d/up".as_ptr(), 0);
    works!(SYS_unlinkat, AT_FDCWD, c"d/e/deep".as_ptr(), AT_REMOVEDIR);
    fails!(ENOTDIR, SYS_unlinkat, AT_FDCWD, c"regular".as_ptr(), AT_REMOVEDIR);
    fails!(EINVAL, SYS_unlinkat, AT_FDCWD, c"regular".as_ptr(), 1);
    fails!(EFAULT, SYS_unlinkat, AT_FDCWD, 0, 0);
}
