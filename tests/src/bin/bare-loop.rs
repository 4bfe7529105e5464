//! The same system call again and again, and nothing else: what benchmarks record, and what they compare
//! a replay with.
//!
//! `bare-loop pread FILE COUNT` reads 4 KiB at a time, one block after the other and from the start again.
//! `bare-loop preads FILE COUNT` does that in two threads, COUNT times each.
//! `bare-loop write FILE COUNT` writes as much, over the first 256 MiB of the file.
//! `bare-loop fstat FILE COUNT` looks at the file, `bare-loop getppid FILE COUNT` leaves it alone.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::process::ExitCode;

const BLOCK: usize = 4096;

/// Blocks after which a file that is written starts over.
const BLOCKS: u64 = 65_536;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [what, file, count] = words.as_slice() else {
        eprintln!("usage: bare-loop pread|preads|write|fstat|getppid FILE COUNT");
        return ExitCode::from(2);
    };
    let count = count.parse().unwrap_or(0);
    let done = match what.as_str() {
        "pread" => File::open(file).and_then(|file| pread(&file, count)),
        "preads" => File::open(file).and_then(|file| preads(&file, count)),
        "fstat" => File::open(file).and_then(|file| fstat(&file, count)),
        "getppid" => {
            getppid(count);
            Ok(())
        }
        _ => File::create(file).and_then(|file| write(&file, count)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bare-loop: {file}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn pread(file: &File, count: u64) -> std::io::Result<()> {
    let blocks = (file.metadata()?.len() / BLOCK as u64).max(1);
    let mut buffer = [0; BLOCK];
    for number in 0..count {
        file.read_at(&mut buffer, number % blocks * BLOCK as u64)?;
    }
    Ok(())
}

fn preads(file: &File, count: u64) -> std::io::Result<()> {
    std::thread::scope(|scope| {
        let threads = [(); 2].map(|()| scope.spawn(|| pread(file, count)));
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or(Ok(())))
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

fn write(file: &File, count: u64) -> std::io::Result<()> {
    let buffer = [b'x'; BLOCK];
    for number in 0..count {
        file.write_all_at(&buffer, number % BLOCKS * BLOCK as u64)?;
    }
    Ok(())
}
