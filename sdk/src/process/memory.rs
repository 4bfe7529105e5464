//! Memory that a call is given: what the program passed, and room for what the kernel fills in.

use abi::want;

use super::Process;
use crate::Skip;

/// Scratch memory behind that of a call's six arguments, each for one purpose; a host has 16.
pub(crate) mod beyond {
    /// Paths that lead to descriptors, of which a call takes two at most.
    pub const PATHS: u32 = 6;
    /// The buffers of an argument's I/O vectors, behind the argument's own number.
    pub const BUFFERS: u32 = 8;
    /// The structure that holds an extended attribute's value and size.
    pub const XATTR_ARGUMENTS: u32 = 14;
    /// What a request of asynchronous I/O read.
    pub const REAPED: u32 = 15;
}

/// An address that no program has: the highest page is the kernel's.
const NOT_MAPPED: usize = usize::MAX << 12;

/// Largest buffer that a replay hands to the kernel, unless the recorded call moved more: 64 MiB.
/// A program may name any length; only what it moved is certain to be there.
pub(crate) const LARGEST_BUFFER: u64 = 64 << 20;

impl<'t> Process<'t> {
    /// Zeroed-at-first, page-aligned memory of `length` bytes for pointer argument `index`.
    ///
    /// # Errors
    /// There is no such amount.
    #[inline]
    pub fn scratch(&mut self, index: u32, length: u64) -> Result<&'t mut [u8], Skip> {
        // SAFETY: context is what this host gave us.
        let start = unsafe { self.host.scratch()(self.context, index, length) };
        if start.is_null() {
            return Err(Skip::NOT_CAPTURED);
        }
        // SAFETY: the host hands out `length` bytes that nobody else uses until the replay of this
        // record ends, and another memory for each index.
        Ok(unsafe { std::slice::from_raw_parts_mut(start, length as usize) })
    }

    /// A structure of `size` bytes behind pointer argument `index`, with `inputs` (offset, width and
    /// number) in it. A structure whose inputs are all absent was a null pointer; one that couldn't be
    /// read can't be read again, since a null pointer may mean something to the call.
    ///
    /// # Errors
    /// There is no such amount of memory.
    pub fn memory(
        &mut self,
        index: u32,
        size: u32,
        inputs: &[(u32, u32, Option<i64>)],
    ) -> Result<Memory<'t>, Skip> {
        let absent = !inputs.is_empty() && inputs.iter().all(|(_, _, number)| number.is_none());
        if self.record.errno_number == libc::EFAULT {
            return Ok(Memory { bytes: None, otherwise: NOT_MAPPED });
        }
        if absent {
            return Ok(Memory { bytes: None, otherwise: 0 });
        }
        let bytes = self.scratch(index, size.into())?;
        bytes.fill(0);
        for &(offset, width, number) in inputs {
            let (offset, width) = (offset as usize, width as usize);
            bytes[offset..][..width].copy_from_slice(&number.unwrap_or(0).to_ne_bytes()[..width]);
        }
        Ok(Memory { bytes: Some(bytes), otherwise: 0 })
    }

    /// Room for the kernel to fill, as pointer argument `index`: address and length to pass.
    ///
    /// # Errors
    /// There is no such amount of memory.
    #[inline]
    pub fn output(&mut self, index: u32, length: i64) -> Result<(usize, usize), Skip> {
        let failed = self.record.errno_number;
        // A negative length may be what the call failed for: it is passed on, without a buffer.
        if failed == libc::EFAULT || failed != 0 && length < 0 {
            return Ok((0, length as usize));
        }
        let moved = self.record.return_value.max(0) as u64;
        let length = (length as u64).min(LARGEST_BUFFER.max(moved));
        let room = self.scratch(index, length)?;
        Ok((room.as_mut_ptr() as usize, room.len()))
    }

    /// The bytes to hand to the kernel, as pointer argument `index`: address and length to pass. A
    /// call that took fewer than it was given gets just those.
    ///
    /// # Errors
    /// The trace doesn't have the bytes, or the outcome depended on the moment.
    #[inline]
    pub fn input(
        &mut self,
        index: u32,
        recorded: Option<&'t [u8]>,
        length: i64,
    ) -> Result<(usize, usize), Skip> {
        match recorded {
            Some(data) => {
                let data = self.payload(data);
                match self.record.return_value.max(0) as u64 {
                    taken if taken > data.len() as u64 && self.is_cut() => {
                        self.padded(index, data, taken)
                    }
                    _ => Ok((data.as_ptr() as usize, data.len())),
                }
            }
            None if self.recorded().succeeded() => match self.record.return_value {
                0 => Ok((0, 0)),
                _ => Err(Skip::NOT_CAPTURED),
            },
            None => match self.record.errno_number {
                libc::EFAULT => Ok((0, length as usize)),
                libc::EBADF | libc::EINVAL | libc::EPIPE | libc::ESPIPE => {
                    self.output(index, length)
                }
                libc::EAGAIN | libc::EINTR => Err(Skip::TIMING),
                _ => Err(Skip::NOT_CAPTURED),
            },
        }
    }

    /// Whether the trace may have only the beginnings of the record's values.
    pub(crate) fn is_cut(&self) -> bool {
        self.record.wants & want::CUT != 0
    }

    /// `data`, of which the trace has only the beginning, and zeros up to `length` bytes.
    #[cold]
    pub(crate) fn padded(
        &mut self,
        index: u32,
        data: &[u8],
        length: u64,
    ) -> Result<(usize, usize), Skip> {
        let whole = self.scratch(index, length)?;
        whole[..data.len()].copy_from_slice(data);
        whole[data.len()..].fill(0);
        Ok((whole.as_ptr() as usize, whole.len()))
    }

    /// As [`Self::input`], where the bytes are one value that the kernel takes whole: nothing is written
    /// in their place.
    ///
    /// # Errors
    /// The trace doesn't have all of them.
    pub fn input_whole(
        &mut self,
        index: u32,
        recorded: Option<&'t [u8]>,
        length: i64,
    ) -> Result<(usize, usize), Skip> {
        match (recorded.unwrap_or_default(), self.record.errno_number) {
            (value, _) if value.len() as i64 == length => {
                Ok((value.as_ptr() as usize, value.len()))
            }
            (_, libc::EFAULT) => Ok((0, length as usize)),
            // What was too long to be looked at was too long to be recorded.
            (_, libc::E2BIG) => self.output(index, length),
            _ => Err(Skip::NOT_CAPTURED),
        }
    }

    /// What to write in place of `recorded`.
    #[inline]
    pub fn payload(&mut self, recorded: &'t [u8]) -> &'t [u8] {
        if self.record.wants & want::PATTERN == 0 {
            return recorded;
        }
        let length = recorded.len();
        // SAFETY: context is what this host gave us; the host returns as many bytes as it was shown,
        // which stay until the replay of this record ends.
        unsafe {
            let start = self.host.payload()(self.context, recorded.as_ptr(), length as u64);
            std::slice::from_raw_parts(start, length)
        }
    }

    /// Whether data that the kernel returns is compared.
    #[inline]
    pub fn verifies(&self) -> bool {
        self.record.wants & want::VERIFY != 0
    }

    /// The kernel filled in `data` for the declared fetch number `fetch`.
    #[inline]
    pub fn returned(&mut self, fetch: u32, data: &[u8]) {
        if self.verifies() {
            // SAFETY: context is what this host gave us; the host is done with the data on return.
            unsafe {
                self.host.returned()(self.context, fetch, data.as_ptr(), data.len() as u64);
            }
        }
    }

    /// The kernel filled in the buffers `items` for the declared rows of fetch number `fetch`: of
    /// each, the length that it has room for and the bytes.
    pub fn returned_items<'a>(&mut self, fetch: u32, items: impl Iterator<Item = (u64, &'a [u8])>) {
        if !self.verifies() {
            return;
        }
        let mut data = Vec::new();
        for (length, bytes) in items {
            for word in [bytes.as_ptr() as u64, length, bytes.len() as u64] {
                data.extend(word.to_ne_bytes());
            }
            data.extend(bytes);
        }
        self.returned(fetch, &data);
    }
}

/// A structure for the kernel to read or fill.
pub struct Memory<'t> {
    bytes: Option<&'t mut [u8]>,
    otherwise: usize,
}

impl Memory<'_> {
    /// The pointer to pass; if there is no structure, null or one that leads nowhere.
    pub fn address(&self) -> usize {
        self.bytes.as_ref().map_or(self.otherwise, |bytes| bytes.as_ptr() as usize)
    }

    /// The structure as it is now.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.as_deref().unwrap_or_default()
    }

    /// The signed number of `width` bytes at `offset`; 0 if there is no structure.
    pub fn number(&self, offset: u32, width: u32) -> i64 {
        let Some(bytes) = self.bytes().get(offset as usize..).and_then(|b| b.get(..width as usize))
        else {
            return 0;
        };
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        let unused = 64 - 8 * bytes.len() as u32;
        (i64::from_ne_bytes(word) << unused) >> unused
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;
    use crate::testing::Stage;

    #[derive(Record, Replay)]
    #[record(syscall = "setxattr")]
    struct Setxattr<'t> {
        #[pathname(0)]
        given_pathname: Option<Path<'t>>,
        #[string(1)]
        xattr_name: Option<&'t [u8]>,
        #[input(2, length = 3, whole)]
        value_written: Option<&'t [u8]>,
        #[arg(3)]
        value_size: i64,
        #[arg(4)]
        flag_value: Option<i32>,
    }

    const SETXATTR: Setxattr<'_> = Setxattr {
        given_pathname: Some(Path(b"/\0")),
        xattr_name: Some(b"user.a\0"),
        value_written: Some(b""),
        value_size: 5,
        flag_value: None,
    };

    #[test]
    fn a_value_is_passed_whole_or_not_at_all() {
        Stage::new().replay(&SETXATTR).is_not_made();
        let unread = Setxattr { value_written: None, ..SETXATTR };
        Stage::new().recorded(-1, libc::EFAULT).replay(&unread).fails(libc::EFAULT);
        let large = Setxattr { value_size: 1 << 40, ..unread };
        Stage::new().recorded(-1, libc::E2BIG).replay(&large).fails(libc::E2BIG);
    }
}
