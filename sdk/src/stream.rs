//! Data that moves in several steps, or through several buffers.

use std::borrow::Cow;
use std::os::fd::RawFd;

use libc::{POLLIN, POLLOUT, c_short, iovec};

use crate::process::{LARGEST_BUFFER, beyond};
use crate::{Element, Errno, Fd, Process, Recorded, Rows, Skip, sys};

/// Which way data moves through a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the program.
    Read,
    /// From the program.
    Write,
}

/// Moves `total` bytes through the stream `fd`: `call` is given how many have moved and makes the next
/// call, until all have, there are no more, or it fails.
///
/// # Errors
/// The kernel's, if nothing has moved before.
pub fn transfer(
    fd: RawFd,
    direction: Direction,
    total: usize,
    mut call: impl FnMut(usize) -> Result<i64, Errno>,
) -> Result<i64, Errno> {
    let mut done = 0;
    while done < total {
        match call(done) {
            Ok(0) => break,
            Ok(moved) => done += moved as usize,
            Err(Errno(libc::EAGAIN)) => wait(fd, direction)?,
            Err(error) if done == 0 => return Err(error),
            Err(_) => break,
        }
    }
    Ok(done as i64)
}

/// Makes a call on the stream `fd` that moved nothing when it was `recorded`. The end of a stream that it saw
/// may be still to come, from a call that overlapped it: that is waited for.
///
/// # Errors
/// The kernel's.
pub fn transfer_nothing(
    fd: RawFd,
    direction: Direction,
    recorded: Recorded,
    mut call: impl FnMut(usize) -> Result<i64, Errno>,
) -> Result<i64, Errno> {
    match call(0) {
        Err(Errno(libc::EAGAIN)) if recorded.succeeded() => {
            wait(fd, direction)?;
            call(0)
        }
        replayed => replayed,
    }
}

/// Waits until the stream is ready.
///
/// # Errors
/// The kernel's.
pub fn wait(fd: RawFd, direction: Direction) -> Result<(), Errno> {
    let events: c_short = if direction == Direction::Read { POLLIN } else { POLLOUT };
    let mut poll = libc::pollfd { fd, events, revents: 0 };
    // SAFETY: the kernel reads and writes the one structure that it is told of.
    let ready = unsafe { libc::poll(&raw mut poll, 1, -1) };
    if ready < 0 {
        // SAFETY: the location is this thread's own and always valid.
        return Err(Errno(unsafe { *libc::__errno_location() }));
    }
    Ok(())
}

impl Process<'_> {
    /// The descriptors of a call that moves data from `from` to `to` inside the kernel; `advances` says
    /// whether it takes it from where the file `from` stands. That file stands behind the data even if the
    /// replay leaves `to` alone.
    ///
    /// # Errors
    /// As [`Process::fd`].
    pub fn source_and_sink(
        &mut self,
        from: Fd,
        to: Fd,
        advances: bool,
    ) -> Result<(RawFd, RawFd), Skip> {
        let source = self.fd(from)?;
        let sink = self.fd(to);
        let moved = self.recorded().return_value;
        if sink.is_err() && advances && moved > 0 {
            let ahead = [i64::from(source), moved, libc::SEEK_CUR.into()];
            // SAFETY: the call takes numbers only.
            let _ = unsafe { sys::numbers(libc::SYS_lseek, ahead) };
        }
        Ok((source, sink?))
    }

    /// Makes a call that moves data to `sink` inside the kernel, until as much has moved as the recorded
    /// call moved: how much moves at once is up to the kernel. `call` is told how much is left, at first
    /// `requested` if the recorded call moved nothing.
    ///
    /// # Errors
    /// The kernel's, if nothing has moved before.
    pub fn move_as_much(
        &self,
        sink: RawFd,
        requested: i64,
        mut call: impl FnMut(usize) -> Result<i64, Errno>,
    ) -> Result<i64, Errno> {
        match usize::try_from(self.recorded().return_value) {
            Ok(total) if total > 0 => {
                transfer(sink, Direction::Write, total, |done| call(total - done))
            }
            _ => call(requested as usize),
        }
    }
}

/// How many bytes of the row's buffer the recorded call took, if it took `left` of this and the later ones
/// and the trace has any of them.
fn taken<'t>(row: &impl Element<'t>, left: usize) -> usize {
    match row.bytes() {
        Some(bytes) => left.min(bytes.len().max(usize::try_from(row.length()).unwrap_or(0))),
        None => 0,
    }
}

/// Bytes of buffers of which the trace has the beginning only.
fn cut<'t, E: Element<'t> + Clone>(rows: &Rows<'t, E>, mut left: usize) -> usize {
    let mut sum = 0;
    for row in rows.iter() {
        let taken = taken(&row, left);
        left -= taken;
        if row.bytes().is_some_and(|bytes| bytes.len() < taken) {
            sum += taken;
        }
    }
    sum
}

/// I/O vectors for the kernel, and the buffers that they name.
#[derive(Debug)]
pub struct Vectors<'t> {
    vectors: &'t mut [iovec],
    /// The lengths that the program gave, where they are longer than the buffers.
    lengths: Vec<u64>,
}

/// Vectors that a call takes at most (`UIO_MAXIOV`).
const MOST_VECTORS: usize = 1024;

impl<'t> Process<'t> {
    /// Room for the kernel to fill, a buffer per row, as pointer argument `index`; at most `limit` bytes
    /// of it where that is given.
    ///
    /// # Errors
    /// The recorded call failed because of what it was passed, or there is no such amount of memory.
    pub fn output_vectors<E: Element<'t> + Clone>(
        &mut self,
        index: u32,
        rows: &Rows<'t, E>,
        limit: Option<usize>,
    ) -> Result<Vectors<'t>, Skip> {
        self.refuse_bad_vectors()?;
        if !self.recorded().succeeded() && rows.iter().next().is_none() {
            return self.one_vector(index);
        }
        let moved = self.recorded().return_value.max(0) as u64;
        let mut left = limit.map_or(LARGEST_BUFFER.max(moved), |limit| limit as u64) as usize;
        let mut vectors = self.vectors(index, rows, |row, _| {
            let length = (row.length().max(0) as usize).min(left);
            left -= length;
            (0, length)
        })?;
        let buffers = self.scratch(index + beyond::BUFFERS, vectors.room() as u64)?;
        let mut at = buffers.as_mut_ptr() as usize;
        for vector in vectors.vectors.iter_mut() {
            vector.iov_base = at as *mut _;
            at += vector.iov_len;
        }
        vectors.lengths = rows.iter().map(|row| row.length().max(0) as u64).collect();
        Ok(vectors)
    }

    /// The buffers to hand to the kernel, one per row, as pointer argument `index`: of each what the
    /// recorded call took.
    ///
    /// # Errors
    /// The trace doesn't have the bytes.
    pub fn input_vectors<E: Element<'t> + Clone>(
        &mut self,
        index: u32,
        rows: &Rows<'t, E>,
    ) -> Result<Vectors<'t>, Skip> {
        self.refuse_bad_vectors()?;
        if !self.recorded().succeeded() {
            return self.output_vectors(index, rows, None);
        }
        let mut left = self.recorded().return_value as usize;
        let is_cut = self.is_cut();
        let cut = if is_cut { cut(rows, left) } else { 0 };
        let mut room = self.scratch(index + beyond::BUFFERS, cut as u64)?;
        let vectors = self.vectors(index, rows, |row, process| {
            let bytes = row.bytes().unwrap_or_default();
            let bytes = process.payload(&bytes[..bytes.len().min(left)]);
            let taken = if is_cut { taken(row, left) } else { bytes.len() };
            left -= taken;
            if bytes.len() == taken {
                return (bytes.as_ptr() as usize, taken);
            }
            // The trace has the beginning only.
            let (whole, rest) = std::mem::take(&mut room).split_at_mut(taken);
            room = rest;
            whole[..bytes.len()].copy_from_slice(bytes);
            whole[bytes.len()..].fill(0);
            (whole.as_ptr() as usize, taken)
        })?;
        if left > 0 { Err(Skip::NOT_CAPTURED) } else { Ok(vectors) }
    }

    /// Of a call that failed the trace has no buffers; without any it would succeed at nothing.
    fn one_vector(&mut self, index: u32) -> Result<Vectors<'t>, Skip> {
        let room = self.scratch(index + beyond::BUFFERS, 1)?;
        let memory = self.scratch(index, size_of::<iovec>() as u64)?;
        let start: *mut iovec = memory.as_mut_ptr().cast();
        let vector = iovec { iov_base: room.as_mut_ptr().cast(), iov_len: room.len() };
        // SAFETY: scratch memory is page-aligned, has room for the vector, and is this record's until its
        // replay ends.
        let vectors = unsafe {
            start.write(vector);
            std::slice::from_raw_parts_mut(start, 1)
        };
        Ok(Vectors { vectors, lengths: vec![1] })
    }

    /// A call that failed because of its vectors can't be made again: the trace has their buffers only.
    fn refuse_bad_vectors(&self) -> Result<(), Skip> {
        match self.recorded().errno {
            libc::EFAULT | libc::EINVAL | libc::ENOMEM => Err(Skip::NOT_CAPTURED),
            libc::EAGAIN | libc::EINTR => Err(Skip::TIMING),
            _ => Ok(()),
        }
    }

    fn vectors<E: Element<'t> + Clone>(
        &mut self,
        index: u32,
        rows: &Rows<'t, E>,
        mut buffer: impl FnMut(&E, &mut Self) -> (usize, usize),
    ) -> Result<Vectors<'t>, Skip> {
        let count = rows.iter().count();
        if count > MOST_VECTORS {
            return Err(Skip::MALFORMED);
        }
        let memory = self.scratch(index, (count * size_of::<iovec>()) as u64)?;
        let start: *mut iovec = memory.as_mut_ptr().cast();
        for (number, row) in rows.iter().enumerate() {
            let (base, length) = buffer(&row, self);
            let vector = iovec { iov_base: base as *mut _, iov_len: length };
            // SAFETY: scratch memory is page-aligned, and has room for `count` vectors.
            unsafe { start.add(number).write(vector) };
        }
        // SAFETY: all of them were written, and the memory is this record's until its replay ends.
        let vectors = unsafe { std::slice::from_raw_parts_mut(start, count) };
        Ok(Vectors { vectors, lengths: Vec::new() })
    }
}

impl Vectors<'_> {
    /// Bytes that they have room for.
    pub fn room(&self) -> usize {
        self.vectors.iter().map(|vector| vector.iov_len).sum()
    }

    /// What is left of the vectors once `moved` bytes have moved.
    pub fn after(&self, moved: usize) -> Cow<'_, [iovec]> {
        if moved == 0 {
            return Cow::Borrowed(self.vectors);
        }
        let mut left = moved;
        let rest = self.vectors.iter().map(|vector| {
            let here = vector.iov_len.min(left);
            left -= here;
            let iov_base = (vector.iov_base as usize + here) as *mut _;
            iovec { iov_base, iov_len: vector.iov_len - here }
        });
        rest.collect()
    }

    /// Of each vector, the length that the program gave and the bytes that the kernel put there, `moved`
    /// in all.
    pub fn filled(&self, moved: usize) -> impl Iterator<Item = (u64, &[u8])> {
        let mut left = moved;
        self.vectors.iter().zip(&self.lengths).map(move |(vector, length)| {
            let here = vector.iov_len.min(left);
            left -= here;
            // SAFETY: the buffer is this record's, and as long as its vector says.
            let bytes = unsafe { std::slice::from_raw_parts(vector.iov_base as *const u8, here) };
            (*length, bytes)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn the_end_of_a_stream_is_waited_for_if_it_was_seen() {
        let recorded = |return_value, errno| Recorded { return_value, errno };
        let (mut reader, writer) = std::io::pipe().expect("a pipe");
        let (fd, mut writer) = (reader.as_raw_fd(), Some(writer));
        let mut read = |_| match writer.take() {
            // As a reader that doesn't wait sees it, before the writer closes its end.
            Some(_) => Err(Errno(libc::EAGAIN)),
            None => Ok(reader.read(&mut [0; 4]).expect("its end") as i64),
        };
        let came = transfer_nothing(fd, Direction::Read, recorded(0, 0), &mut read);
        assert_eq!(came, Ok(0));
        let again = |_| Err(Errno(libc::EAGAIN));
        let came = transfer_nothing(-1, Direction::Read, recorded(-1, libc::EAGAIN), again);
        assert_eq!(came, Err(Errno(libc::EAGAIN)));
    }
}
