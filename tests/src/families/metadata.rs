//! What files are: their state, modes, owners, times and attributes, and their file systems.

use libc::{
    AT_EACCESS, AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, F_OK, O_CREAT, O_PATH, O_RDWR, R_OK,
    W_OK, X_OK, timespec,
};

use super::{CLOSED, Family, NONE, NOWHERE, raw};

pub const FAMILY: Family = Family {
    name: "metadata",
    both: "stat lstat fstat newfstatat statx access faccessat faccessat2 chmod fchmod fchmodat fchmodat2 chown \
           fchown lchown fchownat utime utimes futimesat utimensat statfs fstatfs ustat setxattr lsetxattr \
           fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr removexattr lremovexattr \
           fremovexattr setxattrat getxattrat listxattrat removexattrat file_getattr file_setattr",
    succeeds: "umask",
    fails: "",
    run,
};

fn run() {
    works!(SYS_umask, 0o027);
    let file = works!(SYS_open, c"file".as_ptr(), O_RDWR | O_CREAT, 0o666) as i32;
    works!(SYS_umask, 0);
    works!(SYS_write, file, c"content".as_ptr(), 7);
    works!(SYS_symlink, c"file".as_ptr(), c"link".as_ptr());
    works!(SYS_symlink, c"nowhere".as_ptr(), c"dangling".as_ptr());
    works!(SYS_mkdir, c"d".as_ptr(), 0o755);
    states(file);
    may(file);
    modes(file);
    owners(file);
    times(file);
    systems(file);
    attributes(file);
    attributes_at();
    states(file);
}

fn states(file: i32) {
    let mut room = [0u64; 64];
    let room = room.as_mut_ptr();
    for path in [c"file", c"link", c"d", c"."] {
        works!(SYS_stat, path.as_ptr(), room);
        works!(SYS_lstat, path.as_ptr(), room);
    }
    fails!(ENOENT, SYS_stat, c"dangling".as_ptr(), room);
    fails!(EFAULT, SYS_stat, c"file".as_ptr(), NOWHERE);
    fails!(EFAULT, SYS_lstat, NOWHERE, room);
    works!(SYS_fstat, file, room);
    fails!(EBADF, SYS_fstat, CLOSED, room);
    works!(SYS_newfstatat, AT_FDCWD, c"dangling".as_ptr(), room, AT_SYMLINK_NOFOLLOW);
    works!(SYS_newfstatat, file, c"".as_ptr(), room, AT_EMPTY_PATH | libc::AT_NO_AUTOMOUNT);
    fails!(EINVAL, SYS_newfstatat, AT_FDCWD, c"file".as_ptr(), room, 0x4000_0000);
    fails!(ENOTDIR, SYS_newfstatat, file, c"x".as_ptr(), room, 0);
    let (basic, all) = (libc::STATX_BASIC_STATS, libc::STATX_ALL);
    works!(SYS_statx, AT_FDCWD, c"file".as_ptr(), 0, basic, room);
    works!(SYS_statx, AT_FDCWD, c"link".as_ptr(), AT_SYMLINK_NOFOLLOW, all, room);
    works!(SYS_statx, file, c"".as_ptr(), AT_EMPTY_PATH | libc::AT_STATX_FORCE_SYNC, 0, room);
    fails!(EINVAL, SYS_statx, AT_FDCWD, c"file".as_ptr(), 0, 0x8000_0000u32, room);
    fails!(ENOENT, SYS_statx, AT_FDCWD, c"".as_ptr(), 0, basic, room);
}

fn may(file: i32) {
    for mode in [F_OK, R_OK, R_OK | W_OK] {
        works!(SYS_access, c"file".as_ptr(), mode);
        works!(SYS_faccessat, AT_FDCWD, c"link".as_ptr(), mode);
    }
    works!(SYS_access, c"d".as_ptr(), X_OK);
    fails!(EACCES, SYS_access, c"file".as_ptr(), X_OK);
    fails!(EINVAL, SYS_access, c"file".as_ptr(), 0o77);
    fails!(ENOENT, SYS_faccessat, AT_FDCWD, c"none".as_ptr(), F_OK);
    works!(SYS_faccessat2, AT_FDCWD, c"dangling".as_ptr(), F_OK, AT_SYMLINK_NOFOLLOW);
    works!(SYS_faccessat2, file, c"".as_ptr(), W_OK, AT_EMPTY_PATH | AT_EACCESS);
    fails!(EINVAL, SYS_faccessat2, AT_FDCWD, c"file".as_ptr(), F_OK, 1);
}

fn modes(file: i32) {
    for mode in [0o7777, 0, 0o640] {
        works!(SYS_chmod, c"link".as_ptr(), mode);
        works!(SYS_fchmod, file, mode);
    }
    fails!(ENOENT, SYS_chmod, c"dangling".as_ptr(), 0o600);
    fails!(EBADF, SYS_fchmod, NONE, 0o600);
    works!(SYS_fchmodat, AT_FDCWD, c"file".as_ptr(), 0o604);
    fails!(EBADF, SYS_fchmodat, CLOSED, c"file".as_ptr(), 0o604);
    works!(SYS_fchmodat2, file, c"".as_ptr(), 0o660, AT_EMPTY_PATH);
    fails!(EOPNOTSUPP, SYS_fchmodat2, AT_FDCWD, c"link".as_ptr(), 0o660, AT_SYMLINK_NOFOLLOW);
}

fn owners(file: i32) {
    works!(SYS_chown, c"link".as_ptr(), NONE, NONE);
    fails!(ENOENT, SYS_chown, c"dangling".as_ptr(), NONE, NONE);
    works!(SYS_lchown, c"dangling".as_ptr(), NONE, NONE);
    fails!(ENOENT, SYS_lchown, c"none".as_ptr(), NONE, NONE);
    works!(SYS_fchown, file, NONE, NONE);
    fails!(EBADF, SYS_fchown, CLOSED, NONE, NONE);
    works!(SYS_fchownat, AT_FDCWD, c"dangling".as_ptr(), NONE, NONE, AT_SYMLINK_NOFOLLOW);
    works!(SYS_fchownat, file, c"".as_ptr(), NONE, NONE, AT_EMPTY_PATH);
    fails!(EINVAL, SYS_fchownat, file, c"".as_ptr(), NONE, NONE, 1);
}

fn times(file: i32) {
    let seconds = [1_000_000_000i64, 1_000_000_001];
    works!(SYS_utime, c"file".as_ptr(), seconds.as_ptr());
    works!(SYS_utime, c"file".as_ptr(), 0);
    fails!(ENOENT, SYS_utime, c"none".as_ptr(), seconds.as_ptr());
    let micros = [1_100_000_000i64, 250_000, 1_100_000_001, 999_999];
    works!(SYS_utimes, c"file".as_ptr(), micros.as_ptr());
    fails!(EINVAL, SYS_utimes, c"file".as_ptr(), [0i64, 2_000_000, 0, 0].as_ptr());
    works!(SYS_futimesat, AT_FDCWD, c"file".as_ptr(), micros.as_ptr());
    works!(SYS_futimesat, file, 0, 0);
    fails!(EBADF, SYS_futimesat, CLOSED, c"file".as_ptr(), micros.as_ptr());
    let time = |tv_sec: i64, tv_nsec: i64| timespec { tv_sec, tv_nsec };
    let exact = [time(1_200_000_000, 1), time(981_173_106, 999_999_999)];
    works!(SYS_utimensat, AT_FDCWD, c"dangling".as_ptr(), exact.as_ptr(), AT_SYMLINK_NOFOLLOW);
    let some = [time(0, libc::UTIME_OMIT), time(-1, 0)];
    works!(SYS_utimensat, AT_FDCWD, c"file".as_ptr(), some.as_ptr(), 0);
    let now = [time(0, libc::UTIME_NOW), time(0, libc::UTIME_OMIT)];
    works!(SYS_utimensat, file, 0, now.as_ptr(), 0);
    works!(SYS_utimensat, AT_FDCWD, c"file".as_ptr(), exact.as_ptr(), 0);
    fails!(EINVAL, SYS_utimensat, AT_FDCWD, c"file".as_ptr(), [time(0, -5); 2].as_ptr(), 0);
    fails!(ENOENT, SYS_utimensat, AT_FDCWD, c"none".as_ptr(), 0, 0);
}

fn systems(file: i32) {
    let mut room = [0u64; 64];
    works!(SYS_statfs, c".".as_ptr(), room.as_mut_ptr());
    fails!(ENOENT, SYS_statfs, c"none".as_ptr(), room.as_mut_ptr());
    works!(SYS_fstatfs, file, room.as_mut_ptr());
    fails!(EBADF, SYS_fstatfs, CLOSED, room.as_mut_ptr());
    works!(SYS_stat, c".".as_ptr(), room.as_mut_ptr());
    let device = room[0];
    works!(SYS_ustat, device, room.as_mut_ptr());
    fails!(EINVAL, SYS_ustat, 0, room.as_mut_ptr());
}

fn attributes(file: i32) {
    let (name, value) = (c"user.name".as_ptr(), c"a value\n".as_ptr());
    let mut room = [0u8; 256];
    let room = room.as_mut_ptr();
    works!(SYS_setxattr, c"link".as_ptr(), name, value, 8, libc::XATTR_CREATE);
    fails!(EEXIST, SYS_setxattr, c"file".as_ptr(), name, value, 8, libc::XATTR_CREATE);
    fails!(EOPNOTSUPP, SYS_setxattr, c"file".as_ptr(), c"nothing".as_ptr(), value, 8, 0);
    works!(SYS_lsetxattr, c"file".as_ptr(), name, value, 3, libc::XATTR_REPLACE);
    fails!(EPERM, SYS_lsetxattr, c"dangling".as_ptr(), name, value, 3, 0);
    works!(SYS_fsetxattr, file, c"user.empty".as_ptr(), value, 0, 0);
    fails!(ENODATA, SYS_fsetxattr, file, c"user.b".as_ptr(), value, 8, libc::XATTR_REPLACE);
    works!(SYS_getxattr, c"link".as_ptr(), name, room, 256);
    works!(SYS_getxattr, c"link".as_ptr(), name, 0, 0);
    fails!(ERANGE, SYS_getxattr, c"link".as_ptr(), name, room, 1);
    works!(SYS_lgetxattr, c"file".as_ptr(), c"user.empty".as_ptr(), room, 256);
    works!(SYS_lgetxattr, c"file".as_ptr(), name, room, 256);
    fails!(ENODATA, SYS_lgetxattr, c"file".as_ptr(), c"user.none".as_ptr(), room, 256);
    works!(SYS_fgetxattr, file, name, room, 256);
    fails!(EBADF, SYS_fgetxattr, CLOSED, name, room, 256);
    works!(SYS_listxattr, c"file".as_ptr(), room, 256);
    works!(SYS_listxattr, c"file".as_ptr(), 0, 0);
    fails!(ERANGE, SYS_listxattr, c"file".as_ptr(), room, 1);
    works!(SYS_llistxattr, c"dangling".as_ptr(), room, 256);
    works!(SYS_llistxattr, c"file".as_ptr(), room, 256);
    fails!(ENOENT, SYS_llistxattr, c"none".as_ptr(), room, 256);
    works!(SYS_flistxattr, file, room, 256);
    fails!(EBADF, SYS_flistxattr, CLOSED, room, 256);
    works!(SYS_removexattr, c"link".as_ptr(), name);
    fails!(ENODATA, SYS_removexattr, c"link".as_ptr(), name);
    works!(SYS_lremovexattr, c"file".as_ptr(), c"user.empty".as_ptr());
    fails!(ENOENT, SYS_lremovexattr, c"none".as_ptr(), name);
    works!(SYS_fsetxattr, file, name, value, 8, 0);
    works!(SYS_fremovexattr, file, name);
    fails!(EBADF, SYS_fremovexattr, CLOSED, name);
}

/// The libc crate doesn't know these calls' numbers.
fn attributes_at() {
    let file = c"file".as_ptr() as usize;
    let here = AT_FDCWD as usize;
    let name = c"user.at".as_ptr() as usize;
    let mut room = [0u8; 64];
    let value = [room.as_mut_ptr() as usize, 5];
    let empty = [0usize; 2];
    let at = |number, words: &[usize]| raw(number, words);
    works_or_unknown(at(463, &[here, file, 0, name, value.as_ptr() as usize, 16]));
    let create = [value[0], 5 | (libc::XATTR_CREATE as usize) << 32];
    fails_or_unknown(at(463, &[here, file, 0, name, create.as_ptr() as usize, 16]));
    works_or_unknown(at(464, &[here, file, 0, name, value.as_ptr() as usize, 16]));
    works_or_unknown(at(464, &[here, file, 0, name, empty.as_ptr() as usize, 16]));
    fails_or_unknown(at(464, &[CLOSED as usize, file, 0, name, value.as_ptr() as usize, 16]));
    works_or_unknown(at(465, &[here, file, AT_SYMLINK_NOFOLLOW as usize, value[0], 64]));
    fails_or_unknown(at(465, &[here, file, 1, value[0], 64]));
    works_or_unknown(at(466, &[here, file, 0, name]));
    fails_or_unknown(at(466, &[here, file, 0, name]));
    let attributes = [0u64; 3];
    let words = [here, file, attributes.as_ptr() as usize, 24, 0];
    works_or_unknown(at(468, &words));
    works_or_unknown(at(469, &words));
    fails_or_unknown(at(468, &[here, file, words[2], 24, 1]));
    fails_or_unknown(at(469, &[here, file, words[2], 8, 0]));
    let itself = works!(SYS_open, c"file".as_ptr(), O_PATH);
    works!(SYS_close, itself);
}

/// An older kernel hasn't the call.
fn works_or_unknown(returned: Result<i64, i32>) {
    assert!(matches!(returned, Ok(_) | Err(libc::ENOSYS)), "{returned:?}");
}

fn fails_or_unknown(returned: Result<i64, i32>) {
    assert!(returned.is_err(), "{returned:?}");
}
