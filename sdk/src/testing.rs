//! A stage for a plugin's own tests: replays one record in a scratch directory, with no host.
//!
//! ```
//! use sdk::prelude::*;
//! use sdk::testing::Stage;
//!
//! #[derive(Record, Replay)]
//! #[record(syscall = "fsync")]
//! struct Fsync {
//!     #[arg(0)]
//!     descriptor: Fd,
//! }
//!
//! let mut stage = Stage::with_file(3, b"0123456789");
//! stage.replay(&Fsync { descriptor: Fd(3) }).returns(0);
//! ```

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::ffi::{CString, c_void};
use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use abi::abi_stable::prefix_type::PrefixTypeTrait;
use abi::{Host, HostRef, fd, want};

use crate::{Declared, Errno, Options, Process, Recorded, Replay, Replayed};

/// A process with a scratch directory of its own, which goes when the stage does.
pub struct Stage {
    directory: PathBuf,
    acts: Acts,
    recorded: Recorded,
    unique_id: i64,
    wants: u32,
    options: Option<Box<dyn Any>>,
}

/// What a plugin did with its process.
#[derive(Default)]
struct Acts {
    descriptors: HashMap<i32, Option<OwnedFd>>,
    scratch: HashMap<u32, Vec<u8>>,
    notes: HashMap<i32, Box<[u64; 4]>>,
    returned: Vec<(u32, Vec<u8>)>,
    tasks: Vec<(i32, u32)>,
    diverged: Vec<(u32, String, String)>,
    log: Vec<String>,
    known: HashMap<Vec<u8>, Vec<u8>>,
    /// What other tasks have, by task and traced number.
    of_others: HashMap<(i32, i32), OwnedFd>,
    executed: bool,
    unshared: u32,
    exited: Option<bool>,
}

impl Stage {
    /// An empty scratch directory and no descriptors.
    ///
    /// # Panics
    /// If there is no directory to be had.
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("replay-stage-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir(&directory).expect("the scratch directory is new");
        let recorded = Recorded { return_value: 0, errno: 0 };
        let (acts, wants) = (Acts::default(), want::VERIFY);
        Self { directory, acts, recorded, unique_id: 1, wants, options: None }
    }

    /// The replay has sockets of the network, and nobody who stands for others.
    pub fn with_network() -> Self {
        let mut stage = Self::new();
        stage.wants |= want::NETWORK;
        stage
    }

    /// A stage on which traced descriptor `traced` is open for reading and writing, at the start of a
    /// file `file` that holds `content`.
    pub fn with_file(traced: i32, content: &[u8]) -> Self {
        let mut stage = Self::new();
        std::fs::write(stage.path("file"), content).expect("the scratch directory is writable");
        stage.open(traced, "file");
        stage
    }

    /// A stage on which traced descriptors `reader` and `writer` are the ends of a pipe.
    ///
    /// # Panics
    /// If there is no pipe to be had.
    pub fn with_pipe(reader: i32, writer: i32) -> Self {
        let mut stage = Self::new();
        stage.pipe(reader, writer);
        stage
    }

    /// Makes traced descriptors `reader` and `writer` the ends of another pipe.
    ///
    /// # Panics
    /// If there is no pipe to be had.
    pub fn pipe(&mut self, reader: i32, writer: i32) -> &mut Self {
        let (from, to) = std::io::pipe().expect("a pipe");
        self.acts.descriptors.insert(reader, Some(from.into()));
        self.acts.descriptors.insert(writer, Some(to.into()));
        self
    }

    /// Writes `bytes`, which must fit, to `traced`.
    ///
    /// # Panics
    /// If that can't be written to.
    pub fn fill(&self, traced: i32, bytes: &[u8]) {
        use std::io::Write;
        self.file(traced).write_all(bytes).expect("the descriptor can be written to");
    }

    /// Takes up to 100 bytes out of the pipe that `traced` is the end of.
    ///
    /// # Panics
    /// If `traced` isn't one, or nothing can come.
    pub fn drain(&self, traced: i32) -> Vec<u8> {
        use std::io::Read;
        let mut bytes = vec![0; 100];
        let count = self.file(traced).read(&mut bytes).expect("the pipe can be read");
        bytes.truncate(count);
        bytes
    }

    /// Another descriptor for what `traced` is open on.
    fn file(&self, traced: i32) -> std::fs::File {
        let open = self.acts.descriptors.get(&traced).and_then(Option::as_ref);
        open.expect("the descriptor is open").try_clone().expect("it can be duplicated").into()
    }

    /// A stage on which `traced` is a local stream socket, bound and connected to nothing.
    ///
    /// # Panics
    /// If there is no socket to be had.
    pub fn with_socket(traced: i32) -> Self {
        let mut stage = Self::new();
        // SAFETY: the call takes numbers only.
        let socket = unsafe { libc::socket(libc::AF_UNIX, libc::SOCK_STREAM, 0) };
        assert!(socket >= 0, "a socket");
        // SAFETY: the descriptor is new, and nobody else's.
        let socket = unsafe { OwnedFd::from_raw_fd(socket) };
        stage.acts.descriptors.insert(traced, Some(socket));
        stage
    }

    /// A stage on which traced descriptors `one` and `other` are local stream sockets, connected to each
    /// other.
    ///
    /// # Panics
    /// If there are none to be had.
    pub fn with_sockets(one: i32, other: i32) -> Self {
        let mut stage = Self::new();
        let (a, b) = std::os::unix::net::UnixStream::pair().expect("a pair of sockets");
        stage.acts.descriptors.insert(one, Some(a.into()));
        stage.acts.descriptors.insert(other, Some(b.into()));
        stage
    }

    /// Writes `pieces` to `traced`, one after the other, from a thread of their own; they fit into a
    /// pipe, and the last one may be late.
    ///
    /// # Panics
    /// If `traced` isn't open.
    pub fn write_in_pieces(&self, traced: i32, pieces: &[&'static [u8]]) {
        use std::io::Write;
        let mut file = self.file(traced);
        let pieces = pieces.to_vec();
        std::thread::spawn(move || {
            for piece in pieces {
                let _ = file.write_all(piece);
                std::thread::yield_now();
            }
        });
    }

    /// Sends `data` and the descriptor `passed` through the socket `traced`.
    ///
    /// # Panics
    /// If that isn't possible.
    pub fn send_descriptor(&self, traced: i32, passed: i32, data: &[u8]) {
        let open = |traced| self.descriptor(traced).expect("the descriptor is open");
        let buffer = libc::iovec { iov_base: data.as_ptr() as *mut _, iov_len: data.len() };
        let control = crate::control::passing(&[open(passed)]);
        let buffers = [buffer];
        let mut message = crate::socket::Message::new(&buffers).with(&control);
        // SAFETY: the message names memory that is as long as it says.
        let sent = unsafe { libc::sendmsg(open(traced), message.word() as *const _, 0) };
        assert_eq!(sent, data.len() as isize, "all of it is sent");
    }

    /// A descriptor that comes out of the socket `traced` with some data; the test has to close it.
    ///
    /// # Panics
    /// If none does.
    pub fn descriptor_received(&self, traced: i32) -> RawFd {
        let (mut data, mut control) = ([0u8; 64], [0u8; 64]);
        let buffer = libc::iovec { iov_base: data.as_mut_ptr().cast(), iov_len: data.len() };
        let buffers = [buffer];
        let mut message = crate::socket::Message::new(&buffers).with_room(&mut control);
        let open = self.descriptor(traced).expect("the descriptor is open");
        // SAFETY: the message names room that is as long as it says.
        let received = unsafe { libc::recvmsg(open, message.word() as *mut _, libc::MSG_DONTWAIT) };
        assert!(received > 0, "something came");
        crate::control::descriptors(&control).next().expect("a descriptor came")
    }

    /// Opens `name` in the scratch directory, for writing too if it can be, as `traced`.
    pub fn open(&mut self, traced: i32, name: &str) -> &mut Self {
        let path = self.path(name);
        let file = std::fs::OpenOptions::new().read(true).write(true).open(&path);
        let file = file.or_else(|_| std::fs::File::open(&path)).expect("the file is there");
        self.acts.descriptors.insert(traced, Some(file.into()));
        self
    }

    /// Opens a new file without a name (`O_TMPFILE`) in the scratch directory as `traced`.
    ///
    /// # Panics
    /// If the file system has none.
    pub fn open_unnamed(&mut self, traced: i32) -> &mut Self {
        use std::os::unix::fs::OpenOptionsExt;
        let mut options = std::fs::OpenOptions::new();
        options.read(true).write(true).custom_flags(libc::O_TMPFILE);
        let file = options.open(&self.directory).expect("the file system has files without a name");
        self.acts.descriptors.insert(traced, Some(file.into()));
        self
    }

    /// Lets `open` stand for `traced`.
    pub fn give(&mut self, traced: i32, open: OwnedFd) -> &mut Self {
        self.acts.descriptors.insert(traced, Some(open));
        self
    }

    /// Makes `traced` a descriptor that is simulated.
    pub fn simulate(&mut self, traced: i32) -> &mut Self {
        self.acts.descriptors.insert(traced, None);
        self
    }

    /// Opens file `name` of the scratch directory as `traced` of task `task`, another one than this.
    ///
    /// # Panics
    /// If it isn't there.
    pub fn open_in(&mut self, task: i32, traced: i32, name: &str) -> &mut Self {
        let file = std::fs::File::open(self.path(name)).expect("the file is there");
        self.acts.of_others.insert((task, traced), file.into());
        self
    }

    /// Makes `traced` a descriptor for task `task`.
    pub fn pidfd(&mut self, traced: i32, task: i32) -> &mut Self {
        self.simulate(traced);
        self.acts.notes.insert(traced, Box::new(crate::pidfd::note(task)));
        self
    }

    /// What the trace says the next calls came to.
    pub fn recorded(&mut self, return_value: i64, errno: i32) -> &mut Self {
        self.recorded = Recorded { return_value, errno };
        self
    }

    /// The next records are of a trace by the original recorder.
    pub fn reference_trace(&mut self) -> &mut Self {
        self.wants |= want::REFERENCE;
        self
    }

    /// The replay takes on the program's users and groups.
    pub fn takes_on_users(&mut self) -> &mut Self {
        self.wants |= want::CREDENTIALS;
        self
    }

    /// The order id of the next records; 0 is that of the made-up one at a trace's start.
    pub fn unique_id(&mut self, unique_id: i64) -> &mut Self {
        self.unique_id = unique_id;
        self
    }

    /// What people set of the plugin for the next records.
    pub fn options(&mut self, options: impl Options) -> &mut Self {
        self.options = Some(Box::new(options));
        self
    }

    /// Path of `name` in the scratch directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The same with its NUL, as a trace has it.
    pub fn traced_path(&self, name: &str) -> Vec<u8> {
        traced(&self.path(name))
    }

    /// Gives `name` in the scratch directory an extended attribute.
    ///
    /// # Panics
    /// If the file system has none.
    pub fn set_attribute(&self, name: &str, attribute: &str, value: &[u8]) {
        let path = self.traced_path(name);
        let attribute = CString::new(attribute).expect("no NUL in a name");
        // SAFETY: both strings end in NUL, and the value is as long as it says.
        let set = unsafe {
            let value = (value.as_ptr().cast(), value.len());
            libc::setxattr(path.as_ptr().cast(), attribute.as_ptr(), value.0, value.1, 0)
        };
        assert_eq!(set, 0, "{}", std::io::Error::last_os_error());
    }

    /// The extended attribute of `name` in the scratch directory, if it has it.
    ///
    /// # Panics
    /// If there is a NUL in a name.
    pub fn attribute(&self, name: &str, attribute: &str) -> Option<Vec<u8>> {
        let path = self.traced_path(name);
        let attribute = CString::new(attribute).expect("no NUL in a name");
        let mut value = vec![0; 1 << 16];
        // SAFETY: both strings end in NUL, and there is as much room as it says.
        let length = unsafe {
            let room = (value.as_mut_ptr().cast(), value.len());
            libc::getxattr(path.as_ptr().cast(), attribute.as_ptr(), room.0, room.1)
        };
        value.truncate(usize::try_from(length).ok()?);
        Some(value)
    }

    /// Replays `record`.
    pub fn replay<'t, R: Replay<'t>>(&'t mut self, record: &R) -> Played<'t> {
        let raw = Box::leak(Box::new(abi::Record {
            slots: std::ptr::null(),
            rows: std::ptr::null(),
            slot_count: 0,
            row_count: 0,
            unique_id: self.unique_id,
            return_value: self.recorded.return_value,
            errno_number: self.recorded.errno,
            task: 1,
            wants: self.wants,
            memory: 1,
        }));
        self.acts.returned.clear();
        let context = (&raw mut self.acts).cast();
        // SAFETY: the host's functions take `acts` for their context, and nothing else touches it
        // while they run; the record has no rows, and the plugin is given its fields already.
        let process = unsafe { Process::new(host(), context, raw) };
        let mut process = process.with_options(self.options.as_deref());
        let replayed = record.replay(&mut process);
        Played { replayed, acts: &self.acts }
    }

    /// Does `act` with a process, as the replay of a record would.
    pub fn act<'t>(&'t mut self, act: impl FnOnce(&mut Process<'t>)) {
        struct Act<F>(std::cell::Cell<Option<F>>);
        impl<F> Declared for Act<F> {
            const EXTENT: &'static str = "";
            const SYSCALLS: &'static [&'static str] = &[];
            fn declare(_: &mut crate::declare::Declaration) {}
        }
        impl<'t, F> crate::Record<'t> for Act<F> {
            fn read(_: &mut crate::Fields<'t>) -> Self {
                Self(std::cell::Cell::new(None))
            }
        }
        impl<'t, F: FnOnce(&mut Process<'t>)> Replay<'t> for Act<F> {
            fn replay(&self, process: &mut Process<'t>) -> Replayed {
                if let Some(act) = self.0.take() {
                    act(process);
                }
                Ok(Ok(0))
            }
        }
        self.replay(&Act(std::cell::Cell::new(Some(act))));
    }

    /// Offset of the open file `traced`.
    ///
    /// # Panics
    /// If `traced` isn't open.
    pub fn offset(&self, traced: i32) -> i64 {
        let fd = self.descriptor(traced).expect("the descriptor is open");
        // SAFETY: a seek by nothing touches no memory.
        unsafe { libc::lseek(fd, 0, libc::SEEK_CUR) }
    }

    /// The real descriptor that stands for `traced`.
    pub fn descriptor(&self, traced: i32) -> Option<RawFd> {
        use std::os::fd::AsRawFd;
        self.acts.descriptors.get(&traced)?.as_ref().map(AsRawFd::as_raw_fd)
    }

    /// Whether `traced` is known but simulated.
    pub fn is_simulated(&self, traced: i32) -> bool {
        matches!(self.acts.descriptors.get(&traced), Some(None))
    }
}

impl Default for Stage {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Runs `body` on a thread with a working directory, root and umask of its own, as a host gives to
/// each process of a trace.
///
/// # Panics
/// As `body` does, or if there is no such thread to be had.
pub fn with_own_fs<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            // SAFETY: it changes nothing but what this thread, which is new, shares with others.
            assert_eq!(unsafe { libc::unshare(libc::CLONE_FS) }, 0, "unshare(CLONE_FS)");
            body()
        });
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Runs `body` on a thread of its own, whose users and groups it may change; only root may.
pub fn with_own_users(body: impl FnOnce() + Send) {
    // SAFETY: the call takes nothing.
    if unsafe { libc::geteuid() } != 0 {
        eprintln!("not tested: it needs root");
        return;
    }
    with_own_fs(body);
}

/// `path` with its NUL, as a trace has it.
///
/// # Panics
/// If there is a NUL in it.
pub fn traced(path: &FilePath) -> Vec<u8> {
    CString::new(path.as_os_str().as_bytes()).expect("no NUL in a path").into_bytes_with_nul()
}

/// What came of a replay.
pub struct Played<'a> {
    replayed: Replayed,
    acts: &'a Acts,
}

impl Played<'_> {
    /// The outcome itself.
    pub fn outcome(&self) -> Replayed {
        self.replayed
    }

    /// # Panics
    /// Unless the call returned `value`.
    #[track_caller]
    pub fn returns(self, value: i64) -> Self {
        assert_eq!(self.replayed, Ok(Ok(value)));
        self
    }

    /// The value that the call returned.
    ///
    /// # Panics
    /// If it didn't succeed.
    #[track_caller]
    pub fn value(&self) -> i64 {
        match self.replayed {
            Ok(Ok(value)) => value,
            other => panic!("the call came to {other:?}"),
        }
    }

    /// # Panics
    /// Unless the call failed with `errno`.
    #[track_caller]
    pub fn fails(self, errno: i32) -> Self {
        assert_eq!(self.replayed, Ok(Err(Errno(errno))));
        self
    }

    /// # Panics
    /// Unless the call wasn't made.
    #[track_caller]
    pub fn is_not_made(self) -> Self {
        assert!(self.replayed.is_err(), "the call came to {:?}", self.replayed);
        self
    }

    /// What the kernel filled in for fetch `fetch`, for comparison.
    pub fn filled(&self, fetch: u32) -> Option<&[u8]> {
        self.acts.returned.iter().find(|(number, _)| *number == fetch).map(|(_, data)| &data[..])
    }

    /// The same for a fetch of several buffers: of each, the length that it has room for and the bytes.
    ///
    /// # Panics
    /// If nothing was filled in for `fetch`.
    pub fn filled_items(&self, fetch: u32) -> Vec<(u64, Vec<u8>)> {
        let mut rest = self.filled(fetch).expect("the kernel filled in something");
        let mut items = Vec::new();
        while let Some((header, after)) = rest.split_first_chunk::<24>() {
            let word =
                |at: usize| u64::from_ne_bytes(*header[at..].first_chunk().expect("24 bytes"));
            let (bytes, after) = after.split_at(word(16) as usize);
            items.push((word(8), bytes.to_vec()));
            rest = after;
        }
        items
    }

    /// The tasks that were created, with what they share (`abi::CHILD_SHARES_…`).
    pub fn tasks(&self) -> &[(i32, u32)] {
        &self.acts.tasks
    }

    /// What the process no longer has in common with others (`abi::CHILD_SHARES_…`).
    pub fn unshared(&self) -> u32 {
        self.acts.unshared
    }

    /// Whether the process ran a new program.
    pub fn executed(&self) -> bool {
        self.acts.executed
    }

    /// Whether the thread ended, and if so, whether its process did.
    pub fn exited(&self) -> Option<bool> {
        self.acts.exited
    }

    /// Differences that the plugin found itself: column, expected, got.
    pub fn diverged(&self) -> &[(u32, String, String)] {
        &self.acts.diverged
    }

    /// Messages.
    pub fn log(&self) -> &[String] {
        &self.acts.log
    }
}

/// A row that a plugin wrote by itself: its columns are numbered as declared.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct EncodedRow {
    /// Whether it was written after the call returned.
    pub complete: bool,
    /// The columns that hold a number.
    pub numbers: BTreeMap<u32, i64>,
    /// The columns that hold bytes.
    pub bytes: BTreeMap<u32, Vec<u8>>,
}

/// The rows that `R` writes by itself of a call with these arguments and this memory, by declared
/// fetch; `returned` is the return value and errno of one that returned.
///
/// # Panics
/// If `R` leaves its rows to the columns, or panics.
pub fn encoded<R: Declared>(
    arguments: [u64; 6],
    memory: &[&[u8]],
    returned: Option<(i64, i32)>,
) -> Vec<EncodedRow> {
    unsafe extern "C" fn row(context: *mut c_void, complete: u32) {
        // SAFETY: the context is `rows` below.
        let rows = unsafe { &mut *context.cast::<Vec<EncodedRow>>() };
        rows.push(EncodedRow { complete: complete != 0, ..EncodedRow::default() });
    }
    unsafe extern "C" fn number(context: *mut c_void, column: u32, value: i64) {
        // SAFETY: as above.
        let rows = unsafe { &mut *context.cast::<Vec<EncodedRow>>() };
        rows.last_mut().expect("a row was started").numbers.insert(column, value);
    }
    unsafe extern "C" fn value(context: *mut c_void, column: u32, start: *const u8, length: u64) {
        // SAFETY: as above, and as `bytes` says.
        let (rows, value) =
            unsafe { (&mut *context.cast::<Vec<EncodedRow>>(), bytes(start, length)) };
        rows.last_mut().expect("a row was started").bytes.insert(column, value.to_vec());
    }
    let fetched = memory.iter().map(|memory| abi::Fetched {
        start: memory.as_ptr(),
        length: memory.len() as u64,
        failed: 0,
        reserved: 0,
    });
    let fetched: Vec<_> = fetched.collect();
    let (return_value, errno_number) = returned.unwrap_or_default();
    let event = abi::Event {
        arguments,
        return_value,
        errno_number,
        returned: returned.is_some().into(),
        fetched: fetched.as_ptr(),
        fetched_count: fetched.len() as u32,
        number: 0,
    };
    let mut rows: Vec<EncodedRow> = Vec::new();
    let sink = abi::RowSink { context: (&raw mut rows).cast(), row, number, bytes: value };
    let encode = R::ENCODE.expect("the plugin writes its rows by itself");
    // SAFETY: event and sink live through the call, with all they point to.
    let status = unsafe { encode(&raw const event, &raw const sink) };
    assert_eq!(status, abi::status::MADE);
    rows
}

/// `strings` as a host hands over what it copied of a NULL-terminated array.
pub fn items(strings: &[&[u8]]) -> Vec<u8> {
    let mut items = Vec::new();
    for string in strings {
        let length = string.len() as u64;
        for word in [0, length, length] {
            items.extend(word.to_ne_bytes());
        }
        items.extend(*string);
    }
    items
}

fn host() -> HostRef {
    Host {
        descriptor,
        is_stream,
        adopt,
        release,
        alias,
        scratch,
        returned,
        payload,
        path,
        note,
        create_task,
        execute,
        exit,
        diverged,
        unshare,
        remember,
        recall,
        log,
        descriptor_of,
        expect,
        counterpart,
    }
    .leak_into_prefix()
}

/// The stage that a host function was called for.
unsafe fn acts<'a>(context: *mut c_void) -> &'a mut Acts {
    // SAFETY: `Stage::replay` passes its `Acts` as context, and the functions run one at a time.
    unsafe { &mut *context.cast() }
}

unsafe fn bytes<'a>(start: *const u8, length: u64) -> &'a [u8] {
    if length == 0 {
        return &[];
    }
    // SAFETY: `Process` passes a slice's own pointer and length.
    unsafe { std::slice::from_raw_parts(start, length as usize) }
}

unsafe extern "C" fn descriptor(context: *mut c_void, traced: i32) -> i32 {
    use std::os::fd::AsRawFd;
    // SAFETY: as `acts` says.
    match unsafe { acts(context) }.descriptors.get(&traced) {
        Some(Some(open)) => open.as_raw_fd(),
        Some(None) => fd::SIMULATED,
        None if (0..=2).contains(&traced) => fd::STANDARD_STREAM,
        None => fd::UNKNOWN,
    }
}

unsafe extern "C" fn descriptor_of(context: *mut c_void, task: i32, traced: i32) -> i32 {
    // SAFETY: as `acts` says.
    let acts = unsafe { acts(context) };
    match acts.of_others.get(&(task, traced)) {
        Some(open) => open.try_clone().expect("it can be duplicated").into_raw_fd(),
        None if acts.of_others.keys().any(|(other, _)| *other == task) => fd::UNKNOWN,
        None => fd::SIMULATED,
    }
}

/// Nobody stands for others on a stage.
unsafe extern "C" fn expect(_context: *mut c_void, _traced: i32) -> u32 {
    0
}

unsafe extern "C" fn counterpart(_context: *mut c_void) -> u32 {
    0
}

unsafe extern "C" fn is_stream(context: *mut c_void, traced: i32) -> u32 {
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::FileTypeExt;
    // SAFETY: as `acts` says.
    let open = unsafe { acts(context) }.descriptors.get(&traced).and_then(Option::as_ref);
    let kind = open.and_then(|open| {
        std::fs::metadata(format!("/proc/self/fd/{}", open.as_raw_fd())).ok().map(|m| m.file_type())
    });
    kind.is_some_and(|kind| kind.is_fifo() || kind.is_socket()).into()
}

unsafe extern "C" fn adopt(context: *mut c_void, traced: i32, replayed: i32) {
    // SAFETY: an adopted descriptor is the plugin's to give away.
    let open = (replayed >= 0).then(|| unsafe { OwnedFd::from_raw_fd(replayed) });
    if traced >= 0 {
        // SAFETY: as `acts` says.
        unsafe { acts(context) }.descriptors.insert(traced, open);
    }
}

unsafe extern "C" fn release(context: *mut c_void, traced: i32) -> i32 {
    // SAFETY: as `acts` says.
    match unsafe { acts(context) }.descriptors.remove(&traced) {
        Some(Some(open)) => open.into_raw_fd(),
        Some(None) => fd::SIMULATED,
        None if (0..=2).contains(&traced) => fd::STANDARD_STREAM,
        None => fd::UNKNOWN,
    }
}

unsafe extern "C" fn alias(context: *mut c_void, old: i32, new: i32) {
    // SAFETY: as `acts` says.
    let acts = unsafe { acts(context) };
    let open = acts.descriptors.get(&old).and_then(Option::as_ref);
    let open = open.map(|open| open.try_clone().expect("an open descriptor can be duplicated"));
    acts.descriptors.insert(new, open);
}

unsafe extern "C" fn scratch(context: *mut c_void, index: u32, length: u64) -> *mut u8 {
    // SAFETY: as `acts` says.
    let memory = unsafe { acts(context) }.scratch.entry(index).or_default();
    memory.resize(length as usize, 0);
    memory.as_mut_ptr()
}

unsafe extern "C" fn returned(context: *mut c_void, fetch: u32, start: *const u8, length: u64) {
    // SAFETY: as `acts` and `bytes` say.
    unsafe { acts(context).returned.push((fetch, bytes(start, length).to_vec())) };
}

unsafe extern "C" fn payload(
    _context: *mut c_void,
    recorded: *const u8,
    _length: u64,
) -> *const u8 {
    recorded
}

unsafe extern "C" fn path(_context: *mut c_void, recorded: *const u8, _length: u64) -> *const u8 {
    recorded
}

unsafe extern "C" fn note(context: *mut c_void, traced: i32) -> *mut u64 {
    // SAFETY: as `acts` says.
    let acts = unsafe { acts(context) };
    if !acts.descriptors.contains_key(&traced) {
        return std::ptr::null_mut();
    }
    acts.notes.entry(traced).or_default().as_mut_ptr()
}

unsafe extern "C" fn create_task(context: *mut c_void, task: i32, shares: u32) {
    // SAFETY: as `acts` says.
    unsafe { acts(context) }.tasks.push((task, shares));
}

unsafe extern "C" fn execute(context: *mut c_void) {
    // SAFETY: as `acts` says.
    unsafe { acts(context) }.executed = true;
}

unsafe extern "C" fn exit(context: *mut c_void, whole: u32) {
    // SAFETY: as `acts` says.
    unsafe { acts(context) }.exited = Some(whole != 0);
}

unsafe extern "C" fn diverged(
    context: *mut c_void,
    column: u32,
    expected: *const u8,
    expected_length: u64,
    got: *const u8,
    got_length: u64,
) {
    // SAFETY: as `acts` and `bytes` say.
    let (acts, expected, got) =
        unsafe { (acts(context), bytes(expected, expected_length), bytes(got, got_length)) };
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    acts.diverged.push((column, text(expected), text(got)));
}

unsafe extern "C" fn unshare(context: *mut c_void, shares: u32) {
    // SAFETY: as `acts` says.
    unsafe { acts(context) }.unshared |= shares;
}

unsafe extern "C" fn remember(
    context: *mut c_void,
    name: *const u8,
    name_length: u64,
    value: *const u8,
    value_length: u64,
) {
    // SAFETY: as `acts` and `bytes` say.
    let (acts, name) = unsafe { (acts(context), bytes(name, name_length)) };
    if value.is_null() {
        acts.known.remove(name);
    } else {
        // SAFETY: as `bytes` says.
        acts.known.insert(name.to_vec(), unsafe { bytes(value, value_length) }.to_vec());
    }
}

unsafe extern "C" fn recall(
    context: *mut c_void,
    name: *const u8,
    name_length: u64,
    value_length: *mut u64,
) -> *const u8 {
    // SAFETY: as `acts` and `bytes` say.
    let (acts, name) = unsafe { (acts(context), bytes(name, name_length)) };
    let Some(value) = acts.known.get(name).cloned() else { return std::ptr::null() };
    // SAFETY: the process gives room for a number.
    unsafe { value_length.write(value.len() as u64) };
    // A test may keep what it was told once.
    value.leak().as_ptr()
}

unsafe extern "C" fn log(context: *mut c_void, _level: u32, text: *const u8, length: u64) {
    // SAFETY: as `acts` and `bytes` say.
    let (acts, text) = unsafe { (acts(context), bytes(text, length)) };
    acts.log.push(String::from_utf8_lossy(text).into_owned());
}
