//! What the calls on sockets have in common.

use abi::Bit;

use crate::declare::{bit, constant, value_of};

/// Address families.
pub const ADDRESS_FAMILY: &[Bit] = &[
    constant("", "AF_UNSPEC", libc::AF_UNSPEC as i64),
    constant("", "AF_UNIX", libc::AF_UNIX as i64),
    constant("", "AF_INET", libc::AF_INET as i64),
    constant("", "AF_INET6", libc::AF_INET6 as i64),
    constant("", "AF_NETLINK", libc::AF_NETLINK as i64),
    constant("", "AF_PACKET", libc::AF_PACKET as i64),
    constant("", "AF_ALG", libc::AF_ALG as i64),
    constant("", "AF_VSOCK", libc::AF_VSOCK as i64),
];

/// The type of a socket, and the flags that socket(2) takes with it.
pub const SOCKET_TYPE: &[Bit] = &[
    value_of("", "SOCK_STREAM", SOCKET_TYPES, libc::SOCK_STREAM as i64),
    value_of("", "SOCK_DGRAM", SOCKET_TYPES, libc::SOCK_DGRAM as i64),
    value_of("", "SOCK_RAW", SOCKET_TYPES, libc::SOCK_RAW as i64),
    value_of("", "SOCK_RDM", SOCKET_TYPES, libc::SOCK_RDM as i64),
    value_of("", "SOCK_SEQPACKET", SOCKET_TYPES, libc::SOCK_SEQPACKET as i64),
    bit("", "SOCK_CLOEXEC", libc::SOCK_CLOEXEC as i64),
    bit("", "SOCK_NONBLOCK", libc::SOCK_NONBLOCK as i64),
];

/// The bits that hold the type itself.
const SOCKET_TYPES: i64 = 0xf;

/// Flags of recvfrom(2) and recvmsg(2).
pub const RECEIVE: &[Bit] = &[
    bit("flag_cmsg_cloexec", "MSG_CMSG_CLOEXEC", libc::MSG_CMSG_CLOEXEC as i64),
    bit("flag_dontwait", "MSG_DONTWAIT", libc::MSG_DONTWAIT as i64),
    bit("flag_errqueue", "MSG_ERRQUEUE", libc::MSG_ERRQUEUE as i64),
    bit("flag_oob", "MSG_OOB", libc::MSG_OOB as i64),
    bit("flag_peek", "MSG_PEEK", libc::MSG_PEEK as i64),
    bit("flag_trunc", "MSG_TRUNC", libc::MSG_TRUNC as i64),
    bit("flag_waitall", "MSG_WAITALL", libc::MSG_WAITALL as i64),
    bit("", "MSG_NOSIGNAL", libc::MSG_NOSIGNAL as i64),
];

/// Flags of send(2) and its kin.
pub const SEND: &[Bit] = &[
    bit("flag_confirm", "MSG_CONFIRM", libc::MSG_CONFIRM as i64),
    bit("flag_dontroute", "MSG_DONTROUTE", libc::MSG_DONTROUTE as i64),
    bit("flag_dontwait", "MSG_DONTWAIT", libc::MSG_DONTWAIT as i64),
    bit("flag_eor", "MSG_EOR", libc::MSG_EOR as i64),
    bit("flag_more", "MSG_MORE", libc::MSG_MORE as i64),
    bit("flag_nosignal", "MSG_NOSIGNAL", libc::MSG_NOSIGNAL as i64),
    bit("flag_oob", "MSG_OOB", libc::MSG_OOB as i64),
    bit("", "MSG_FASTOPEN", libc::MSG_FASTOPEN as i64),
];

/// Whose options getsockopt(2) and setsockopt(2) are about.
pub const SOCKET_LEVEL: &[Bit] = &[
    constant("", "SOL_SOCKET", libc::SOL_SOCKET as i64),
    constant("", "IPPROTO_IP", libc::IPPROTO_IP as i64),
    constant("", "IPPROTO_IPV6", libc::IPPROTO_IPV6 as i64),
    constant("", "IPPROTO_TCP", libc::IPPROTO_TCP as i64),
    constant("", "IPPROTO_UDP", libc::IPPROTO_UDP as i64),
    constant("", "SOL_NETLINK", libc::SOL_NETLINK as i64),
];

/// Options of level `SOL_SOCKET`.
pub const SOCKET_OPTION: &[Bit] = &[
    constant("", "SO_REUSEADDR", libc::SO_REUSEADDR as i64),
    constant("", "SO_TYPE", libc::SO_TYPE as i64),
    constant("", "SO_ERROR", libc::SO_ERROR as i64),
    constant("", "SO_BROADCAST", libc::SO_BROADCAST as i64),
    constant("", "SO_SNDBUF", libc::SO_SNDBUF as i64),
    constant("", "SO_RCVBUF", libc::SO_RCVBUF as i64),
    constant("", "SO_KEEPALIVE", libc::SO_KEEPALIVE as i64),
    constant("", "SO_LINGER", libc::SO_LINGER as i64),
    constant("", "SO_REUSEPORT", libc::SO_REUSEPORT as i64),
    constant("", "SO_PASSCRED", libc::SO_PASSCRED as i64),
    constant("", "SO_PEERCRED", libc::SO_PEERCRED as i64),
    constant("", "SO_RCVTIMEO", libc::SO_RCVTIMEO as i64),
    constant("", "SO_SNDTIMEO", libc::SO_SNDTIMEO as i64),
    constant("", "SO_ACCEPTCONN", libc::SO_ACCEPTCONN as i64),
    constant("", "SO_PROTOCOL", libc::SO_PROTOCOL as i64),
    constant("", "SO_DOMAIN", libc::SO_DOMAIN as i64),
];
