//! What is open on a stage.

use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;

use super::Stage;

impl Stage {
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
        self.file(traced).write_all(bytes).expect("the descriptor can be written to");
    }

    /// Takes up to 100 bytes out of the pipe that `traced` is the end of.
    ///
    /// # Panics
    /// If `traced` isn't one, or nothing can come.
    pub fn drain(&self, traced: i32) -> Vec<u8> {
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

    /// Writes `pieces` to `traced`, one after the other, from a thread of their own; they fit into a
    /// pipe, and the last one may be late.
    ///
    /// # Panics
    /// If `traced` isn't open.
    pub fn write_in_pieces(&self, traced: i32, pieces: &[&'static [u8]]) {
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
        self.acts.descriptors.get(&traced)?.as_ref().map(AsRawFd::as_raw_fd)
    }

    /// Whether `traced` is known but simulated.
    pub fn is_simulated(&self, traced: i32) -> bool {
        matches!(self.acts.descriptors.get(&traced), Some(None))
    }
}
