//! Threads and processes that change the same few files, for the tests of order.
//!
//! They do so one at a time, which they arrange in memory that they share: no call tells of it. So the order
//! of their calls is certain, and nothing but the order keeps a replay faithful. `tangle SEED racing` lets
//! them get into each other's way.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

/// Numbers that look random (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % most
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let seed: u64 = words.first().and_then(|word| word.parse().ok()).unwrap_or(1);
    let racing = words.get(1).map_or("", String::as_str);
    let lock = Lock::new();
    if words.len() < 3 {
        let own = std::env::current_exe().expect("there is a program");
        let other =
            |seed: u64| Command::new(&own).arg(seed.to_string()).args([racing, "child"]).spawn();
        let children = [other(seed + 1000), other(seed + 2000)];
        play(seed, &lock, racing == "racing");
        for child in children {
            child.and_then(|mut child| child.wait()).expect("the child ends");
        }
    } else {
        play(seed, &lock, racing == "racing");
    }
}

/// A lock in memory that is shared through a file.
struct Lock(&'static AtomicU32);

impl Lock {
    fn new() -> Self {
        let file = File::options().read(true).write(true).create(true).truncate(false).open("lock");
        let file = file.expect("the folder is writable");
        file.set_len(4096).expect("the file can grow");
        // SAFETY: a new mapping at a place that the kernel picks; the file has as many bytes.
        let memory = unsafe {
            let protection = libc::PROT_READ | libc::PROT_WRITE;
            libc::mmap(
                std::ptr::null_mut(),
                4096,
                protection,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            )
        };
        assert_ne!(memory, libc::MAP_FAILED);
        // SAFETY: the mapping stays, and is aligned.
        Self(unsafe { &*memory.cast::<AtomicU32>() })
    }

    fn hold<T>(&self, act: impl FnOnce() -> T) -> T {
        while self.0.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_err() {
            thread::sleep(Duration::from_micros(100));
        }
        let done = act();
        self.0.store(0, Ordering::Release);
        done
    }
}

/// Two threads that share an open file, and much else.
fn play(seed: u64, lock: &Lock, racing: bool) {
    let shared = lock.hold(|| {
        fs::create_dir_all("d").expect("the folder is writable");
        File::options().read(true).write(true).create(true).truncate(false).open("shared")
    });
    let shared = Arc::new(shared.expect("the folder is writable"));
    thread::scope(|scope| {
        for number in [1, 2] {
            let shared = shared.clone();
            scope.spawn(move || {
                let mut numbers = Numbers(seed * 10 + number);
                for _ in 0..120 {
                    // What isn't there, or is in the way, is part of the game.
                    let _ = match racing {
                        true => step(&mut numbers, &shared),
                        false => lock.hold(|| step(&mut numbers, &shared)),
                    };
                }
            });
        }
    });
}

fn step(numbers: &mut Numbers, shared: &File) -> std::io::Result<()> {
    let name = |numbers: &mut Numbers| format!("d/f{}", numbers.below(4));
    let folder = |numbers: &mut Numbers| format!("d/e{}", numbers.below(2));
    let text = format!("{:04}", numbers.below(10_000));
    match numbers.below(16) {
        0 => fs::write(name(numbers), text)?,
        1 => drop(fs::read(name(numbers))?),
        2 => {
            let mut file = File::options().append(true).create(true).open(name(numbers))?;
            file.write_all(text.as_bytes())?;
            file.write_all(b"more")?;
        }
        3 => fs::remove_file(name(numbers))?,
        4 => fs::rename(name(numbers), name(numbers))?,
        5 => fs::hard_link(name(numbers), name(numbers))?,
        6 => {
            fs::metadata(name(numbers))?;
        }
        7 => drop(fs::read_dir("d")?.count()),
        8 => fs::create_dir(folder(numbers))?,
        9 => fs::write(format!("{}/x", folder(numbers)), text)?,
        10 => drop(fs::remove_file(format!("{}/x", folder(numbers)))),
        11 => drop(fs::remove_dir(folder(numbers))),
        12 => shared.write_all_at(text.as_bytes(), numbers.below(64) * 8)?,
        13 => drop(shared.read_at(&mut [0; 32], numbers.below(64) * 8)?),
        14 => {
            let mut shared = shared;
            shared.seek(SeekFrom::Start(numbers.below(100)))?;
            shared.write_all(text.as_bytes())?;
            shared.read_exact(&mut [0; 4])?;
        }
        _ => File::options().write(true).open(name(numbers))?.set_len(numbers.below(20))?,
    }
    Ok(())
}
