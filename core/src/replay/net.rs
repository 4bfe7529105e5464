//! Sockets of the network that are real: `--net loopback`.
//!
//! Whoever was at the other end of a connection, and isn't in the trace, has a *stand-in* here ([`stand_ins`]). It
//! is only ever at the loopback interface, and knows from the trace what to send: what a call took that the trace
//! has ([`RecordType::takes_data`]), right before that call is made again; or before a call that found the socket
//! ready to be read, for which the trace is searched ahead ([`ahead`]).

mod ahead;
mod stand_ins;
mod visitors;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::Arc;

use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::socket::{SockaddrStorage, getpeername, getsockname};
use replay_schema::{Call, Changes};

use crate::record::{Batch, Record};
use crate::trace::{RecordType, Trace};
use crate::verify;
use ahead::{Ahead, Next};
pub use stand_ins::Exchanged;
use stand_ins::StandIns;
pub use visitors::Visitor;

/// What calls on sockets of the network do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Net {
    /// They aren't made, and take their recorded outcome
    #[default]
    Simulate,
    /// Those on connections (TCP) are made, all on the loopback interface: the replayer stands for whoever isn't
    /// in the trace
    Loopback,
}

/// The network of a replay.
#[derive(Debug)]
pub struct Network {
    trace: Arc<Trace>,
    ahead: Ahead,
    stand_ins: StandIns,
}

impl Network {
    /// Begins to stand for others. Call it where the replay takes place.
    ///
    /// # Errors
    /// There is no thread, or no pipe, to be had.
    pub fn start(trace: Arc<Trace>) -> io::Result<Self> {
        Ok(Self { ahead: Ahead::default(), stand_ins: StandIns::start()?, trace })
    }

    /// `batch` was read, and what comes before `position` is done.
    pub fn read(&self, batch: &Arc<Batch>, position: u64) {
        self.ahead.add(batch, position, &self.trace.story.processes);
    }

    /// Everything was read.
    pub fn read_all(&self) {
        self.ahead.end();
    }

    /// What was exchanged with stand-ins.
    pub fn exchanged(&self) -> Exchanged {
        self.stand_ins.exchanged()
    }

    /// Has the stand-in, if there is one, do what the recorded call of `record` came upon; `open` tells what is
    /// open for a traced descriptor.
    pub fn before(
        &self,
        ty: &RecordType,
        call: &Call,
        batch: &Batch,
        record: &Record,
        open: impl Fn(i32) -> Option<RawFd>,
    ) {
        let Some(next) = Next::of(ty, batch, record) else { return };
        let met = ahead::met(ty, batch, record);
        let peer = met.into_iter().find_map(|traced| peer_of(open(traced)?));
        let Some(peer) = peer.filter(|peer| self.stand_ins.has(*peer)) else { return };
        // A call that takes data and leaves its descriptor as it was has had a look at it only.
        let stays = call.changes == Changes::Descriptors && verify::looks(ty, call, batch, record);
        self.meet(peer, next, !stays);
    }

    fn meet(&self, peer: SocketAddr, next: Next, is_taken: bool) {
        match next {
            Next::Bytes(bytes) => self.stand_ins.send(peer, &bytes, is_taken),
            Next::End => self.stand_ins.end(peer),
            Next::Reset => self.stand_ins.reset(peer),
        }
    }

    /// Sees to it that `open`, which stands for `traced` in the process of task `task`, is going to be ready to be
    /// read: for a call at `position` that found it so. Returns whether somebody does something for it.
    pub fn expect(&self, open: RawFd, traced: i32, task: i32, position: u64) -> bool {
        if is_listening(open) {
            // Somebody of the trace who is late isn't forestalled.
            if self.ahead.is_somebody_coming(&self.trace.types, position)
                && is_readable(open, ARRIVES)
            {
                return true;
            }
            let visited = address_of(open).filter(|address| address.ip().is_loopback());
            return visited.is_some_and(|address| self.stand_ins.visit(address));
        }
        let Some(peer) = peer_of(open).filter(|peer| self.stand_ins.has(*peer)) else {
            return false;
        };
        let process = self.trace.story.processes.get(&task).copied().unwrap_or(task);
        let next = self.ahead.next(&self.trace.types, process, traced, position);
        let is_there = next.is_some();
        if let Some(next) = next {
            self.meet(peer, next, false);
        }
        is_there
    }

    /// The port at which somebody waits for one connection.
    pub fn counterpart(&self) -> Option<u16> {
        self.stand_ins.wait_for_one()
    }
}

/// How long is waited for somebody who is on the way, in milliseconds.
const ARRIVES: u16 = 2000;

/// Whether there is something to read from `open`, or somebody to let in, or is within `patience` milliseconds.
fn is_readable(open: RawFd, patience: u16) -> bool {
    // SAFETY: the descriptor is open: its record isn't done.
    let open = unsafe { BorrowedFd::borrow_raw(open) };
    let mut polls = [PollFd::new(open, PollFlags::POLLIN)];
    poll(&mut polls, patience).is_ok_and(|ready| ready > 0)
}

/// Whether `open` is a socket that listens.
fn is_listening(open: RawFd) -> bool {
    let (mut value, mut length) = (0i32, size_of::<i32>() as libc::socklen_t);
    // SAFETY: the kernel writes one number, as long as it is told.
    let got = unsafe {
        let value = (&raw mut value).cast();
        libc::getsockopt(open, libc::SOL_SOCKET, libc::SO_ACCEPTCONN, value, &raw mut length)
    };
    got == 0 && value != 0
}

/// The address at the other end of the connection `open`.
fn peer_of(open: RawFd) -> Option<SocketAddr> {
    internet(&getpeername::<SockaddrStorage>(open).ok()?)
}

/// The address of the socket `open`.
fn address_of(open: RawFd) -> Option<SocketAddr> {
    internet(&getsockname::<SockaddrStorage>(open).ok()?)
}

/// An internet address; one of IPv4 as such, whatever it comes in.
fn internet(address: &SockaddrStorage) -> Option<SocketAddr> {
    let (v4, v6) = (address.as_sockaddr_in(), address.as_sockaddr_in6());
    let v4 = v4.map(|v4| SocketAddr::new(v4.ip().into(), v4.port()));
    v4.or_else(|| v6.map(|v6| plain(SocketAddr::new(v6.ip().into(), v6.port()))))
}

/// `address` with an IPv4 address as such.
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// The internet address in `bytes`, a `struct sockaddr` of the trace.
fn sockaddr(bytes: &[u8]) -> Option<SocketAddr> {
    let family = i32::from(u16::from_ne_bytes(*bytes.first_chunk()?));
    let port = u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?);
    let ip = match family {
        libc::AF_INET => IpAddr::from(*bytes.get(4..)?.first_chunk::<4>()?),
        libc::AF_INET6 => IpAddr::from(*bytes.get(8..)?.first_chunk::<16>()?),
        _ => return None,
    };
    Some(plain(SocketAddr::new(ip, port)))
}
