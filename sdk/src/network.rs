//! Sockets of the network where a replay has one (`--net loopback`): connections, all on the loopback interface.
//!
//! The trace's addresses are names only. A socket that it binds gets a port that is free, at the loopback interface,
//! and the whole replay knows by the traced port which one ([`Process::announce_port`]). Who connects to such a port
//! connects to that socket; who connects elsewhere, to somebody who stands for whoever was there. So whatever a trace
//! says, nothing of it leaves the machine, and no service of the machine is reached.

use std::os::fd::RawFd;

use abi::want;
use libc::{AF_INET, AF_INET6, c_int, sockaddr_in, sockaddr_in6, socklen_t};

use crate::socket::Address;
use crate::{Errno, Fd, Process, Skip};

/// 127.0.0.1, also as the end of the IPv6 address that stands for it.
const LOOPBACK: [u8; 4] = [127, 0, 0, 1];

/// What comes before an IPv4 address in the IPv6 address that stands for it.
const MAPPED: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/// Where the port lies in both structures, and where their addresses do.
const PORT: usize = std::mem::offset_of!(sockaddr_in, sin_port);
const V4: usize = std::mem::offset_of!(sockaddr_in, sin_addr);
const V6: usize = std::mem::offset_of!(sockaddr_in6, sin6_addr);

/// Options that a replay sets of sockets of the network, by their level. Others may lead to another interface, or
/// wait for what a replay does in another way.
const OPTIONS: [(c_int, &[c_int]); 3] = [
    (
        libc::SOL_SOCKET,
        &[
            libc::SO_KEEPALIVE,
            libc::SO_LINGER,
            libc::SO_OOBINLINE,
            libc::SO_RCVBUF,
            libc::SO_REUSEADDR,
            libc::SO_SNDBUF,
        ],
    ),
    (
        libc::IPPROTO_TCP,
        &[
            libc::TCP_CORK,
            libc::TCP_KEEPCNT,
            libc::TCP_KEEPIDLE,
            libc::TCP_KEEPINTVL,
            libc::TCP_NODELAY,
            libc::TCP_QUICKACK,
        ],
    ),
    (libc::IPPROTO_IPV6, &[libc::IPV6_V6ONLY]),
];

/// An address of the network: its family, and its port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Internet {
    family: c_int,
    port: u16,
}

impl Internet {
    /// What `address`, a `struct sockaddr`, is of the network.
    fn of(address: &[u8]) -> Option<Self> {
        let family = c_int::from(u16::from_ne_bytes(*address.first_chunk()?));
        let port = u16::from_be_bytes(*address.get(PORT..)?.first_chunk()?);
        let is_whole = address.len() >= size(family)?;
        is_whole.then_some(Self { family, port })
    }

    /// What a socket bound to it is known by.
    fn key(self) -> [u8; 11] {
        let mut key = *b"network    ";
        key[8] = self.family as u8;
        key[9..].copy_from_slice(&self.port.to_be_bytes());
        key
    }
}

/// Bytes of an address of `family`, as far as they matter.
fn size(family: c_int) -> Option<usize> {
    match family {
        AF_INET => Some(V4 + 4),
        AF_INET6 => Some(V6 + 16),
        _ => None,
    }
}

/// Writes the loopback interface's address of `family` to `room`, with the `port`; returns how long it is.
fn write(room: &mut [u8], family: c_int, port: u16, is_v6_only: bool) -> usize {
    let length = match family {
        AF_INET => size_of::<sockaddr_in>(),
        _ => size_of::<sockaddr_in6>(),
    };
    room[..length].fill(0);
    room[..2].copy_from_slice(&(family as u16).to_ne_bytes());
    room[PORT..PORT + 2].copy_from_slice(&port.to_be_bytes());
    match (family, is_v6_only) {
        (AF_INET, _) => room[V4..V4 + 4].copy_from_slice(&LOOPBACK),
        // Those who use IPv4 reach it too.
        (_, false) => {
            room[V6..V6 + 12].copy_from_slice(&MAPPED);
            room[V6 + 12..V6 + 16].copy_from_slice(&LOOPBACK);
        }
        (_, true) => room[V6 + 15] = 1,
    }
    length
}

/// Whether a replay with a network makes a socket with these arguments of socket(2): one for connections.
pub fn is_remade(domain: c_int, kind: c_int, protocol: c_int) -> bool {
    let kind = kind & !(libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK);
    matches!(domain, AF_INET | AF_INET6)
        && kind == libc::SOCK_STREAM
        && matches!(protocol, 0 | libc::IPPROTO_TCP)
}

/// The number that the kernel has for an option of `socket`.
fn option(socket: RawFd, level: c_int, name: c_int) -> Option<c_int> {
    let (mut value, mut length) = (0, size_of::<c_int>() as socklen_t);
    // SAFETY: the kernel writes one number.
    let got =
        unsafe { libc::getsockopt(socket, level, name, (&raw mut value).cast(), &raw mut length) };
    (got == 0).then_some(value)
}

/// Whether `socket` is one of the network.
pub fn is_of_network(socket: RawFd) -> bool {
    let family = option(socket, libc::SOL_SOCKET, libc::SO_DOMAIN);
    family.is_some_and(|family| size(family).is_some())
}

/// Whether `socket` listens.
pub fn is_listening(socket: RawFd) -> bool {
    option(socket, libc::SOL_SOCKET, libc::SO_ACCEPTCONN).is_some_and(|value| value != 0)
}

/// The address of `socket`, if it is one of the network.
fn address_of(socket: RawFd) -> Option<(Internet, Vec<u8>)> {
    let mut room = vec![0; size_of::<sockaddr_in6>()];
    let mut length = room.len() as socklen_t;
    // SAFETY: the kernel writes as many bytes as there is room for.
    let got = unsafe { libc::getsockname(socket, room.as_mut_ptr().cast(), &raw mut length) };
    room.truncate(length as usize);
    let address = Internet::of(&room).filter(|_| got == 0)?;
    Some((address, room))
}

/// Binds `socket` to the loopback interface if it is one of the network that isn't bound yet: the kernel would bind
/// it to all interfaces, if it is to listen.
///
/// # Errors
/// The kernel's.
pub fn keep_inside(socket: RawFd) -> Result<(), Errno> {
    let Some((Internet { family, port: 0 }, _)) = address_of(socket) else { return Ok(()) };
    let mut room = [0; size_of::<sockaddr_in6>()];
    let length = write(&mut room, family, 0, is_v6_only(socket));
    // SAFETY: there are as many bytes as the length says.
    match unsafe { libc::bind(socket, room.as_ptr().cast(), length as socklen_t) } {
        0 => Ok(()),
        // SAFETY: the location is this thread's own and always valid.
        _ => Err(Errno(unsafe { *libc::__errno_location() })),
    }
}

fn is_v6_only(socket: RawFd) -> bool {
    option(socket, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY).is_some_and(|value| value != 0)
}

impl<'t> Process<'t> {
    /// Whether the replay has sockets of the network.
    pub fn has_network(&self) -> bool {
        self.wants(want::NETWORK)
    }

    /// Where `socket` is bound instead of the network's address `address`, as pointer argument `index`: to a free
    /// port of the loopback interface. None if that is no address of the network.
    ///
    /// # Errors
    /// The recorded call failed, because of the address. Or there is no network.
    pub fn place(
        &mut self,
        index: u32,
        socket: RawFd,
        address: &[u8],
    ) -> Result<Option<Address<'t>>, Skip> {
        let Some(Internet { family, .. }) = Internet::of(address) else { return Ok(None) };
        if !self.has_network() || !self.recorded().succeeded() {
            return Err(Skip::SIMULATED);
        }
        self.loopback(index, family, 0, is_v6_only(socket)).map(Some)
    }

    /// The loopback interface's address of `family`, with this port, as pointer argument `index`.
    fn loopback(
        &mut self,
        index: u32,
        family: c_int,
        port: u16,
        is_v6_only: bool,
    ) -> Result<Address<'t>, Skip> {
        let room = self.scratch(index, size_of::<sockaddr_in6>() as u64)?;
        let length = write(room, family, port, is_v6_only);
        Ok(Address::of(&room[..length]))
    }

    /// `socket` is the one that the trace knows by `address`: others may connect to it.
    pub fn announce_port(&mut self, socket: RawFd, address: &[u8]) {
        if let Some(traced) = Internet::of(address).filter(|traced| traced.port != 0)
            && let Some((_, real)) = address_of(socket)
        {
            self.remember(&traced.key(), &real);
        }
    }

    /// What stands in this replay for the network's address `address` that a program connects to, as pointer
    /// argument `index`: a socket of the trace, or else somebody who stands for whoever isn't in it. None if that is
    /// no address of the network.
    ///
    /// # Errors
    /// There is no network, or nobody was there when the call was recorded.
    pub fn counterpart(&mut self, index: u32, address: &[u8]) -> Result<Option<Address<'t>>, Skip> {
        let Some(traced) = Internet::of(address) else { return Ok(None) };
        if !self.has_network() {
            return Err(Skip::SIMULATED);
        }
        let other = if traced.family == AF_INET { AF_INET6 } else { AF_INET };
        let same = self.recall(&traced.key()).map(|real| (traced.family, real));
        let known = same.or_else(|| {
            let real = self.recall(&Internet { family: other, ..traced }.key())?;
            Some((other, real))
        });
        if let Some((family, real)) = known
            && let Some(Internet { port, .. }) = Internet::of(real)
        {
            let is_v6_only = family == AF_INET6 && real.get(V6..V6 + 12) != Some(&MAPPED);
            return self.loopback(index, traced.family, port, is_v6_only).map(Some);
        }
        let recorded = self.recorded();
        if !recorded.succeeded() && recorded.errno != libc::EINPROGRESS {
            return Err(Skip::SIMULATED);
        }
        match self.somebody() {
            0 => Err(Skip::SIMULATED),
            port => self.loopback(index, traced.family, port, false).map(Some),
        }
    }

    /// Refuses to set an option of the network's socket `socket` that a replay leaves alone.
    ///
    /// # Errors
    /// It is one.
    pub fn refuse_option(&self, socket: RawFd, level: c_int, name: c_int) -> Result<(), Skip> {
        if !self.has_network() || !is_of_network(socket) {
            return Ok(());
        }
        let is_set = OPTIONS.iter().any(|(of, names)| *of == level && names.contains(&name));
        if is_set { Ok(()) } else { Err(Skip::SIMULATED) }
    }

    /// Sees to it that what stands for `traced` is going to be ready to be read, as it was for the recorded call,
    /// if that is up to somebody who isn't in the trace; returns whether it is.
    pub fn bring(&mut self, traced: Fd, socket: RawFd) -> bool {
        // Who comes to a socket that listens may well be in the trace.
        if !self.has_network() || is_listening(socket) && self.is_visited_from_within(traced) {
            return false;
        }
        is_listening(socket) && crate::readiness::is_readable(socket, 0) || self.expect(traced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_network_have_a_port() {
        let v4 = [2, 0, 0x1f, 0x90, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(Internet::of(&v4), Some(Internet { family: AF_INET, port: 8080 }));
        assert_eq!(Internet::of(&v4[..7]), None);
        assert_eq!(Internet::of(&[10, 0, 0x1f, 0x90, 0, 0, 0, 0]), None);
        assert_eq!(Internet::of(&[1, 0, b'/', b'a']), None);
        assert_eq!(Internet::of(&[]), None);
    }

    #[test]
    fn all_addresses_are_the_loopback_interfaces() {
        let mut room = [0xff; size_of::<sockaddr_in6>()];
        assert_eq!(write(&mut room, AF_INET, 0x1f90, false), 16);
        assert_eq!(room[..8], [2, 0, 0x1f, 0x90, 127, 0, 0, 1]);
        assert_eq!(write(&mut room, AF_INET6, 0, true), 28);
        assert_eq!(room[8..24], std::net::Ipv6Addr::LOCALHOST.octets());
        assert_eq!(write(&mut room, AF_INET6, 0, false), 28);
        assert_eq!(room[8..24], std::net::Ipv4Addr::LOCALHOST.to_ipv6_mapped().octets());
    }

    #[test]
    fn other_sockets_than_those_for_connections_are_not_remade() {
        assert!(is_remade(AF_INET, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0));
        assert!(is_remade(AF_INET6, libc::SOCK_STREAM, libc::IPPROTO_TCP));
        for (domain, kind, protocol) in [
            (AF_INET, libc::SOCK_DGRAM, 0),
            (AF_INET, libc::SOCK_RAW, libc::IPPROTO_TCP),
            (AF_INET, libc::SOCK_STREAM, libc::IPPROTO_SCTP),
            (libc::AF_PACKET, libc::SOCK_STREAM, 0),
            (libc::AF_UNIX, libc::SOCK_STREAM, 0),
        ] {
            assert!(!is_remade(domain, kind, protocol), "{domain} {kind} {protocol}");
        }
    }

    #[test]
    fn who_listens_without_an_address_listens_inside() {
        // SAFETY: the calls take numbers only.
        let socket = unsafe { libc::socket(AF_INET, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0) };
        keep_inside(socket).expect("it can be bound");
        let (address, bytes) = address_of(socket).expect("it has an address");
        assert!(address.port != 0 && bytes[V4..V4 + 4] == LOOPBACK);
        keep_inside(socket).expect("it is bound already");
        // SAFETY: nobody else has it.
        unsafe { libc::close(socket) };
    }
}
