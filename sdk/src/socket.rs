//! Sockets of a replay: those whose other end is in the trace too are real, all others are simulated.
//!
//! Local sockets (unix(7)) can have their other end in the trace. Whether one has is known by its name: a
//! socket that the trace binds is announced to the whole replay ([`Process::announce`]), and a program is
//! connected to none that isn't ([`Process::is_announced`]). So a replay never talks to a service of the
//! machine.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixDatagram;

use libc::{c_int, msghdr, sockaddr_un};

use crate::network::is_of_network;
use crate::readiness::is_readable;
use crate::stream::{Direction, transfer, transfer_nothing};
use crate::{Errno, Fd, Path, Process, Replayed, Skip};

/// Where the name begins in a `struct sockaddr_un`.
const NAME: usize = std::mem::offset_of!(sockaddr_un, sun_path);

/// The name of a local socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name<'a> {
    /// A file, its path without NUL.
    Path(&'a [u8]),
    /// A name in the abstract namespace, with the NUL that it begins with.
    Abstract(&'a [u8]),
    /// None yet.
    Unnamed,
}

impl<'a> Name<'a> {
    /// The name in `address`, a `struct sockaddr`; none if it isn't a local socket's.
    pub fn of(address: &'a [u8]) -> Option<Self> {
        let (family, name) = address.split_first_chunk::<NAME>()?;
        if c_int::from(u16::from_ne_bytes(*family)) != libc::AF_UNIX {
            return None;
        }
        Some(match name.first() {
            None => Self::Unnamed,
            Some(0) => Self::Abstract(name),
            Some(_) => {
                let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
                Self::Path(&name[..end])
            }
        })
    }
}

/// Lets the new socket `fd` have twice as many bytes on their way to the other end.
///
/// How many there may be depends on how they were cut into messages, and so on when each was taken: as with pipes
/// ([`crate::pipe`]), what was sent without a wait then might have to wait for a reader whose turn comes later. Of a
/// socket of the network the kernel itself sees to that, as long as nobody says how many.
pub fn widen(fd: RawFd) {
    if is_of_network(fd) {
        return;
    }
    let mut room: c_int = 0;
    let mut size = size_of::<c_int>() as libc::socklen_t;
    let option = (&raw mut room).cast::<libc::c_void>();
    // SAFETY: the kernel writes one number, and then reads it.
    unsafe {
        if libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_SNDBUF, option, &raw mut size) == 0 {
            // The kernel takes twice the number that it is given (socket(7)).
            libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_SNDBUF, option, size);
        }
    }
}

/// An address for the kernel.
#[derive(Debug)]
pub struct Address<'t>(&'t [u8]);

impl<'t> Address<'t> {
    /// The `struct sockaddr` in `bytes`.
    pub(crate) fn of(bytes: &'t [u8]) -> Self {
        Self(bytes)
    }

    /// Pointer and length to pass.
    pub fn words(&self) -> (usize, usize) {
        (self.0.as_ptr() as usize, self.0.len())
    }

    /// Removes the file of a local socket that is there, if no socket is bound to it any more; whether it did.
    pub fn remove_abandoned(&self) -> bool {
        let Some(Name::Path(path)) = Name::of(self.0) else { return false };
        let path = std::path::Path::new(OsStr::from_bytes(path));
        let is_socket = path.symlink_metadata().is_ok_and(|it| it.file_type().is_socket());
        // One that isn't of datagrams says that it is of another type (unix(7)); no socket at all refuses.
        let answer = UnixDatagram::unbound().and_then(|probe| probe.connect(path));
        let is_refused = answer.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused);
        is_socket && is_refused && std::fs::remove_file(path).is_ok()
    }
}

impl<'t> Process<'t> {
    /// The recorded `address` as this replay has it, as pointer argument `index`: the path of a local
    /// socket may lead elsewhere.
    ///
    /// # Errors
    /// It isn't a local socket's, or there is no room in it for where the path leads.
    pub fn address(&mut self, index: u32, address: &'t [u8]) -> Result<Address<'t>, Skip> {
        let path = match Name::of(address).ok_or(Skip::SIMULATED)? {
            Name::Path(path) => path,
            Name::Abstract(_) | Name::Unnamed => return Ok(Address(address)),
        };
        let most = size_of::<sockaddr_un>();
        let room = self.scratch(index, 2 * most as u64)?;
        let (made, room) = room.split_at_mut(most);
        if path.len() >= room.len() {
            return Err(Skip::MALFORMED);
        }
        room[..path.len()].copy_from_slice(path);
        room[path.len()] = 0;
        let found = self.path(Path(&room[..=path.len()]))?;
        // SAFETY: a path that the host gives ends in NUL and stays until the replay of the record ends.
        let found = unsafe { std::ffi::CStr::from_ptr(found as *const _) }.to_bytes();
        let made = &mut made[..(NAME + found.len() + 1).min(most)];
        let Some(to) = made.get_mut(NAME..NAME + found.len()) else {
            return Err(Skip::NOT_CAPTURED);
        };
        to.copy_from_slice(found);
        made[..NAME].copy_from_slice(&address[..NAME]);
        if let Some(end) = made.get_mut(NAME + found.len()) {
            *end = 0;
        }
        Ok(Address(made))
    }

    /// From now on others may connect to the socket that was bound to `address`.
    pub fn announce(&mut self, address: &Address<'_>) {
        if let Some(key) = key(address.0) {
            self.remember(&key, b"bound");
        }
    }

    /// Whether a socket of the trace was bound to `address`.
    pub fn is_announced(&mut self, address: &Address<'_>) -> bool {
        key(address.0).is_some_and(|key| self.recall(&key).is_some())
    }

    /// Pointer and length of the address to send to, as pointer argument 4; both 0 if there was none.
    ///
    /// # Errors
    /// As [`Self::address`]; also if no socket of the trace has it.
    pub fn recipient(&mut self, address: Option<&'t [u8]>) -> Result<(usize, usize), Skip> {
        let Some(address) = address.filter(|address| !address.is_empty()) else {
            return Ok((0, 0));
        };
        let address = self.address(4, address)?;
        if !self.is_announced(&address) {
            return Err(Skip::SIMULATED);
        }
        Ok(address.words())
    }

    /// Whether somebody waits to be accepted at the socket that stands for `traced`. Where that has often
    /// been waited for in vain, it isn't any more: who connects there is not in the trace. Where the replay has a
    /// network, somebody stands for such a one.
    pub fn has_visitor(&mut self, traced: Fd, socket: RawFd) -> bool {
        let patience = if self.is_visited_from_within(traced) { PATIENCE } else { 0 };
        let is_there = is_readable(socket, patience);
        // One who was asked to come, for a call before, doesn't count.
        let is_from_within = is_there && (patience > 0 || !self.has_network());
        if let Some(note) = self.note(traced) {
            note[0] = if is_from_within { 0 } else { note[0] + 1 };
        }
        is_there || self.has_network() && self.expect(traced) && is_readable(socket, PATIENCE)
    }

    /// Whether those who come to the socket that stands for `traced` may be in the trace.
    pub(crate) fn is_visited_from_within(&mut self, traced: Fd) -> bool {
        self.note(traced).is_none_or(|note| note[0] < PATIENCE_OF)
    }
}

/// Room for what comes beside the data of a message: the kernel passes at most 253 descriptors in one.
pub const CONTROL_ROOM: usize = 4096;

/// What belongs to a `struct mmsghdr` in an array of such, as `#[items]` and `#[beside]` take it.
pub mod message {
    use abi::Item;

    use crate::declare::{ALWAYS, item, member, of_vectors, up_to, with_buffer};

    const MESSAGE: Item = item(size_of::<libc::mmsghdr>());

    /// The data behind its I/O vectors, as much of it as was moved.
    pub const DATA: Item = of_vectors(with_buffer(MESSAGE, 16, 24, ALWAYS), member(56, 4));

    /// The address that it was sent to, or came from. Its length is of 4 bytes, with anything behind them: the
    /// pointer, which is larger, takes the length's place, and that sets the limit.
    pub const ADDRESS: Item = up_to(with_buffer(MESSAGE, 0, 0, member(8, 4).any(-1)), member(8, 4));

    /// What went beside the data.
    pub const CONTROL: Item = with_buffer(MESSAGE, 32, 40, member(40, 4).any(-1));
}

/// A message for the kernel.
pub struct Message<'m> {
    raw: msghdr,
    memory: PhantomData<&'m mut [u8]>,
}

impl<'m> Message<'m> {
    /// A message of what is in `buffers`, or is to come there.
    pub fn new(buffers: &'m [libc::iovec]) -> Self {
        // SAFETY: all zeroes is a message without anything.
        let mut raw: msghdr = unsafe { std::mem::zeroed() };
        raw.msg_iov = buffers.as_ptr().cast_mut();
        raw.msg_iovlen = buffers.len();
        Self { raw, memory: PhantomData }
    }

    /// Sent to the address with these words; see [`Address::words`].
    pub fn to(mut self, (name, length): (usize, usize)) -> Self {
        (self.raw.msg_name, self.raw.msg_namelen) = (name as *mut _, length as u32);
        self
    }

    /// With `control` beside the data.
    pub fn with(mut self, control: &'m [u8]) -> Self {
        self.raw.msg_control = control.as_ptr().cast_mut().cast();
        self.raw.msg_controllen = control.len();
        self
    }

    /// With room for what comes beside the data.
    pub fn with_room(mut self, room: &'m mut [u8]) -> Self {
        self.raw.msg_control = room.as_mut_ptr().cast();
        self.raw.msg_controllen = room.len();
        self
    }

    /// The pointer to pass.
    pub fn word(&mut self) -> usize {
        (&raw mut self.raw) as usize
    }

    /// How many bytes came beside the data.
    pub fn filled(&self) -> usize {
        self.raw.msg_controllen
    }
}

impl Process<'_> {
    /// Makes a call that sends through the socket `traced`, until as much has moved as the recorded call
    /// moved; `call` is given how many bytes have.
    ///
    /// # Errors
    /// As [`Process::fd`].
    pub fn send_as_much(
        &mut self,
        traced: Fd,
        call: impl FnMut(usize) -> Result<i64, Errno>,
    ) -> Replayed {
        let fd = self.fd(traced)?;
        Ok(match self.streamed(traced) {
            Some(total) => transfer(fd, Direction::Write, total, call),
            None => transfer_nothing(fd, Direction::Write, self.recorded(), call),
        })
    }

    /// As [`Self::send_as_much`], for a call that receives with `flags`.
    ///
    /// # Errors
    /// As [`Process::fd`].
    pub fn receive_as_much(
        &mut self,
        traced: Fd,
        flags: c_int,
        call: impl FnMut(usize) -> Result<i64, Errno>,
    ) -> Replayed {
        let fd = self.fd(traced)?;
        // What is only looked at comes again the next time.
        let stays = flags & libc::MSG_PEEK != 0;
        Ok(match self.streamed(traced).filter(|_| !stays) {
            Some(total) => transfer(fd, Direction::Read, total, call),
            None => transfer_nothing(fd, Direction::Read, self.recorded(), call),
        })
    }
}

/// How long is waited for somebody of the trace who connects, in milliseconds: they do so as soon as
/// it is seen that they are waited for.
const PATIENCE: c_int = 100;

/// How often that is done.
const PATIENCE_OF: u64 = 3;

/// What the socket bound to `address` is known by: a file by itself, for its path may be given in many ways.
fn key(address: &[u8]) -> Option<Vec<u8>> {
    match Name::of(address)? {
        Name::Unnamed => None,
        Name::Abstract(name) => Some([&b"socket"[..], name].concat()),
        Name::Path(path) => {
            let path = std::ffi::CString::new(path).ok()?;
            let mut stat = MaybeUninit::<libc::stat>::uninit();
            // SAFETY: the path ends in NUL, and the kernel fills in the structure, or fails.
            if unsafe { libc::stat(path.as_ptr(), stat.as_mut_ptr()) } != 0 {
                return None;
            }
            // SAFETY: it was filled in.
            let stat = unsafe { stat.assume_init() };
            Some(format!("socket {} {}", stat.st_dev, stat.st_ino).into_bytes())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_sockets_have_names_of_three_kinds() {
        let address = |name: &[u8]| [&1u16.to_ne_bytes()[..], name].concat();
        assert_eq!(Name::of(&address(b"a/b\0")), Some(Name::Path(b"a/b")));
        assert_eq!(Name::of(&address(b"a/b")), Some(Name::Path(b"a/b")));
        assert_eq!(Name::of(&address(b"\0abc")), Some(Name::Abstract(b"\0abc")));
        assert_eq!(Name::of(&address(b"")), Some(Name::Unnamed));
        assert_eq!(Name::of(&[2, 0, 1, 2, 3, 4]), None);
        assert_eq!(Name::of(&[1]), None);
    }
}
