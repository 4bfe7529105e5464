//! The descriptors that the first process has before its first call.

use std::ffi::CString;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use crate::replay::Options;
use crate::replay::descriptors::{Files, Stands, Table};
use crate::replay::kernels::is_kernels;
use crate::report::Log;
use crate::trace::{Initial, InitialDescriptor};

/// Flags of open(2) that make a file, or empty it: it was there.
const MAKING: i32 =
    libc::O_CREAT | libc::O_EXCL | libc::O_TRUNC | libc::O_TMPFILE & !libc::O_DIRECTORY;

/// Opens again what was open: files at the place where they stood. The standard streams are left alone, and
/// what is no file is simulated. Where the trace lists no descriptors, the standard streams are there.
///
/// Call it where the replay takes place.
pub fn descriptors(initial: &Initial, options: &Options, log: &Log) -> Files {
    let files = Table::default();
    let mut table = files.lock();
    if initial.descriptors.is_empty() {
        for stream in 0..=2 {
            table.set(stream, Stands::Standard(stream));
        }
    }
    for descriptor in &initial.descriptors {
        let number = descriptor.number;
        let stands = match number {
            0..=2 => Stands::Standard(number),
            _ => match open(descriptor, options) {
                Some(open) => Stands::Open(open),
                None => {
                    log.say(&format!(
                        "descriptor {number} was open on {} before the trace began; calls on it are \
                         simulated",
                        descriptor.target.display()
                    ));
                    Stands::Simulated
                }
            },
        };
        table.set(number, stands);
    }
    drop(table);
    Arc::new(files)
}

/// Opens the file of `descriptor` as it was open.
fn open(descriptor: &InitialDescriptor, options: &Options) -> Option<RawFd> {
    let InitialDescriptor { target, flags, offset, .. } = descriptor;
    let flags = (*flags)? & !MAKING | libc::O_CLOEXEC;
    if options.place.ignores(target.as_os_str().as_bytes()) {
        return None;
    }
    let path = options.place.mapped(target);
    let is_rooted = options.place.root.is_some();
    // Of the devices only the harmless ones are left.
    let is_device = path.starts_with("/dev");
    let is_file = path.metadata().is_ok_and(|file| file.is_file() || file.is_dir() || is_device);
    if !path.is_absolute() || is_kernels(path.as_os_str().as_bytes(), is_rooted) || !is_file {
        return None;
    }
    open_at(&path, flags, *offset)
}

fn open_at(path: &Path, flags: i32, offset: i64) -> Option<RawFd> {
    let path = CString::new(path.as_os_str().as_bytes()).ok()?;
    // SAFETY: the path ends in NUL.
    let open = unsafe { libc::open(path.as_ptr(), flags) };
    if open < 0 {
        return None;
    }
    // It stays open when the program runs another one, as it did.
    // SAFETY: neither call takes a pointer.
    unsafe {
        libc::fcntl(open, libc::F_SETFD, 0);
        libc::lseek(open, offset, libc::SEEK_SET);
    }
    Some(open)
}
