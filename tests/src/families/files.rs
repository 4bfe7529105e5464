//! Data in files: opened, read, written, moved, measured, locked.

use libc::{
    AT_FDCWD, O_APPEND, O_CLOEXEC, O_CREAT, O_DIRECTORY, O_DSYNC, O_EXCL, O_NOATIME, O_NOFOLLOW,
    O_NONBLOCK, O_PATH, O_RDONLY, O_RDWR, O_SYNC, O_TMPFILE, O_TRUNC, O_WRONLY, flock, iovec,
};

use super::{CLOSED, Family, NONE, NOWHERE};

pub const FAMILY: Family = Family {
    name: "files",
    both: "open openat openat2 creat read write pread64 pwrite64 readv writev preadv pwritev preadv2 pwritev2 \
           lseek close ftruncate truncate fallocate fsync fdatasync syncfs sync_file_range readahead fadvise64 \
           copy_file_range sendfile flock fcntl ioctl cachestat",
    succeeds: "sync",
    fails: "",
    run,
};

/// More than any file has.
const HUGE: i64 = i64::MAX;

const MINUS: i64 = -1;

fn run() {
    open();
    read_and_write();
    vectors();
    measure();
    synchronize();
    inside_the_kernel();
    lock();
    let threads = (0..4).map(|number| std::thread::spawn(move || on_a_thread(number)));
    for thread in threads.collect::<Vec<_>>() {
        thread.join().expect("the thread's calls do what they should");
    }
}

fn open() {
    let new = works!(SYS_open, c"file".as_ptr(), O_RDWR | O_CREAT | O_EXCL, 0o640);
    fails!(EEXIST, SYS_open, c"file".as_ptr(), O_CREAT | O_EXCL, 0o640);
    fails!(ENOENT, SYS_open, c"none".as_ptr(), O_RDONLY);
    fails!(EFAULT, SYS_open, NOWHERE, O_RDONLY);
    fails!(EFAULT, SYS_open, 0, O_RDONLY);
    fails!(ENOENT, SYS_open, c"".as_ptr(), O_RDONLY);
    fails!(ENOTDIR, SYS_open, c"file/below".as_ptr(), O_RDONLY);
    fails!(EISDIR, SYS_open, c".".as_ptr(), O_WRONLY);
    let long = [b'x'; 300].into_iter().chain([0]).collect::<Vec<u8>>();
    fails!(ENAMETOOLONG, SYS_open, long.as_ptr(), O_RDONLY);
    works!(SYS_close, new);
    for flags in [
        O_WRONLY | O_APPEND,
        O_RDWR | O_TRUNC | O_CLOEXEC,
        O_RDONLY | O_NOATIME | O_NONBLOCK,
        O_RDWR | O_SYNC,
        O_WRONLY | O_DSYNC,
        O_PATH | O_NOFOLLOW,
    ] {
        works!(SYS_close, works!(SYS_openat, AT_FDCWD, c"file".as_ptr(), flags, 0));
    }
    let folder = works!(SYS_openat, AT_FDCWD, c".".as_ptr(), O_DIRECTORY | O_CLOEXEC, 0);
    works!(SYS_close, works!(SYS_openat, folder, c"made".as_ptr(), O_CREAT | O_RDWR, 0o7777));
    let _ = call!(SYS_openat, folder, c".".as_ptr(), O_TMPFILE | O_RDWR, 0o600);
    fails!(ENOTDIR, SYS_openat, AT_FDCWD, c"file".as_ptr(), O_DIRECTORY, 0);
    fails!(EBADF, SYS_openat, CLOSED, c"file".as_ptr(), O_RDONLY, 0);
    fails!(EBADF, SYS_close, CLOSED);
    fails!(EBADF, SYS_close, NONE);
    works!(SYS_close, works!(SYS_creat, c"created".as_ptr(), 0o4755));
    fails!(EISDIR, SYS_creat, c".".as_ptr(), 0o600);

    let how = |flags: i32, resolve: u64| [flags as u64, 0, resolve];
    let beneath = how(O_RDONLY, libc::RESOLVE_BENEATH | libc::RESOLVE_NO_SYMLINKS);
    works!(SYS_close, works!(SYS_openat2, folder, c"file".as_ptr(), beneath.as_ptr(), 24));
    fails!(EXDEV, SYS_openat2, folder, c"../file".as_ptr(), beneath.as_ptr(), 24);
    fails!(EINVAL, SYS_openat2, folder, c"file".as_ptr(), beneath.as_ptr(), 8);
    fails!(EFAULT, SYS_openat2, folder, c"file".as_ptr(), NOWHERE, 24);
    works!(SYS_close, folder);
}

fn read_and_write() {
    let file = works!(SYS_open, c"data".as_ptr(), O_RDWR | O_CREAT, 0o600);
    let (data, mut room) = ([b'd'; 5000], [0u8; 8192]);
    works!(SYS_write, file, data.as_ptr(), data.len());
    works!(SYS_write, file, data.as_ptr(), 0);
    works!(SYS_write, file, data[1..].as_ptr(), 3);
    fails!(EFAULT, SYS_write, file, NOWHERE, 10);
    fails!(EBADF, SYS_write, CLOSED, data.as_ptr(), 10);
    works!(SYS_lseek, file, 0, libc::SEEK_SET);
    assert_eq!(works!(SYS_read, file, room.as_mut_ptr(), 4096), 4096);
    assert_eq!(works!(SYS_read, file, room[1..].as_mut_ptr(), 4096), 907);
    assert_eq!(works!(SYS_read, file, room.as_mut_ptr(), 4096), 0);
    works!(SYS_read, file, room.as_mut_ptr(), 0);
    works!(SYS_lseek, file, 0, libc::SEEK_SET);
    fails!(EFAULT, SYS_read, file, NOWHERE, 10);
    fails!(EBADF, SYS_read, NONE, room.as_mut_ptr(), 10);
    works!(SYS_pwrite64, file, c"pwrite".as_ptr(), 6, 100_000);
    fails!(EINVAL, SYS_pwrite64, file, data.as_ptr(), 6, MINUS);
    works!(SYS_pread64, file, room.as_mut_ptr(), 100, 99_990);
    works!(SYS_pread64, file, room.as_mut_ptr(), 100, HUGE - 200);
    fails!(EINVAL, SYS_pread64, file, room.as_mut_ptr(), 100, MINUS);
    works!(SYS_lseek, file, 10, libc::SEEK_CUR);
    works!(SYS_lseek, file, -10i64, libc::SEEK_END);
    works!(SYS_lseek, file, 5_000_000_000i64, libc::SEEK_SET);
    let _ = call!(SYS_lseek, file, 6000, libc::SEEK_HOLE);
    fails!(EINVAL, SYS_lseek, file, MINUS, libc::SEEK_SET);
    fails!(EINVAL, SYS_lseek, file, 0, 77);
    fails!(ENXIO, SYS_lseek, file, HUGE - 1, libc::SEEK_DATA);
    works!(SYS_close, file);
    let folder = works!(SYS_open, c".".as_ptr(), O_DIRECTORY);
    fails!(EISDIR, SYS_read, folder, room.as_mut_ptr(), 10);
    let vector = iovec { iov_base: room.as_mut_ptr().cast(), iov_len: 10 };
    fails!(EISDIR, SYS_readv, folder, &raw const vector, 1);
    works!(SYS_close, folder);
}

fn vectors() {
    let file = works!(SYS_open, c"vectors".as_ptr(), O_RDWR | O_CREAT | O_TRUNC, 0o600);
    let data = *b"one two three four";
    let vector = |from: usize, length: usize| iovec {
        iov_base: data[from..].as_ptr().cast_mut().cast(),
        iov_len: length,
    };
    let out = [vector(0, 4), vector(4, 0), vector(4, 10)];
    assert_eq!(works!(SYS_writev, file, out.as_ptr(), 3), 14);
    works!(SYS_writev, file, out.as_ptr(), 0);
    fails!(EINVAL, SYS_writev, file, out.as_ptr(), 2000);
    works!(SYS_pwritev, file, out.as_ptr(), 3, 20, 0);
    fails!(EBADF, SYS_pwritev, CLOSED, out.as_ptr(), 3, 20, 0);
    works!(SYS_pwritev2, file, out.as_ptr(), 2, 40, 0, libc::RWF_DSYNC);
    works!(SYS_pwritev2, file, out.as_ptr(), 1, MINUS, MINUS, libc::RWF_APPEND);
    fails!(EOPNOTSUPP, SYS_pwritev2, file, out.as_ptr(), 1, 0, 0, 0x4000_0000);
    let mut room = [0u8; 64];
    let mut slice = |from: usize, length: usize| iovec {
        iov_base: room[from..].as_mut_ptr().cast(),
        iov_len: length,
    };
    let into = [slice(0, 3), slice(10, 40), slice(3, 0)];
    works!(SYS_lseek, file, 0, libc::SEEK_SET);
    works!(SYS_readv, file, into.as_ptr(), 3);
    fails!(EBADF, SYS_readv, CLOSED, into.as_ptr(), 3);
    works!(SYS_preadv, file, into.as_ptr(), 2, 5, 0);
    fails!(EINVAL, SYS_preadv, file, into.as_ptr(), 2, MINUS, MINUS);
    works!(SYS_preadv2, file, into.as_ptr(), 2, 5, 0, 0);
    works!(SYS_lseek, file, 2, libc::SEEK_SET);
    works!(SYS_preadv2, file, into.as_ptr(), 2, MINUS, MINUS, 0);
    fails!(EOPNOTSUPP, SYS_preadv2, file, into.as_ptr(), 1, 0, 0, 0x4000_0000);
    works!(SYS_close, file);
}

fn measure() {
    let file = works!(SYS_open, c"sizes".as_ptr(), O_RDWR | O_CREAT, 0o600);
    works!(SYS_ftruncate, file, 100_000);
    works!(SYS_ftruncate, file, 0);
    fails!(EINVAL, SYS_ftruncate, file, MINUS);
    fails!(EBADF, SYS_ftruncate, CLOSED, 0);
    works!(SYS_truncate, c"sizes".as_ptr(), 5000);
    fails!(EINVAL, SYS_truncate, c"sizes".as_ptr(), MINUS);
    fails!(ENOENT, SYS_truncate, c"none".as_ptr(), 1);
    fails!(EISDIR, SYS_truncate, c".".as_ptr(), 1);
    works!(SYS_fallocate, file, 0, 0, 20_000);
    works!(SYS_fallocate, file, libc::FALLOC_FL_KEEP_SIZE, 20_000, 4096);
    let punch = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
    let _ = call!(SYS_fallocate, file, punch, 4096, 4096);
    let _ = call!(SYS_fallocate, file, libc::FALLOC_FL_ZERO_RANGE, 0, 4096);
    fails!(EINVAL, SYS_fallocate, file, 0, 0, 0);
    fails!(EINVAL, SYS_fallocate, file, 0, MINUS, 10);
    works!(SYS_fadvise64, file, 0, 0, libc::POSIX_FADV_SEQUENTIAL);
    works!(SYS_fadvise64, file, 0, 4096, libc::POSIX_FADV_DONTNEED);
    fails!(EINVAL, SYS_fadvise64, file, 0, 0, 77);
    works!(SYS_readahead, file, 0, 4096);
    fails!(EBADF, SYS_readahead, CLOSED, 0, 4096);
    let (range, mut pages) = ([0u64; 2], [0u64; 5]);
    let cachestat = |fd: i64| {
        super::raw(451, &[fd as usize, range.as_ptr() as usize, pages.as_mut_ptr() as usize, 0])
    };
    let mut cachestat = cachestat;
    assert_eq!(cachestat(file), Ok(0));
    assert_eq!(cachestat(CLOSED.into()), Err(libc::EBADF));
    let mut flags = 0i32;
    let _ = call!(SYS_ioctl, file, libc::FS_IOC_GETFLAGS, &raw mut flags);
    works!(SYS_ioctl, file, libc::FIOCLEX);
    works!(SYS_ioctl, file, libc::FIONCLEX);
    works!(SYS_ioctl, file, libc::FIONREAD, &raw mut flags);
    fails!(ENOTTY, SYS_ioctl, file, libc::TCGETS, &raw mut flags);
    fails!(EBADF, SYS_ioctl, CLOSED, libc::FIONREAD, &raw mut flags);
    works!(SYS_close, file);
}

fn synchronize() {
    let file = works!(SYS_open, c"sizes".as_ptr(), O_RDWR);
    works!(SYS_fsync, file);
    fails!(EBADF, SYS_fsync, CLOSED);
    works!(SYS_fdatasync, file);
    fails!(EBADF, SYS_fdatasync, CLOSED);
    works!(SYS_syncfs, file);
    fails!(EBADF, SYS_syncfs, CLOSED);
    let write = libc::SYNC_FILE_RANGE_WRITE | libc::SYNC_FILE_RANGE_WAIT_AFTER;
    works!(SYS_sync_file_range, file, 0, 4096, write);
    fails!(EINVAL, SYS_sync_file_range, file, 0, 4096, 0x100);
    works!(SYS_sync);
    works!(SYS_close, file);
}

fn inside_the_kernel() {
    let from = works!(SYS_open, c"data".as_ptr(), O_RDONLY);
    let to = works!(SYS_open, c"copy".as_ptr(), O_RDWR | O_CREAT | O_TRUNC, 0o600);
    let (mut from_offset, mut to_offset) = (10i64, 100i64);
    let (from_at, to_at) = (&raw mut from_offset, &raw mut to_offset);
    works!(SYS_copy_file_range, from, from_at, to, to_at, 1000, 0);
    works!(SYS_copy_file_range, from, 0, to, 0, 50, 0);
    fails!(EINVAL, SYS_copy_file_range, from, 0, to, 0, 50, 1);
    fails!(EBADF, SYS_copy_file_range, to, 0, from, 0, 50, 0);
    works!(SYS_sendfile, to, from, from_at, 2000);
    works!(SYS_sendfile, to, from, 0, 100);
    fails!(EBADF, SYS_sendfile, CLOSED, from, 0, 100);
    from_offset = MINUS;
    fails!(EINVAL, SYS_sendfile, to, from, &raw mut from_offset, 100);
    works!(SYS_close, from);
    works!(SYS_close, to);
}

fn lock() {
    let file = works!(SYS_open, c"data".as_ptr(), O_RDWR);
    let other = works!(SYS_open, c"data".as_ptr(), O_RDWR);
    works!(SYS_flock, file, libc::LOCK_EX);
    fails!(EAGAIN, SYS_flock, other, libc::LOCK_SH | libc::LOCK_NB);
    works!(SYS_flock, file, libc::LOCK_UN);
    fails!(EINVAL, SYS_flock, file, 0);
    let part = |kind: i32| flock {
        l_type: kind as i16,
        l_whence: libc::SEEK_SET as i16,
        l_start: 100,
        l_len: 50,
        l_pid: 0,
    };
    for (command, kind) in [
        (libc::F_SETLK, libc::F_WRLCK),
        (libc::F_SETLKW, libc::F_RDLCK),
        (libc::F_SETLK, libc::F_UNLCK),
        (libc::F_OFD_SETLK, libc::F_WRLCK),
        (libc::F_OFD_SETLK, libc::F_UNLCK),
    ] {
        works!(SYS_fcntl, file, command, &raw const *Box::new(part(kind)));
    }
    fails!(EINVAL, SYS_fcntl, file, libc::F_SETLK, &raw const *Box::new(part(77)));
    works!(SYS_fcntl, file, libc::F_GETFD, 0);
    works!(SYS_fcntl, file, libc::F_SETFD, libc::FD_CLOEXEC);
    works!(SYS_fcntl, file, libc::F_GETFL, 0);
    works!(SYS_fcntl, file, libc::F_SETFL, O_APPEND | O_NONBLOCK);
    works!(SYS_close, works!(SYS_fcntl, file, libc::F_DUPFD, 20));
    works!(SYS_close, works!(SYS_fcntl, file, libc::F_DUPFD_CLOEXEC, 0));
    fails!(EINVAL, SYS_fcntl, file, libc::F_DUPFD, NONE);
    fails!(EBADF, SYS_fcntl, CLOSED, libc::F_GETFD, 0);
    fails!(EINVAL, SYS_fcntl, file, 7777, 0);
    works!(SYS_close, other);
    works!(SYS_close, file);
}

/// Each thread has a file of its own, and reads one that all have.
fn on_a_thread(number: u8) {
    let path = [b't', b'0' + number, 0];
    let file = works!(SYS_open, path.as_ptr(), O_RDWR | O_CREAT, 0o600);
    let mut room = [number; 512];
    for round in 0..16 {
        works!(SYS_pwrite64, file, room.as_ptr(), 512, 512 * round);
    }
    let vectors =
        [0usize, 100].map(|from| iovec { iov_base: room[from..].as_mut_ptr().cast(), iov_len: 50 });
    for _ in 0..4 {
        works!(SYS_writev, file, vectors.as_ptr(), 2);
        works!(SYS_preadv, file, vectors.as_ptr(), 2, 10, 0);
    }
    works!(SYS_fdatasync, file);
    let shared = works!(SYS_open, c"data".as_ptr(), O_RDONLY);
    works!(SYS_pread64, shared, room.as_mut_ptr(), 512, i64::from(number) * 100);
    works!(SYS_close, shared);
    works!(SYS_close, file);
}
