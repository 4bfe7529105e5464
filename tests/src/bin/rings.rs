//! Requests that go through rings (io_uring(7)), for the tests: two that do nothing. Says whether the kernel
//! let it.

use libc::{MAP_POPULATE, MAP_SHARED, PROT_READ, PROT_WRITE, c_long};

/// Where the parameters have the offsets of a ring's parts, as words of 4 bytes.
const SUBMISSION: usize = 10;
const TAIL: usize = SUBMISSION + 1;
const ARRAY: usize = SUBMISSION + 6;

/// Offsets by which the parts of the rings are mapped.
const RING: i64 = 0;
const ENTRIES: i64 = 0x1000_0000;

fn main() {
    let mut parameters = [0u32; 30];
    let made = call(libc::SYS_io_uring_setup, [4, parameters.as_mut_ptr() as usize, 0, 0]);
    if made < 0 {
        println!("refused");
        return;
    }
    let ring = map(made, RING);
    let entries = map(made, ENTRIES);
    // Two entries of zeroes: nothing is to be done (IORING_OP_NOP).
    // SAFETY: both maps are as long as the kernel's parts, which begin where it says.
    unsafe {
        entries.write_bytes(0, 128);
        let array = ring.add(parameters[ARRAY] as usize).cast::<u32>();
        array.write(0);
        array.add(1).write(1);
        let tail = ring.add(parameters[TAIL] as usize).cast::<u32>();
        std::sync::atomic::AtomicU32::from_ptr(tail).store(2, std::sync::atomic::Ordering::Release);
    }
    let submitted = call(libc::SYS_io_uring_enter, [made as usize, 2, 2, 1]);
    println!("submitted {submitted}");
}

fn call(number: c_long, [a, b, c, d]: [usize; 4]) -> i64 {
    // SAFETY: the words are numbers, and a structure that is as large as the kernel's.
    unsafe { libc::syscall(number, a, b, c, d, 0, 0) }
}

fn map(ring: i64, part: i64) -> *mut u8 {
    let protection = PROT_READ | PROT_WRITE;
    let null = std::ptr::null_mut();
    // SAFETY: nothing is mapped there, and the kernel has a page at least.
    let mapped =
        unsafe { libc::mmap(null, 4096, protection, MAP_SHARED | MAP_POPULATE, ring as i32, part) };
    assert_ne!(mapped, libc::MAP_FAILED, "the ring can be mapped");
    mapped.cast()
}
