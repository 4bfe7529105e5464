//! A plugin's handle on the process whose record it replays.

use std::any::Any;
use std::ffi::c_void;
use std::os::fd::RawFd;

use abi::{HostRef, fd, status, want};

use crate::own::{Own, own};
use crate::{ClosedFd, DirFd, Errno, Fd, Options, Path, Recorded, Replayed, Skip, sys};

/// What a child has in common with its parent (clone(2)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// `CLONE_FILES`: the table of descriptors.
    pub files: bool,
    /// `CLONE_FS`: working directory, root and umask.
    pub fs: bool,
    /// `CLONE_THREAD`: the process itself.
    pub thread_group: bool,
    /// `CLONE_VM`: memory.
    pub memory: bool,
}

impl Shares {
    fn bits(self) -> u32 {
        let bits = [
            (self.files, abi::CHILD_SHARES_FILES),
            (self.fs, abi::CHILD_SHARES_FS),
            (self.thread_group, abi::CHILD_SHARES_THREAD_GROUP),
            (self.memory, abi::CHILD_SHARES_MEMORY),
        ];
        bits.iter().filter(|(set, _)| *set).fold(0, |all, (_, bit)| all | bit)
    }

    /// What the flags of clone(2) and clone3(2) say.
    pub fn by_flags(flags: i64) -> Self {
        let has = |flag: i32| flags & i64::from(flag) != 0;
        Self {
            files: has(libc::CLONE_FILES),
            fs: has(libc::CLONE_FS),
            thread_group: has(libc::CLONE_THREAD),
            memory: has(libc::CLONE_VM),
        }
    }
}

/// Largest buffer that a replay hands to the kernel, unless the recorded call moved more: 64 MiB.
/// A program may name any length; only what it moved is certain to be there.
pub(crate) const LARGEST_BUFFER: u64 = 64 << 20;

/// The kernel's own errors for a call that a signal ended and that it may restart (`ERESTARTSYS` to
/// `ERESTART_RESTARTBLOCK`): older recorders saw them.
const FIRST_RESTART: i32 = 512;
const LAST_RESTART: i32 = 516;

/// An address that no program has: the highest page is the kernel's.
const NOT_MAPPED: usize = usize::MAX << 12;

/// The replaying process, and the record that is being replayed in it.
pub struct Process<'t> {
    host: HostRef,
    context: *mut c_void,
    record: &'t abi::Record,
    /// How many paths of this record lead to descriptors.
    own_paths: u32,
    /// The plugin's options, if somebody set them.
    options: Option<&'t dyn Any>,
}

/// The scratch memory for such paths, of which a call takes two at most: behind that of its six arguments.
const OWN_PATHS: u32 = 6;

impl<'t> Process<'t> {
    /// The process that `context` names.
    ///
    /// # Safety
    /// `host`, `context` and `record` must be what a host passes to [`abi::Call::replay`].
    pub unsafe fn new(host: HostRef, context: *mut c_void, record: &'t abi::Record) -> Self {
        Self { host, context, record, own_paths: 0, options: None }
    }

    /// The same, with the plugin's options.
    pub fn with_options(self, options: Option<&'t dyn Any>) -> Self {
        Self { options, ..self }
    }

    /// The plugin's options: `S` is what it exports (`export_plugin!(…; options = S)`).
    #[inline]
    pub fn options<S: Options>(&self) -> S {
        self.options.and_then(|options| options.downcast_ref()).copied().unwrap_or_default()
    }

    /// What the recorded call came to.
    pub fn recorded(&self) -> Recorded {
        Recorded { return_value: self.record.return_value, errno: self.record.errno_number }
    }

    /// The order id of the record. That of the made-up one which says the first process's umask is 0.
    pub fn unique_id(&self) -> i64 {
        self.record.unique_id
    }

    /// Whether the host wants `what`; see [`abi::want`].
    pub(crate) fn wants(&self, what: u32) -> bool {
        self.record.wants & what != 0
    }

    /// Whether the trace is by the original recorder, whose records have defects of their own (trace schema,
    /// §8).
    pub fn is_reference_trace(&self) -> bool {
        self.record.wants & want::REFERENCE != 0
    }

    /// The descriptor that stands for `traced`. A call that failed with `EBADF` gets one that isn't
    /// open.
    ///
    /// # Errors
    /// The descriptor is simulated, a standard stream that is left alone, or unknown.
    #[inline]
    pub fn fd(&mut self, traced: Fd) -> Result<RawFd, Skip> {
        // SAFETY: context is what this host gave us.
        let answer = unsafe { self.host.descriptor()(self.context, traced.0) };
        self.answered(answer)
    }

    /// The descriptor for a directory that `path` is looked up from; anything if the path is
    /// absolute.
    ///
    /// # Errors
    /// As [`Process::fd`].
    #[inline]
    pub fn dirfd(&mut self, traced: DirFd, path: Option<Path<'_>>) -> Result<RawFd, Skip> {
        if traced.0 == libc::AT_FDCWD || path.is_some_and(Path::is_absolute) {
            return Ok(libc::AT_FDCWD);
        }
        self.fd(Fd(traced.0))
    }

    /// Whether data moves through `traced` as it comes: a pipe, a socket.
    #[inline]
    pub fn is_stream(&mut self, traced: Fd) -> bool {
        // SAFETY: context is what this host gave us.
        unsafe { self.host.is_stream()(self.context, traced.0) != 0 }
    }

    /// How many bytes the recorded call moved through `traced`, if that is a stream: a replay moves just
    /// as many, in as many steps as that takes, since how they come is a matter of the moment.
    #[inline]
    pub fn streamed(&mut self, traced: Fd) -> Option<usize> {
        let moved = self.record.return_value;
        (moved > 0 && self.is_stream(traced)).then_some(moved as usize)
    }

    /// Forgets `traced` and returns what stood for it, which the plugin closes.
    ///
    /// # Errors
    /// As [`Process::fd`].
    #[inline]
    pub fn release(&mut self, traced: ClosedFd) -> Result<RawFd, Skip> {
        // SAFETY: context is what this host gave us.
        let answer = unsafe { self.host.release()(self.context, traced.0) };
        self.answered(answer)
    }

    /// Forgets `traced` and closes what stood for it, if something did.
    pub fn close(&mut self, traced: ClosedFd) {
        if let Ok(fd) = self.release(traced) {
            // SAFETY: the call takes no pointer, and nothing stands for the descriptor any more.
            let _ = unsafe { sys::numbers(libc::SYS_close, [fd.into()]) };
        }
    }

    #[inline]
    fn answered(&self, answer: i32) -> Result<RawFd, Skip> {
        match answer {
            fd::SIMULATED => Err(Skip(status::SIMULATED_DESCRIPTOR)),
            fd::STANDARD_STREAM => Err(Skip(status::STANDARD_STREAM)),
            fd::UNKNOWN if self.record.errno_number == libc::EBADF => Ok(-1),
            fd::UNKNOWN => Err(Skip(status::UNKNOWN_DESCRIPTOR)),
            open => Ok(open),
        }
    }

    /// `replayed` stands for `traced` from now on; −1 makes `traced` simulated.
    pub fn adopt(&mut self, traced: i32, replayed: RawFd) {
        // SAFETY: context is what this host gave us.
        unsafe { self.host.adopt()(self.context, traced, replayed) }
    }

    /// Settles a call that returns a new descriptor: maps the recorded one to the new one, closes one
    /// that the recorded call didn't get, and makes simulated what the replay didn't get.
    pub fn adopt_returned(&mut self, replayed: Result<i64, Errno>) {
        match (self.recorded().succeeded(), replayed) {
            (true, Ok(fd)) => self.adopt(self.record.return_value as i32, fd as RawFd),
            (true, Err(_)) => self.adopt(self.record.return_value as i32, -1),
            (false, Ok(fd)) => self.adopt(-1, fd as RawFd),
            (false, Err(_)) => {}
        }
    }

    /// Makes `new` another name of what `old` stands for, without a call.
    pub fn alias(&mut self, old: i32, new: i32) {
        // SAFETY: context is what this host gave us.
        unsafe { self.host.alias()(self.context, old, new) }
    }

    /// Settles a call that makes another descriptor for what `old` names: `call` is given what stands for
    /// `old`, and returns the new one. Where nothing does, the new one stands for the same without a call.
    ///
    /// # Errors
    /// As [`Process::fd`]; but the other name of a standard stream is one too, and that is all there is to
    /// it.
    pub fn duplicate(
        &mut self,
        old: Fd,
        call: impl FnOnce(RawFd) -> Result<i64, Errno>,
    ) -> Replayed {
        let new = self.record.return_value;
        match self.fd(old) {
            Ok(fd) => {
                let replayed = call(fd);
                self.adopt_returned(replayed);
                // The number itself is the replay's own.
                Ok(replayed.map(|fd| self.recorded().outcome().unwrap_or(fd)))
            }
            Err(skip) if self.recorded().succeeded() => {
                self.alias(old.0, new as i32);
                if skip.0 == status::STANDARD_STREAM { Ok(Ok(new)) } else { Err(skip) }
            }
            Err(skip) => Err(skip),
        }
    }

    /// Settles a call that makes a descriptor for what `traced` is in the process of task `task`.
    ///
    /// # Errors
    /// As [`Process::fd`]; also if that task isn't one of the replay, or has ended, or if the host is too old.
    pub fn duplicate_of(&mut self, task: i32, traced: i32) -> Replayed {
        let answer = match self.host.descriptor_of() {
            // SAFETY: context is what this host gave us.
            Some(descriptor_of) => unsafe { descriptor_of(self.context, task, traced) },
            None => fd::SIMULATED,
        };
        let replayed = match answer {
            fd::UNKNOWN if !self.recorded().succeeded() => Err(Errno(libc::EBADF)),
            answer => Ok(self.answered(answer)?.into()),
        };
        self.adopt_returned(replayed);
        Ok(replayed.map(|fd| self.recorded().outcome().unwrap_or(fd)))
    }

    /// Has somebody who stands for one outside the trace see to it that the socket `traced` is going to be ready to
    /// be read; returns whether somebody does.
    pub(crate) fn expect(&mut self, traced: Fd) -> bool {
        // SAFETY: context is what this host gave us.
        self.host.expect().is_some_and(|expect| unsafe { expect(self.context, traced.0) != 0 })
    }

    /// The port of somebody who stands for one outside the trace and waits for a connection; 0 if nobody does.
    pub(crate) fn somebody(&mut self) -> u16 {
        // SAFETY: context is what this host gave us.
        let port = self.host.counterpart().map(|counterpart| unsafe { counterpart(self.context) });
        port.and_then(|port| u16::try_from(port).ok()).unwrap_or(0)
    }

    /// The pointer to `path` as this replay finds it.
    ///
    /// # Errors
    /// The recorded path doesn't end in NUL, so it can't have been one; or it leads to what the kernel
    /// tells the replayer of itself, or to a descriptor that [`Process::fd`] doesn't find.
    #[inline]
    pub fn path(&mut self, path: Path<'_>) -> Result<usize, Skip> {
        let Path(bytes) = path;
        let Some((0, text)) = bytes.split_last() else { return Err(Skip::MALFORMED) };
        match own(text) {
            None => {}
            Some(Own::Process) => return Err(Skip::SIMULATED),
            Some(Own::Descriptor(traced, rest)) => return self.path_of(Fd(traced), rest),
        }
        self.found(bytes)
    }

    /// The pointer to where `path` leads in this replay.
    #[inline]
    fn found(&self, path: &[u8]) -> Result<usize, Skip> {
        if self.record.wants & want::PATHS == 0 {
            return Ok(path.as_ptr() as usize);
        }
        // SAFETY: context is what this host gave us; the bytes live through the call.
        let found = unsafe { self.host.path()(self.context, path.as_ptr(), path.len() as u64) };
        if found.is_null() { Err(Skip::SIMULATED) } else { Ok(found as usize) }
    }

    /// The pointer to the path `rest`, looked up from `traced`.
    fn path_of(&mut self, traced: Fd, rest: &[u8]) -> Result<usize, Skip> {
        let fd = self.fd(traced)?;
        let path = [format!("/proc/thread-self/fd/{fd}").as_bytes(), rest, b"\0"].concat();
        let index = OWN_PATHS + self.own_paths % 2;
        self.own_paths += 1;
        let memory = self.scratch(index, path.len() as u64)?;
        memory.copy_from_slice(&path);
        self.found(memory)
    }

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

    /// A call that a signal ended isn't made again.
    ///
    /// # Errors
    /// The recorded call was one.
    pub fn refuse_interrupted(&self) -> Result<(), Skip> {
        match self.record.errno_number {
            libc::EINTR | FIRST_RESTART..=LAST_RESTART => Err(Skip::TIMING),
            _ => Ok(()),
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

    /// Four words that stay with the open descriptor `traced`, zero at first.
    pub fn note(&mut self, traced: Fd) -> Option<&mut [u64; 4]> {
        // SAFETY: context is what this host gave us.
        let words = unsafe { self.host.note()(self.context, traced.0) };
        // SAFETY: the host returns null, or four words that are ours until the replay of the record
        // ends; the borrow of `self` keeps a second one from being made.
        unsafe { words.cast::<[u64; 4]>().as_mut() }
    }

    /// A new process or thread of the trace starts.
    pub fn create_task(&mut self, task: i32, shares: Shares) {
        // SAFETY: context is what this host gave us.
        unsafe { self.host.create_task()(self.context, task, shares.bits()) }
    }

    /// The process no longer has `shares` in common with others.
    pub fn unshare(&mut self, shares: Shares) {
        // SAFETY: context is what this host gave us.
        unsafe { self.host.unshare()(self.context, shares.bits()) }
    }

    /// Settles a call that makes a child (fork(2) and its kin): if the recorded one did, the child is
    /// a task of the replay, and no process is made.
    ///
    /// # Errors
    /// The recorded call made none.
    pub fn fork(&mut self, shares: Shares) -> Replayed {
        let child = self.record.return_value;
        if !self.recorded().succeeded() || child <= 0 {
            return Err(Skip::SIMULATED);
        }
        self.create_task(child as i32, shares);
        Ok(Ok(child))
    }

    /// The number of the program's memory: tasks that share theirs have the same, others have not.
    pub fn memory_number(&self) -> u32 {
        self.record.memory
    }

    /// What the whole replay knows by `name`: something that plugins tell one another.
    pub fn recall(&mut self, name: &[u8]) -> Option<&'t [u8]> {
        let mut length = 0;
        let name_length = name.len() as u64;
        // SAFETY: context is what this host gave us; the host is done with the name on return.
        let start = unsafe {
            self.host.recall()(self.context, name.as_ptr(), name_length, &raw mut length)
        };
        if start.is_null() {
            return None;
        }
        // SAFETY: the host's value has this length and stays until the replay of the record ends.
        Some(unsafe { std::slice::from_raw_parts(start, length as usize) })
    }

    /// From now on the whole replay knows `value` by `name`.
    pub fn remember(&mut self, name: &[u8], value: &[u8]) {
        let (name_length, length) = (name.len() as u64, value.len() as u64);
        // SAFETY: context is what this host gave us; the host is done with both on return.
        unsafe {
            self.host.remember()(self.context, name.as_ptr(), name_length, value.as_ptr(), length);
        }
    }

    /// From now on nothing is known by `name`.
    pub fn forget(&mut self, name: &[u8]) {
        let (name_length, nothing) = (name.len() as u64, std::ptr::null());
        // SAFETY: as above.
        unsafe {
            self.host.remember()(self.context, name.as_ptr(), name_length, nothing, 0);
        }
    }

    /// The process runs a new program: its close-on-exec descriptors go.
    pub fn execute(&mut self) {
        // SAFETY: context is what this host gave us.
        unsafe { self.host.execute()(self.context) }
    }

    /// The thread ends, or all threads of its process if `whole`.
    pub fn exit(&mut self, whole: bool) {
        // SAFETY: context is what this host gave us.
        unsafe { self.host.exit()(self.context, whole.into()) }
    }

    /// A difference that the plugin found itself, in declared column `column`.
    pub fn diverged(&mut self, column: u32, expected: &str, got: &str) {
        // SAFETY: context is what this host gave us; the host is done with the texts on return.
        unsafe {
            self.host.diverged()(
                self.context,
                column,
                expected.as_ptr(),
                expected.len() as u64,
                got.as_ptr(),
                got.len() as u64,
            );
        }
    }

    /// Tells people something.
    pub fn warn(&mut self, message: &str) {
        self.log(abi::log::WARNING, message);
    }

    pub(crate) fn log(&mut self, level: u32, message: &str) {
        // SAFETY: context is what this host gave us; the host is done with the text on return.
        unsafe {
            self.host.log()(self.context, level, message.as_ptr(), message.len() as u64);
        }
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

    #[derive(Record)]
    #[record(syscall = "dup", returns = descriptor)]
    struct Dup {
        #[arg(0)]
        descriptor: Fd,
    }

    impl<'t> Replay<'t> for Dup {
        fn replay(&self, process: &mut Process<'t>) -> Replayed {
            process.duplicate(self.descriptor, |fd| {
                // SAFETY: the call takes no pointer.
                unsafe { sys::numbers(libc::SYS_dup, [fd.into()]) }
            })
        }
    }

    #[test]
    fn a_duplicate_takes_the_place_of_the_recorded_one() {
        let mut stage = Stage::with_file(3, b"");
        stage.recorded(70, 0).replay(&Dup { descriptor: Fd(3) }).returns(70);
        assert!(stage.descriptor(70).is_some_and(|fd| stage.descriptor(3) != Some(fd)));
    }

    #[test]
    fn a_duplicate_of_what_is_not_open_is_not_either() {
        let mut stage = Stage::new();
        stage.simulate(3);
        stage.recorded(4, 0).replay(&Dup { descriptor: Fd(3) }).is_not_made();
        assert!(stage.is_simulated(4));
        stage.recorded(5, 0).replay(&Dup { descriptor: Fd(1) }).returns(5);
        stage.recorded(-1, libc::EBADF).replay(&Dup { descriptor: Fd(9) }).fails(libc::EBADF);
        stage.recorded(-1, libc::EMFILE).replay(&Dup { descriptor: Fd(3) }).is_not_made();
        assert_eq!(stage.descriptor(-1), None);
    }

    #[derive(Record, Replay)]
    #[record(syscall = "readlink", blocks)]
    struct Readlink<'t> {
        #[pathname(0)]
        given_pathname: Option<Path<'t>>,
        #[output(1, length = 2)]
        link_value: Option<&'t [u8]>,
        #[arg(2)]
        buffer_size: Option<i32>,
    }

    const READLINK: Readlink<'_> = Readlink {
        given_pathname: Some(Path(b"/dev/null\0")),
        link_value: None,
        buffer_size: Some(i32::MIN),
    };

    #[test]
    fn a_negative_length_fails_again() {
        Stage::new().recorded(-1, libc::EINVAL).replay(&READLINK).fails(libc::EINVAL);
    }

    #[test]
    fn what_the_kernel_tells_a_process_of_itself_is_not_asked_for() {
        for path in [&b"/proc/self/exe\0"[..], b"/proc/1/cwd\0"] {
            let readlink = Readlink { given_pathname: Some(Path(path)), ..READLINK };
            Stage::new().recorded(3, 0).replay(&readlink).is_not_made();
        }
    }

    #[test]
    fn a_path_to_a_descriptor_leads_to_what_stands_for_it() {
        let mut stage = Stage::with_file(77, b"");
        let target = stage.path("file");
        let readlink = Readlink {
            given_pathname: Some(Path(b"/proc/self/fd/77\0")),
            buffer_size: Some(4096),
            ..READLINK
        };
        let length = target.as_os_str().len() as i64;
        let played = stage.recorded(length, 0).replay(&readlink).returns(length);
        assert_eq!(played.filled(1), Some(target.as_os_str().as_encoded_bytes()));
        stage.simulate(77).replay(&readlink).is_not_made();
    }

    #[test]
    fn a_call_that_a_signal_ended_is_not_made() {
        for errno in [libc::EINTR, 512, 514] {
            Stage::new().recorded(-1, errno).replay(&READLINK).is_not_made();
        }
    }

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
