//! Stores to files through shared mappings, in the ways that its first argument names.

use std::env;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;

const PAGE: usize = 4096;

/// A shared mapping of the whole of a file.
struct Mapping {
    start: *mut u8,
    length: usize,
}

impl Mapping {
    fn of(file: &File) -> io::Result<Self> {
        let length = file.metadata()?.len() as usize;
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: the kernel chooses the place.
        let start = unsafe {
            let no_place = std::ptr::null_mut();
            libc::mmap(no_place, length, protection, libc::MAP_SHARED, file.as_raw_fd(), 0)
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { start: start.cast(), length })
    }

    fn store(&mut self, offset: usize, bytes: &[u8]) {
        assert!(offset + bytes.len() <= self.length, "within the mapping");
        // SAFETY: the mapping is this long.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.start.add(offset), bytes.len())
        }
    }

    fn sync(&self) -> io::Result<()> {
        // SAFETY: the mapping is this long.
        done(unsafe { libc::msync(self.start.cast(), self.length, libc::MS_SYNC) })
    }

    fn grow(&mut self, length: usize) -> io::Result<()> {
        // SAFETY: the mapping is this long, and nothing refers to it.
        let start =
            unsafe { libc::mremap(self.start.cast(), self.length, length, libc::MREMAP_MAYMOVE) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        (self.start, self.length) = (start.cast(), length);
        Ok(())
    }

    fn end(self) -> io::Result<()> {
        // SAFETY: the mapping is this long, and nothing refers to it.
        done(unsafe { libc::munmap(self.start.cast(), self.length) })
    }
}

fn done(returned: i32) -> io::Result<()> {
    if returned < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn made(name: &str, size: usize) -> io::Result<File> {
    let file = File::options().read(true).write(true).create(true).truncate(true).open(name)?;
    file.write_all_at(&vec![b'.'; size], 0)?;
    Ok(file)
}

/// What a child does, which ends without a word.
fn child(act: impl FnOnce()) -> io::Result<i32> {
    // SAFETY: the process has one thread.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        act();
        // SAFETY: the child has nothing to clean up.
        unsafe { libc::_exit(0) }
    }
    done(pid).map(|()| pid)
}

fn wait(pid: i32) -> io::Result<()> {
    // SAFETY: nobody wants the status.
    done(unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) })
}

fn main() -> io::Result<()> {
    match env::args().nth(1).as_deref() {
        Some("partial") => partial(),
        Some("closed") => closed(),
        Some("children") => children(),
        Some("grown") => grown(),
        Some("killed") => killed(),
        Some("between") => between(),
        Some("exec") => exec(),
        Some("beside") => beside(),
        Some("read") => read(),
        _ => Err(io::Error::other("which way?")),
    }
}

/// A file is mapped, and another one read, again and again.
fn beside() -> io::Result<()> {
    let mut mapping = Mapping::of(&made("beside", PAGE)?)?;
    let other = made("other", PAGE)?;
    for _ in 0..1000 {
        other.read_at(&mut [0; 100], 0)?;
    }
    mapping.store(0, b"once");
    File::open("beside")?.read_at(&mut [0; 100], 0)?;
    mapping.end()
}

/// A part of a file is mapped for reading, then all of it, twice.
fn read() -> io::Result<()> {
    let file = File::open("text")?;
    let length = file.metadata()?.len() as usize;
    for (offset, length) in [(10 * PAGE, 3 * PAGE), (0, length), (0, length)] {
        let (no_place, offset) = (std::ptr::null_mut(), offset as libc::off_t);
        let (protection, flags) = (libc::PROT_READ, libc::MAP_PRIVATE);
        // SAFETY: the kernel chooses the place, and the file is that long.
        let byte = unsafe {
            let start = libc::mmap(no_place, length, protection, flags, file.as_raw_fd(), offset);
            if start == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            start.cast::<u8>().read()
        };
        assert_eq!(usize::from(byte), offset as usize % 251);
    }
    Ok(())
}

/// Some bytes of some pages, and the last page of a file that ends within it.
fn partial() -> io::Result<()> {
    let mut mapping = Mapping::of(&made("partial", 5 * PAGE + 100)?)?;
    mapping.store(PAGE + 17, b"synced");
    mapping.sync()?;
    mapping.store(3 * PAGE - 3, b"across");
    mapping.store(5 * PAGE + 90, b"at the end");
    mapping.end()
}

/// The descriptor is closed, and nothing is synced.
fn closed() -> io::Result<()> {
    let file = made("closed", 2 * PAGE)?;
    let mut mapping = Mapping::of(&file)?;
    drop(file);
    mapping.store(PAGE, b"after the descriptor was closed");
    Ok(())
}

/// A child stores to what it has from its parent.
fn children() -> io::Result<()> {
    let file = made("children", 2 * PAGE)?;
    let mut mapping = Mapping::of(&file)?;
    mapping.store(0, b"parent");
    wait(child(|| mapping.store(PAGE, b"child"))?)?;
    mapping.store(100, b"parent again");
    fs::copy("children", "copy")?;
    mapping.end()
}

/// The file and its mapping become longer.
fn grown() -> io::Result<()> {
    let file = made("grown", PAGE)?;
    let mut mapping = Mapping::of(&file)?;
    mapping.store(0, b"short");
    file.set_len(4 * PAGE as u64)?;
    mapping.grow(4 * PAGE)?;
    mapping.store(3 * PAGE + 5, b"long");
    Ok(())
}

/// A child is killed after it stored.
fn killed() -> io::Result<()> {
    let file = made("killed", 3 * PAGE)?;
    let pid = child(|| {
        let Ok(mut mapping) = Mapping::of(&file) else { return };
        drop(fs::File::open("killed"));
        mapping.store(2 * PAGE, b"and then it was killed");
        // SAFETY: a process may kill itself.
        unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    })?;
    wait(pid)
}

/// Stores and calls on the same file take turns; what is written is stored over with what was there before.
fn between() -> io::Result<()> {
    let file = made("between", 2 * PAGE)?;
    let mut mapping = Mapping::of(&file)?;
    mapping.store(0, b"first");
    let mut read = [0; 8];
    file.read_exact_at(&mut read, 0)?;
    fs::write("read", read)?;
    file.write_all_at(b"WRITTEN", 0)?;
    mapping.store(0, b"first..");
    file.write_all_at(b"beside", PAGE as u64)?;
    file.set_len(PAGE as u64)?;
    file.set_len(2 * PAGE as u64)?;
    mapping.store(PAGE, b"beside");
    mapping.end()
}

/// Another program takes the place of the one that stored.
fn exec() -> io::Result<()> {
    use std::os::unix::process::CommandExt;
    let file = made("exec", PAGE)?;
    let mut mapping = Mapping::of(&file)?;
    mapping.store(7, b"before the other program");
    Err(std::process::Command::new("true").exec())
}
