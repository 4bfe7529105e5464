//! What the fuzz target does with its bytes. `tests/strace_corpus.rs` does the same with the committed corpus,
//! and `tests/strace_lines.rs` takes the declarations.
//!
//! No bytes may make the converter panic, hang or use much memory, and what comes of them must hold together.

use std::ffi::c_void;
use std::sync::{Arc, OnceLock};

use recorder::event::{Blob, Event, Part};
use recorder::plan::Plans;
use recorder::strace::events;
use replay_schema::Call;
use sdk::abi;
use sdk::declare::{Size, items_filled};
use sdk::export::call;
use sdk::prelude::*;

/// Paths, flags, and an argument that is printed only sometimes.
#[derive(Record)]
#[record(syscall = "openat", returns = descriptor)]
struct Openat<'t> {
    #[arg(0)]
    _descriptor: DirFd,
    #[pathname(1)]
    _given_pathname: Option<Path<'t>>,
    #[arg(2)]
    _flags: i32,
    #[arg(3)]
    _mode: Option<i32>,
}

/// Bytes that the kernel fills in.
#[derive(Record)]
#[record(syscall = "pread64", extent = "pread")]
struct Pread64<'t> {
    #[arg(0)]
    _descriptor: Fd,
    #[output(1, length = 2)]
    _data_read: Option<&'t [u8]>,
    #[arg(2)]
    _bytes_requested: i64,
    #[arg(3)]
    _offset: i64,
}

/// Bytes that the program passes.
#[derive(Record)]
#[record(syscall = "write")]
struct Write<'t> {
    #[arg(0)]
    _descriptor: Fd,
    #[input(1, length = 2)]
    _data_written: Option<&'t [u8]>,
    #[arg(2)]
    _bytes_requested: i64,
}

/// A structure.
#[derive(Record)]
#[record(syscall = "fstat")]
struct Fstat {
    #[arg(0)]
    _descriptor: Fd,
    #[after(1, offset = 8)]
    _inode: Option<i64>,
    #[after(1, offset = 24)]
    _mode: Option<i32>,
    #[after(1, offset = 48)]
    _size: Option<i64>,
}

/// I/O vectors.
#[derive(Record)]
#[record(syscall = "writev")]
struct Writev<'t> {
    #[arg(0)]
    _descriptor: Option<Fd>,
    #[arg(2)]
    _count: Option<i32>,
    #[rows(1, count = 2, before)]
    _buffers: Rows<'t, Buffer<'t>>,
}

/// One of them.
#[derive(Element, Clone)]
struct Buffer<'t> {
    #[length]
    _bytes_requested: i64,
    #[bytes]
    _iov_data_written: Option<&'t [u8]>,
}

/// The vectors of a message.
#[derive(Record)]
#[record(syscall = "sendmsg")]
struct Sendmsg<'t> {
    #[arg(0)]
    _descriptor: Fd,
    #[rows(1, message, before)]
    _buffers: Rows<'t, Buffer<'t>>,
}

/// Sets, and a time.
#[derive(Record)]
#[record(syscall = "select")]
struct Select {
    #[arg(0)]
    _count: i32,
    #[before(1)]
    #[hex]
    _read_set: Option<i64>,
    #[after(1)]
    #[hex]
    _ready_read_set: Option<i64>,
    #[timeval(4)]
    _timeout: Option<Tfrac>,
}

/// An array that comes back changed.
#[derive(Record)]
#[record(syscall = "poll")]
struct Poll<'t> {
    #[sized(0, arg(1), DESCRIPTORS)]
    _poll_descriptors: Option<&'t [u8]>,
    #[arg(1)]
    _count: i32,
}

const DESCRIPTORS: &[Size] = &items_filled(8);

/// A new task, and a pointer in a structure.
#[derive(Record)]
#[record(syscall = "clone3", returns = child, at_entry)]
struct Clone3 {
    #[before(0)]
    _flags: Option<i64>,
    #[after(0, via = 8)]
    _pidfd: Option<i32>,
}

/// A new task whose arguments have names.
#[derive(Record)]
#[record(syscall = "clone", returns = child, at_entry)]
struct Clone {
    #[arg(0)]
    #[shares]
    _flag_value: Option<i64>,
    #[arg(1)]
    _child_stack_address: i64,
}

/// An address of any family.
#[derive(Record)]
#[record(syscall = "connect")]
struct Connect<'t> {
    #[arg(0)]
    _descriptor: Fd,
    #[input(1, length = 2, whole)]
    _sockaddr_buffer: Option<&'t [u8]>,
}

/// A listing.
#[derive(Record)]
#[record(syscall = "getdents64", returns = status)]
struct Getdents64<'t> {
    #[arg(0)]
    _descriptor: Fd,
    #[output(1, length = 2)]
    _dirent_buffer: Option<&'t [u8]>,
}

/// A call that doesn't return.
#[derive(Record)]
#[record(syscall = "exit_group", returns = never, at_entry)]
struct ExitGroup {
    #[arg(0)]
    _exit_status: i32,
}

unsafe extern "C" fn not_made(
    _: *const abi::Record,
    _: abi::HostRef,
    _: *mut c_void,
    _: *mut abi::Outcome,
) -> u32 {
    0
}

/// The declarations.
pub fn plans() -> &'static Plans {
    static PLANS: OnceLock<Plans> = OnceLock::new();
    PLANS.get_or_init(|| {
        let calls = [
            call::<Openat<'_>>(not_made),
            call::<Pread64<'_>>(not_made),
            call::<Write<'_>>(not_made),
            call::<Fstat>(not_made),
            call::<Writev<'_>>(not_made),
            call::<Sendmsg<'_>>(not_made),
            call::<Select>(not_made),
            call::<Poll<'_>>(not_made),
            call::<Clone3>(not_made),
            call::<Clone>(not_made),
            call::<Connect<'_>>(not_made),
            call::<Getdents64<'_>>(not_made),
            call::<ExitGroup>(not_made),
        ];
        // SAFETY: the declarations are this program's own, and leaked.
        let read = |call| Arc::new(unsafe { Call::read(call) }.expect("it makes sense"));
        Plans::of(calls.map(read).to_vec())
    })
}

/// Takes the bytes for a log.
pub fn strace(bytes: &[u8]) {
    let plans = plans();
    let (batches, counts, _) = events(bytes, plans);
    let mut calls = 0;
    let mut memory = 0;
    for batch in &batches {
        let whole = 0..batch.bytes.len();
        for blob in &batch.blobs {
            if let Blob::Copied(range) | Blob::Failed(range) = blob {
                assert!(
                    range.start <= range.end && range.end <= whole.end,
                    "a blob is in its batch"
                );
            }
        }
        memory += batch.bytes.len();
        for (number, event) in batch.events.iter().enumerate() {
            let Event::Call(call) = event else { continue };
            calls += 1;
            let fetches = plans.plan(call.plan).call.fetches.len();
            assert_eq!(call.blobs.len(), fetches, "a blob for each fetch");
            assert!(call.blobs.end <= batch.blobs.len());
            for unseen in batch.unseen.iter().filter(|unseen| unseen.event == number) {
                if let Part::Memory(fetch, _) | Part::Member(fetch, _) = unseen.part {
                    assert!(fetch < fetches, "what is unseen is of a fetch");
                }
            }
        }
        assert!(batch.unseen.is_sorted_by_key(|unseen| unseen.event), "in the calls' order");
    }
    assert_eq!(calls, counts.calls);
    // A line may show sets and addresses that are longer in memory than in print.
    assert!(memory <= 64 * bytes.len() + (16 << 10) * calls as usize, "{memory} bytes of memory");
}
