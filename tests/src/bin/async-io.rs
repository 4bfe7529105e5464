//! Asynchronous I/O (io_submit(2)) on a file, for the tests: several requests at a time, written, read back,
//! and one that fails.

use std::fs::File;
use std::os::fd::AsRawFd;

use libc::{SYS_io_destroy, SYS_io_getevents, SYS_io_setup, SYS_io_submit, iocb};

const BLOCK: usize = 4096;
const COUNT: usize = 8;

/// The kernel's `struct io_event`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Event {
    data: u64,
    request: u64,
    result: i64,
    second_result: i64,
}

fn main() {
    let file = File::options().read(true).write(true).create(true).truncate(true).open("blocks");
    let file = file.expect("the folder is writable");
    let mut context = 0u64;
    // SAFETY: there is room for a context behind the pointer.
    let made = unsafe { libc::syscall(SYS_io_setup, 32, &raw mut context) };
    assert_eq!(made, 0, "the kernel has asynchronous I/O");
    let mut buffers: Vec<Vec<u8>> = (0..COUNT).map(|n| vec![b'a' + n as u8; BLOCK]).collect();
    assert_eq!(run(context, file.as_raw_fd(), 1, &mut buffers), [BLOCK as i64; COUNT]);
    for buffer in &mut buffers {
        buffer.fill(0);
    }
    assert_eq!(run(context, file.as_raw_fd(), 0, &mut buffers), [BLOCK as i64; COUNT]);
    for (number, buffer) in buffers.iter().enumerate() {
        assert!(buffer.iter().all(|byte| *byte == b'a' + number as u8));
    }
    // Behind the end of the file there is nothing to read.
    file.set_len(BLOCK as u64 + 100).expect("the file can be cut");
    let results = run(context, file.as_raw_fd(), 0, &mut buffers);
    assert_eq!(results[..3], [BLOCK as i64, 100, 0]);
    // SAFETY: the call takes a number only.
    assert_eq!(unsafe { libc::syscall(SYS_io_destroy, context) }, 0);
}

/// Submits a request per buffer and waits for all; returns their results in order.
fn run(context: u64, fd: i32, command: u16, buffers: &mut [Vec<u8>]) -> Vec<i64> {
    let blocks = buffers.iter_mut().enumerate().map(|(number, buffer)| {
        // SAFETY: all zeroes is a request.
        let mut block: iocb = unsafe { std::mem::zeroed() };
        block.aio_data = number as u64;
        block.aio_lio_opcode = command;
        block.aio_fildes = fd as u32;
        block.aio_buf = buffer.as_mut_ptr() as u64;
        block.aio_nbytes = buffer.len() as u64;
        block.aio_offset = (number * BLOCK) as i64;
        block
    });
    let mut blocks: Vec<iocb> = blocks.collect();
    let mut pointers: Vec<*mut iocb> = blocks.iter_mut().map(|block| &raw mut *block).collect();
    let count = pointers.len();
    // SAFETY: the requests name buffers that stay until all of them are done, below.
    let submitted = unsafe { libc::syscall(SYS_io_submit, context, count, pointers.as_mut_ptr()) };
    assert_eq!(submitted, count as i64);
    let mut results = vec![0; count];
    let mut done = 0;
    while done < count {
        let mut events = [Event::default(); COUNT];
        let (room, nothing) = (events.as_mut_ptr(), std::ptr::null::<libc::timespec>());
        // SAFETY: there is room for so many events.
        let some = unsafe { libc::syscall(SYS_io_getevents, context, 1, COUNT, room, nothing) };
        for event in &events[..some as usize] {
            results[event.data as usize] = event.result;
        }
        done += some as usize;
    }
    results
}
