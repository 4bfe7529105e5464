//! The same system call again and again, and nothing else: what benchmarks record, and what they compare
//! a replay with.
//!
//! `bare-loop pread FILE COUNT` reads 4 KiB at a time, one block after the other and from the start again.
//! `bare-loop write FILE COUNT` writes as much, over the first 256 MiB of the file.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::process::ExitCode;

const BLOCK: usize = 4096;

/// Blocks after which a file that is written starts over.
const BLOCKS: u64 = 65_536;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [what, file, count] = words.as_slice() else {
        eprintln!("usage: bare-loop pread|write FILE COUNT");
        return ExitCode::from(2);
    };
    let count = count.parse().unwrap_or(0);
    let done = match what.as_str() {
        "pread" => File::open(file).and_then(|file| pread(&file, count)),
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

fn write(file: &File, count: u64) -> std::io::Result<()> {
    let buffer = [b'x'; BLOCK];
    for number in 0..count {
        file.write_all_at(&buffer, number % BLOCKS * BLOCK as u64)?;
    }
    Ok(())
}
