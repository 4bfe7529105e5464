//! Asynchronous I/O (io_submit(2)) of a replay: requests are submitted again, to a context of the replay's
//! own, and their outcome is taken when the program took it.
//!
//! A request is known by the address of its `struct iocb` in the program's memory. A program may take
//! outcomes from the kernel's ring by itself, without a call; of such a request nothing is heard until its
//! `iocb` is used again.

mod events;
mod unnamed;

pub use events::{EVENT, Event};

use libc::{c_long, iocb};

use crate::process::beyond;
use crate::{Errno, Process, Skip, sys};

/// Kinds of requests (`IOCB_CMD_…`).
pub mod command {
    /// As pread(2).
    pub const PREAD: u16 = 0;
    /// As pwrite(2).
    pub const PWRITE: u16 = 1;
    /// As fsync(2).
    pub const FSYNC: u16 = 2;
    /// As fdatasync(2).
    pub const FDSYNC: u16 = 3;
}

/// A request as the trace has it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'t> {
    /// The address of its `struct iocb`, if the trace has it.
    pub address: Option<i64>,
    /// Its kind; see [`command`].
    pub command: u16,
    /// Where in the file.
    pub offset: i64,
    /// How many bytes.
    pub bytes_requested: i64,
    /// The bytes to write.
    pub data: Option<&'t [u8]>,
    /// Flags of pwritev2(2).
    pub flags: i32,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate<'t> {
    /// It was done: what came of it, and for one that reads, the bytes.
    Done(i64, &'t [u8]),
    /// It was never submitted.
    Simulated,
}

/// The kernel's `struct io_event`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct RawEvent {
    data: u64,
    request: u64,
    result: i64,
    second_result: i64,
}

/// A submitted request: what stands for it is remembered as these words.
#[derive(Clone, Copy)]
struct Submitted {
    is_done: bool,
    result: i64,
    buffer: *mut u8,
    length: usize,
}

/// Most bytes that one request moves.
const MOST: i64 = 0x7fff_f000;

/// Buffers are aligned for direct I/O.
const ALIGNMENT: usize = 4096;

impl Submitted {
    fn words(self) -> [u8; 32] {
        let words =
            [self.is_done.into(), self.result as u64, self.buffer as u64, self.length as u64];
        let mut bytes = [0; 32];
        for (to, word) in bytes.chunks_exact_mut(8).zip(words) {
            to.copy_from_slice(&word.to_ne_bytes());
        }
        bytes
    }

    fn of(words: &[u8]) -> Option<Self> {
        let word = |at: usize| words.get(at..)?.first_chunk().map(|word| u64::from_ne_bytes(*word));
        Some(Self {
            is_done: word(0)? != 0,
            result: word(8)? as i64,
            buffer: word(16)? as *mut u8,
            length: word(24)? as usize,
        })
    }
}

impl<'t> Process<'t> {
    /// The context that stands for the traced one.
    ///
    /// # Errors
    /// Nothing does.
    pub fn aio_context(&mut self, traced: i64) -> Result<u64, Skip> {
        let key = self.context_key(traced);
        let words = self.recall(&key).and_then(|words| words.first_chunk());
        words.map(|word| u64::from_ne_bytes(*word)).ok_or(Skip::SIMULATED)
    }

    /// `context` stands for the traced one from now on.
    pub fn adopt_aio_context(&mut self, traced: i64, context: u64) {
        let key = self.context_key(traced);
        self.remember(&key, &context.to_ne_bytes());
    }

    /// Nothing stands for the traced context any more.
    pub fn forget_aio_context(&mut self, traced: i64) {
        let key = self.context_key(traced);
        self.forget(&key);
    }

    fn context_key(&self, traced: i64) -> Vec<u8> {
        format!("aio context {} {traced:x}", self.memory_number()).into_bytes()
    }

    fn request_key(&self, address: i64) -> Vec<u8> {
        format!("aio request {} {address:x}", self.memory_number()).into_bytes()
    }

    /// Submits `request` on `fd` to `context`; without a descriptor it is only remembered.
    ///
    /// # Errors
    /// The kernel's, or there is no memory for its buffer, or it is of a kind that isn't submitted again.
    pub fn submit(
        &mut self,
        context: u64,
        fd: Option<i32>,
        request: Request<'t>,
    ) -> Result<Result<i64, Errno>, Skip> {
        let name = match request.address {
            // Its iocb is free again, so whatever used it before is done.
            Some(address) => {
                let _ = self.reap(context, address);
                address
            }
            None => self.name_request(context),
        };
        let key = self.request_key(name);
        let Request { command, bytes_requested, .. } = request;
        let is_known = command <= command::FDSYNC;
        let Some(fd) = fd.filter(|_| is_known && (0..=MOST).contains(&bytes_requested)) else {
            return Ok(Ok(1));
        };
        let length = if command <= command::PWRITE { bytes_requested as usize } else { 0 };
        let room = length.max(1).next_multiple_of(ALIGNMENT);
        // SAFETY: the alignment is a power of two that the size is a multiple of.
        let buffer = unsafe { libc::aligned_alloc(ALIGNMENT, room) }.cast::<u8>();
        if buffer.is_null() {
            return Err(Skip::NOT_CAPTURED);
        }
        if command == command::PWRITE {
            let data = request.data.filter(|data| data.len() == length);
            let Some(data) = data else {
                // SAFETY: the buffer is new, and nobody else's.
                unsafe { libc::free(buffer.cast()) };
                return Err(Skip::NOT_CAPTURED);
            };
            let data = self.payload(data);
            // SAFETY: both have `length` bytes, and the buffer is new.
            unsafe { buffer.copy_from_nonoverlapping(data.as_ptr(), length) };
        }
        let submitted = Submitted { is_done: false, result: 0, buffer, length };
        self.remember(&key, &submitted.words());
        // SAFETY: all zeroes is a request.
        let mut block: iocb = unsafe { std::mem::zeroed() };
        block.aio_data = name as u64;
        block.aio_lio_opcode = command;
        block.aio_fildes = fd as u32;
        // The kernel refuses a request with a buffer that it doesn't need.
        block.aio_buf = if command <= command::PWRITE { buffer as u64 } else { 0 };
        block.aio_nbytes = length as u64;
        block.aio_offset = request.offset;
        block.aio_rw_flags = request.flags;
        let blocks = [&raw mut block];
        let words = [context as usize, 1, blocks.as_ptr() as usize, 0, 0, 0];
        // SAFETY: the kernel reads the one block, and has its buffer until the request is done: it is kept
        // until then.
        let submit = || unsafe { sys::call(libc::SYS_io_submit, words) };
        let mut accepted = submit();
        while let Err(error) = accepted
            && self.makes_room(context, error)
        {
            accepted = submit();
        }
        if accepted != Ok(1) {
            self.forget(&key);
            self.forget_name(name);
            // SAFETY: the kernel didn't take the request.
            unsafe { libc::free(buffer.cast()) };
        }
        Ok(accepted)
    }

    /// Waits until the request at `address` is done, and tells what came of it.
    ///
    /// # Errors
    /// The kernel's.
    pub fn reap(&mut self, context: u64, address: i64) -> Result<Fate<'t>, Errno> {
        let key = self.request_key(address);
        loop {
            let Some(submitted) = self.recall(&key).and_then(Submitted::of) else {
                return Ok(Fate::Simulated);
            };
            if submitted.is_done {
                self.forget(&key);
                let moved = usize::try_from(submitted.result).unwrap_or(0).min(submitted.length);
                let kept =
                    self.scratch(beyond::REAPED, moved as u64).map_err(|_| Errno(libc::ENOMEM))?;
                // SAFETY: the buffer is this request's, the kernel is done with it, and both have so many
                // bytes.
                unsafe {
                    kept.as_mut_ptr().copy_from_nonoverlapping(submitted.buffer, moved);
                    libc::free(submitted.buffer.cast());
                }
                return Ok(Fate::Done(submitted.result, kept));
            }
            self.collect(context)?;
        }
    }

    /// Takes what is done, waiting for it if need be, and remembers it by its requests.
    fn collect(&mut self, context: u64) -> Result<(), Errno> {
        let mut events = [RawEvent::default(); 16];
        let room = events.as_mut_ptr() as usize;
        let words = [context as usize, 1, events.len(), room, 0, 0];
        // SAFETY: there is room for so many events.
        let count = unsafe { sys::call(libc::SYS_io_getevents as c_long, words) }?;
        for event in &events[..count as usize] {
            let key = self.request_key(event.data as i64);
            if let Some(submitted) = self.recall(&key).and_then(Submitted::of) {
                let done = Submitted { is_done: true, result: event.result, ..submitted };
                self.remember(&key, &done.words());
            }
        }
        Ok(())
    }
}
