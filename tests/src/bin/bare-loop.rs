//! The same system call again and again, and nothing else: what benchmarks record, and what they compare
//! a replay with.
//!
//! `bare-loop pread FILE COUNT` reads 4 KiB at a time, one block after the other and from the start again.
//! `bare-loop preads FILE COUNT` does that in two threads, COUNT times each, with half of the file for each.
//! `bare-loop readv FILE COUNT` reads from the start into three blocks, one after the other.
//! `bare-loop write FILE COUNT` writes as much, over the first 256 MiB of the file.
//! `bare-loop write-memory FILE COUNT` does the same with data that lie in 64 MiB of memory, as a trace's do, instead of the
//! one block that stays in the processor's cache.
//! `bare-loop find FOLDER COUNT` lists the folders in FOLDER and looks at each of their files, COUNT times.
//! `bare-loop paced FILE COUNT` reads a block and sleeps for 10 ms, again and again.
//! `bare-loop relay FILE COUNT` has two threads that write blocks in turn, each told by the other when; the one takes
//! half a millisecond before each.
//! `bare-loop fstat FILE COUNT` looks at the file, `bare-loop getppid FILE COUNT` leaves it alone.

use std::ffi::CString;
use std::fs::File;
use std::io::{IoSliceMut, Read, Seek, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const BLOCK: usize = 4096;

/// Blocks after which a file that is written starts over.
const BLOCKS: u64 = 65_536;

/// More than a processor's own cache has room for.
const MEMORY: usize = 64 << 20;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [what, file, count] = words.as_slice() else {
        eprintln!(
            "usage: bare-loop pread|preads|readv|write|write-memory|find|paced|relay|fstat|getppid FILE COUNT"
        );
        return ExitCode::from(2);
    };
    let count = count.parse().unwrap_or(0);
    let done = match what.as_str() {
        "pread" => pread(file, (0, 1), count),
        "preads" => preads(file, count),
        "readv" => File::open(file).and_then(|file| readv(&file, count)),
        "find" => find(file.as_ref(), count),
        "paced" => File::open(file).and_then(|file| paced(&file, count)),
        "relay" => File::create(file).and_then(|file| relay(&file, count)),
        "fstat" => File::open(file).and_then(|file| fstat(&file, count)),
        "getppid" => {
            getppid(count);
            Ok(())
        }
        "write-memory" => File::create(file).and_then(|file| write(&file, count, MEMORY)),
        _ => File::create(file).and_then(|file| write(&file, count, BLOCK)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bare-loop: {file}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Reads block after block of one part of the file: of the `part.1` that it has, number `part.0`.
fn pread(file: &str, part: (u64, u64), count: u64) -> std::io::Result<()> {
    let file = File::open(file)?;
    let blocks = (file.metadata()?.len() / BLOCK as u64 / part.1).max(1);
    let mut buffer = [0; BLOCK];
    for number in 0..count {
        let block = part.0 * blocks + number % blocks;
        file.read_at(&mut buffer, block * BLOCK as u64)?;
    }
    Ok(())
}

fn readv(mut file: &File, count: u64) -> std::io::Result<()> {
    let mut blocks = [[0; BLOCK]; 3];
    for _ in 0..count {
        file.rewind()?;
        if file.read_vectored(&mut blocks.each_mut().map(|block| IoSliceMut::new(block)))? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

/// Two threads that have nothing in common: not the open file, and not a page of it.
fn preads(file: &str, count: u64) -> std::io::Result<()> {
    std::thread::scope(|scope| {
        let threads = [0, 1].map(|part| scope.spawn(move || pread(file, (part, 2), count)));
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or(Ok(())))
    })
}

/// Calls only, with all their arguments made before the first.
fn find(folder: &Path, count: u64) -> std::io::Result<()> {
    let name =
        |path: &Path| CString::new(path.as_os_str().as_bytes()).map_err(std::io::Error::other);
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let files = std::fs::read_dir(&path)?.map(|file| name(file?.file_name().as_ref()));
        folders.push((name(&path)?, files.collect::<std::io::Result<Vec<_>>>()?));
    }
    let mut buffer = vec![0_u8; 32 << 10];
    let mut status = std::mem::MaybeUninit::<libc::stat>::uninit();
    for (folder, files) in (0..count).flat_map(|_| &folders) {
        // SAFETY: the names end in NUL, and the kernel fills in buffers of the sizes that it is told.
        let failed = unsafe {
            let fd = libc::open(folder.as_ptr(), libc::O_RDONLY | libc::O_DIRECTORY);
            let mut failed = libc::fstat(fd, status.as_mut_ptr());
            while libc::syscall(libc::SYS_getdents64, fd, buffer.as_mut_ptr(), buffer.len()) > 0 {}
            for file in files {
                let flags = libc::AT_SYMLINK_NOFOLLOW;
                failed |= libc::fstatat(fd, file.as_ptr(), status.as_mut_ptr(), flags);
            }
            failed | libc::close(fd)
        };
        if failed != 0 {
            return Err(std::io::Error::last_os_error());
        }
    }
    Ok(())
}

fn paced(file: &File, count: u64) -> std::io::Result<()> {
    let mut buffer = [0; BLOCK];
    for _ in 0..count {
        file.read_at(&mut buffer, 0)?;
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

fn relay(file: &File, count: u64) -> std::io::Result<()> {
    let (mut to_second, mut from_first) =
        std::io::pipe().map(|(reader, writer)| (writer, reader))?;
    let (mut to_first, mut from_second) =
        std::io::pipe().map(|(reader, writer)| (writer, reader))?;
    let buffer = [b'x'; BLOCK];
    std::thread::scope(|scope| {
        let second = scope.spawn(move || -> std::io::Result<()> {
            for number in 0..count {
                from_first.read_exact(&mut [0])?;
                file.write_all_at(&buffer, (2 * number + 1) % BLOCKS * BLOCK as u64)?;
                to_first.write_all(b"x")?;
            }
            Ok(())
        });
        for number in 0..count {
            let until = Instant::now() + Duration::from_micros(500);
            while Instant::now() < until {}
            file.write_all_at(&buffer, 2 * number % BLOCKS * BLOCK as u64)?;
            to_second.write_all(b"x")?;
            from_second.read_exact(&mut [0])?;
        }
        second.join().unwrap_or(Ok(()))
    })
}

fn fstat(file: &File, count: u64) -> std::io::Result<()> {
    let mut status = std::mem::MaybeUninit::<libc::stat>::uninit();
    for _ in 0..count {
        // SAFETY: the kernel fills in the status, which nobody looks at.
        if unsafe { libc::fstat(file.as_raw_fd(), status.as_mut_ptr()) } < 0 {
            return Err(std::io::Error::last_os_error());
        }
    }
    Ok(())
}

fn getppid(count: u64) {
    for _ in 0..count {
        // SAFETY: the call has no memory.
        unsafe { libc::getppid() };
    }
}

/// Writes what `size` bytes of memory have, one block after the other and from the start again.
fn write(file: &File, count: u64, size: usize) -> std::io::Result<()> {
    let memory = vec![b'x'; size];
    for (number, block) in (0..count).zip(memory.chunks(BLOCK).cycle()) {
        file.write_all_at(block, number % BLOCKS * BLOCK as u64)?;
    }
    Ok(())
}
