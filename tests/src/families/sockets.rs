//! Sockets: local ones, which a replay makes again, and one of the network, which it leaves alone.

use libc::{
    AF_INET, AF_UNIX, MSG_DONTWAIT, MSG_NOSIGNAL, MSG_PEEK, SO_RCVBUF, SO_TYPE, SOCK_CLOEXEC,
    SOCK_DGRAM, SOCK_NONBLOCK, SOCK_SEQPACKET, SOCK_STREAM, SOL_SOCKET, iovec, mmsghdr, msghdr,
};

use super::{CLOSED, Family, NONE, NOWHERE};

pub const FAMILY: Family = Family {
    name: "sockets",
    both: "socket socketpair bind listen connect accept accept4 getsockname getpeername setsockopt getsockopt \
           shutdown sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg",
    succeeds: "",
    fails: "",
    run,
};

/// A `struct sockaddr_un`, and its length.
fn local(path: &[u8]) -> ([u8; 110], usize) {
    let mut address = [0; 110];
    address[0] = AF_UNIX as u8;
    address[2..2 + path.len()].copy_from_slice(path);
    (address, 2 + path.len())
}

fn run() {
    connection();
    datagrams();
    messages();
    several_messages();
    addressed_messages();
    network();
}

fn connection() {
    let listener = works!(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fails!(EAFNOSUPPORT, SYS_socket, 77, SOCK_STREAM, 0);
    let (address, length) = local(b"socket\0");
    fails!(EINVAL, SYS_listen, listener, 1);
    works!(SYS_bind, listener, address.as_ptr(), length);
    fails!(EADDRINUSE, SYS_bind, listener, address.as_ptr(), length);
    works!(SYS_listen, listener, 5);
    let client = works!(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
    let (nobody, nobody_length) = local(b"nobody\0");
    fails!(ENOENT, SYS_connect, client, nobody.as_ptr(), nobody_length);
    works!(SYS_connect, client, address.as_ptr(), length);
    fails!(EISCONN, SYS_connect, client, address.as_ptr(), length);
    let (mut peer, mut peer_length) = ([0u8; 110], 110i32);
    let (peer, peer_length) = (peer.as_mut_ptr(), &raw mut peer_length);
    let served = works!(SYS_accept, listener, peer, peer_length);
    fails!(EBADF, SYS_accept, CLOSED, peer, peer_length);
    fails!(EINVAL, SYS_accept4, listener, peer, peer_length, 1);
    works!(SYS_getsockname, served, peer, peer_length);
    fails!(EBADF, SYS_getsockname, CLOSED, peer, peer_length);
    works!(SYS_getpeername, client, peer, peer_length);
    fails!(ENOTCONN, SYS_getpeername, listener, peer, peer_length);
    let second = works!(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
    works!(SYS_connect, second, address.as_ptr(), length);
    let served_too = works!(SYS_accept4, listener, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
    let mut room = [0u8; 64];
    works!(SYS_sendto, client, c"a question".as_ptr(), 10, MSG_NOSIGNAL, 0, 0);
    works!(SYS_recvfrom, served, room.as_mut_ptr(), 64, MSG_PEEK, 0, 0);
    works!(SYS_recvfrom, served, room.as_mut_ptr(), 64, 0, 0, 0);
    fails!(EAGAIN, SYS_recvfrom, served, room.as_mut_ptr(), 64, MSG_DONTWAIT, 0, 0);
    works!(SYS_write, served, c"an answer".as_ptr(), 9);
    works!(SYS_read, client, room.as_mut_ptr(), 64);
    works!(SYS_shutdown, client, libc::SHUT_WR);
    fails!(EINVAL, SYS_shutdown, client, 77);
    assert_eq!(works!(SYS_recvfrom, served, room.as_mut_ptr(), 64, 0, 0, 0), 0);
    fails!(EPIPE, SYS_sendto, client, c"x".as_ptr(), 1, MSG_NOSIGNAL, 0, 0);
    fails!(ENOTSOCK, SYS_sendto, { works!(SYS_dup2, 0, 60) }, c"x".as_ptr(), 1, 0, 0, 0);
    for socket in [client, served, second, served_too, listener, 60] {
        works!(SYS_close, socket);
    }
}

fn datagrams() {
    let mut pair = [0i32; 2];
    works!(SYS_socketpair, AF_UNIX, SOCK_DGRAM, 0, pair.as_mut_ptr());
    fails!(EFAULT, SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, NOWHERE);
    fails!(EOPNOTSUPP, SYS_socketpair, AF_INET, SOCK_STREAM, 0, [0i32; 2].as_mut_ptr());
    let (mut value, mut length) = (8192i32, 4i32);
    works!(SYS_setsockopt, pair[0], SOL_SOCKET, SO_RCVBUF, &raw const value, 4);
    fails!(EINVAL, SYS_setsockopt, pair[0], SOL_SOCKET, SO_RCVBUF, &raw const value, 1);
    fails!(EBADF, SYS_setsockopt, CLOSED, SOL_SOCKET, SO_RCVBUF, &raw const value, 4);
    works!(SYS_getsockopt, pair[0], SOL_SOCKET, SO_TYPE, &raw mut value, &raw mut length);
    fails!(ENOPROTOOPT, SYS_getsockopt, pair[0], SOL_SOCKET, 7777, &raw mut value, &raw mut length);
    let mut room = [0u8; 16];
    for size in [0usize, 1, 40] {
        works!(SYS_sendto, pair[0], [b'd'; 40].as_ptr(), size, 0, 0, 0);
        works!(SYS_recvfrom, pair[1], room.as_mut_ptr(), 16, 0, 0, 0);
    }
    works!(SYS_close, pair[0]);
    fails!(ECONNREFUSED, SYS_sendto, pair[1], room.as_ptr(), 1, 0, 0, 0);
    works!(SYS_close, pair[1]);
    works!(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair.as_mut_ptr());
    works!(SYS_write, pair[1], c"packet".as_ptr(), 6);
    works!(SYS_read, pair[0], room.as_mut_ptr(), 16);
    works!(SYS_close, pair[0]);
    works!(SYS_close, pair[1]);
}

fn messages() {
    let mut pair = [0i32; 2];
    works!(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair.as_mut_ptr());
    let (data, mut room) = (*b"one two three", [0u8; 32]);
    let vector = |memory: *const u8, iov_len| iovec { iov_base: memory.cast_mut().cast(), iov_len };
    let out = [vector(data.as_ptr(), 4), vector(data[4..].as_ptr(), 9)];
    // SAFETY: all zeroes is a message without anything.
    let mut message: msghdr = unsafe { std::mem::zeroed() };
    (message.msg_iov, message.msg_iovlen) = (out.as_ptr().cast_mut(), 2);
    works!(SYS_sendmsg, pair[0], &raw const message, 0);
    fails!(EBADF, SYS_sendmsg, CLOSED, &raw const message, 0);
    fails!(EFAULT, SYS_sendmsg, pair[0], NOWHERE, 0);
    let into = [vector(room.as_ptr(), 3), vector(room[3..].as_mut_ptr(), 20)];
    message.msg_iov = into.as_ptr().cast_mut();
    works!(SYS_recvmsg, pair[1], &raw mut message, 0);
    fails!(EAGAIN, SYS_recvmsg, pair[1], &raw mut message, MSG_DONTWAIT);
    fails!(EBADF, SYS_recvmsg, NONE, &raw mut message, 0);

    // A descriptor goes over to the other side, which writes through it.
    let file = works!(SYS_open, c"passed".as_ptr(), libc::O_RDWR | libc::O_CREAT, 0o600);
    let control = sdk::control::passing(&[file as i32]);
    (message.msg_iov, message.msg_iovlen) = (out.as_ptr().cast_mut(), 1);
    (message.msg_control, message.msg_controllen) =
        (control.as_ptr().cast_mut().cast(), control.len());
    works!(SYS_sendmsg, pair[0], &raw const message, 0);
    works!(SYS_close, file);
    let mut control = [0u8; 64];
    message.msg_iov = into.as_ptr().cast_mut();
    (message.msg_control, message.msg_controllen) = (control.as_mut_ptr().cast(), 64);
    works!(SYS_recvmsg, pair[1], &raw mut message, libc::MSG_CMSG_CLOEXEC);
    let passed = sdk::control::descriptors(&control).next().expect("a descriptor came");
    works!(SYS_write, passed, c"from the other side\n".as_ptr(), 20);
    works!(SYS_close, passed);
    works!(SYS_close, pair[0]);
    works!(SYS_close, pair[1]);
}

fn several_messages() {
    for kind in [SOCK_DGRAM, SOCK_STREAM] {
        let mut pair = [0i32; 2];
        works!(SYS_socketpair, AF_UNIX, kind, 0, pair.as_mut_ptr());
        let (data, mut room) = (*b"a few messages at once", [0u8; 96]);
        let vector =
            |memory: *const u8, iov_len| iovec { iov_base: memory.cast_mut().cast(), iov_len };
        let out =
            [vector(data.as_ptr(), 5), vector(data[5..].as_ptr(), 9), vector(data.as_ptr(), 1)];
        let into = [0usize, 32, 64].map(|at| vector(room[at..].as_mut_ptr(), 32));
        let headers = |vectors: &[iovec; 3]| {
            [0usize, 1, 2].map(|number| {
                // SAFETY: all zeroes is a message without anything.
                let mut header: mmsghdr = unsafe { std::mem::zeroed() };
                header.msg_hdr.msg_iov = vectors[number..].as_ptr().cast_mut();
                header.msg_hdr.msg_iovlen = 1;
                header
            })
        };
        let mut sent = headers(&out);
        works!(SYS_sendmmsg, pair[0], sent.as_mut_ptr(), 3, 0);
        fails!(EBADF, SYS_sendmmsg, CLOSED, sent.as_mut_ptr(), 3, 0);
        let mut received = headers(&into);
        works!(SYS_recvmmsg, pair[1], received.as_mut_ptr(), 3, libc::MSG_WAITFORONE, 0);
        fails!(EBADF, SYS_recvmmsg, CLOSED, received.as_mut_ptr(), 3, 0, 0);
        works!(SYS_close, pair[0]);
        works!(SYS_close, pair[1]);
    }
}

/// Two messages at once to an address, each with a descriptor beside it.
fn addressed_messages() {
    let receiver = works!(SYS_socket, AF_UNIX, SOCK_DGRAM, 0);
    let sender = works!(SYS_socket, AF_UNIX, SOCK_DGRAM, 0);
    let (address, length) = local(b"mailbox\0");
    works!(SYS_bind, receiver, address.as_ptr(), length);
    let (own, own_length) = local(b"sender\0");
    works!(SYS_bind, sender, own.as_ptr(), own_length);
    let files = [c"first", c"second"]
        .map(|name| works!(SYS_open, name.as_ptr(), libc::O_RDWR | libc::O_CREAT, 0o600) as i32);
    let control = files.map(|file| sdk::control::passing(&[file]));
    let data = *b"to a mailbox";
    let mut room = [[0u8; 32]; 2];
    let (mut from, mut came) = ([[0u8; 110]; 2], [[0u8; 64]; 2]);
    let vector = |memory: *const u8, iov_len| iovec { iov_base: memory.cast_mut().cast(), iov_len };
    let out = [vector(data.as_ptr(), 2), vector(data[2..].as_ptr(), 10)];
    let into = [vector(room[0].as_mut_ptr(), 32), vector(room[1].as_mut_ptr(), 32)];
    let mut sent = [0usize, 1].map(|number| {
        // SAFETY: all zeroes is a message without anything.
        let mut header: mmsghdr = unsafe { std::mem::zeroed() };
        header.msg_hdr.msg_name = address.as_ptr().cast_mut().cast();
        header.msg_hdr.msg_namelen = length as u32;
        header.msg_hdr.msg_iov = out[number..].as_ptr().cast_mut();
        header.msg_hdr.msg_iovlen = 1;
        header.msg_hdr.msg_control = control[number].as_ptr().cast_mut().cast();
        header.msg_hdr.msg_controllen = control[number].len();
        header
    });
    works!(SYS_sendmmsg, sender, sent.as_mut_ptr(), 2, 0);
    for file in files {
        works!(SYS_close, file);
    }
    let mut received = [0usize, 1].map(|number| {
        // SAFETY: as above.
        let mut header: mmsghdr = unsafe { std::mem::zeroed() };
        header.msg_hdr.msg_name = from[number].as_mut_ptr().cast();
        header.msg_hdr.msg_namelen = 110;
        header.msg_hdr.msg_iov = into[number..].as_ptr().cast_mut();
        header.msg_hdr.msg_iovlen = 1;
        header.msg_hdr.msg_control = came[number].as_mut_ptr().cast();
        header.msg_hdr.msg_controllen = 64;
        header
    });
    works!(SYS_recvmmsg, receiver, received.as_mut_ptr(), 2, libc::MSG_WAITFORONE, 0);
    for control in came {
        let file = sdk::control::descriptors(&control).next().expect("a descriptor came");
        works!(SYS_write, file, c"by who received it\n".as_ptr(), 19);
        works!(SYS_close, file);
    }
    works!(SYS_close, receiver);
    // What is to go beside the data isn't open any more; then there is nobody to send to.
    fails!(EBADF, SYS_sendmmsg, sender, sent.as_mut_ptr(), 2, 0);
    sent[0].msg_hdr.msg_controllen = 0;
    fails!(ECONNREFUSED, SYS_sendmmsg, sender, sent.as_mut_ptr(), 1, 0);
    sent[0].msg_hdr.msg_namelen = 0;
    fails!(ENOTCONN, SYS_sendmmsg, sender, sent.as_mut_ptr(), 1, 0);
    works!(SYS_close, sender);
}

/// What comes through it ends in a file, and a replay has to know it.
fn network() {
    let any = |port: u16| {
        let mut address = [0u8; 16];
        (address[0], address[4], address[7]) = (AF_INET as u8, 127, 1);
        address[2..4].copy_from_slice(&port.to_be_bytes());
        address
    };
    let server = works!(SYS_socket, AF_INET, SOCK_STREAM, 0);
    works!(SYS_bind, server, any(0).as_ptr(), 16);
    works!(SYS_listen, server, 1);
    let (mut address, mut length) = ([0u8; 16], 16i32);
    works!(SYS_getsockname, server, address.as_mut_ptr(), &raw mut length);
    let client = works!(SYS_socket, AF_INET, SOCK_STREAM, 0);
    works!(SYS_connect, client, address.as_ptr(), 16);
    let served = works!(SYS_accept, server, 0, 0);
    works!(SYS_write, client, c"over the network\n".as_ptr(), 17);
    let mut room = [0u8; 64];
    let count = works!(SYS_read, served, room.as_mut_ptr(), 64);
    let file = works!(SYS_open, c"downloaded".as_ptr(), libc::O_WRONLY | libc::O_CREAT, 0o600);
    works!(SYS_write, file, room.as_ptr(), count);
    for socket in [file, served, client, server] {
        works!(SYS_close, socket);
    }
}
