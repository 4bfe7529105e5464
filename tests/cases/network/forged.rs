//! Traces that no recorder made: of what seldom happens, and of what somebody else might write.

use std::process::Output;
use std::time::{Duration, Instant};

use replay_tests::case::{Case, told};
use replay_tests::forge::{Cell, Forge};

use super::{LOOPBACK, made};

/// What the calls of `forge` diverge in, replayed with sockets.
fn forged(case: &Case, forge: &mut Forge, words: &[&str]) -> Output {
    forge.write(&case.trace());
    case.replay(&[&LOOPBACK[..], words].concat())
}

const TCP: i64 = libc::SOCK_STREAM as i64;

/// What clone(2) makes a thread by.
const THREAD: i64 = (libc::CLONE_VM
    | libc::CLONE_FILES
    | libc::CLONE_FS
    | libc::CLONE_SIGHAND
    | libc::CLONE_THREAD) as i64;

/// An address of the network, port 8080.
fn address(ip: [u8; 4]) -> Vec<u8> {
    let [a, b, c, d] = ip;
    vec![2, 0, 0x1f, 0x90, a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0]
}

/// The calls of a server up to where it listens, with descriptor 3.
fn listening(case: &Case) -> Forge {
    let mut forge = Forge::new(&case.folder().to_string_lossy());
    let any = address([0, 0, 0, 0]);
    forge.call(1, "socket", Ok(3), &[("domain", 2.into()), ("type", TCP.into())]);
    forge.call(1, "bind", Ok(0), &[("descriptor", 3.into()), ("sockaddr_buffer", any[..].into())]);
    forge.call(1, "listen", Ok(0), &[("descriptor", 3.into()), ("backlog", 4.into())]);
    forge
}

/// The calls of a server up to its first connection, which has the number 4.
fn served(case: &Case) -> Forge {
    let mut forge = listening(case);
    forge.call(1, "accept", Ok(4), &[("descriptor", 3.into())]);
    forge
}

#[test]
fn a_connection_that_is_otherwise_than_it_was_diverges() {
    let case = Case::new(|_| {});
    let mut forge = served(&case);
    let sent = [
        ("descriptor", 4.into()),
        ("data_written", b"hello"[..].into()),
        ("bytes_requested", 5.into()),
    ];
    forge.call(1, "write", Ok(5), &sent);
    // A socket that isn't connected can't be: there was somebody who is not.
    forge.call(1, "listen", Err(libc::EINVAL), &[("descriptor", 3.into()), ("backlog", 1.into())]);
    let output = forged(&case, &mut forge, &[]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(told(&output).contains("listen"), "{}", told(&output));
    assert!(told(&output).contains("sent 0 bytes and took 5"), "{}", told(&output));
}

/// An address that somebody came from.
fn from_port(port: u16) -> Vec<u8> {
    let mut address = address([127, 0, 0, 1]);
    address[2..4].copy_from_slice(&port.to_be_bytes());
    address
}

const WITH_FLAGS: (&str, Cell<'_>) = ("flags_value", Cell::Number(0));

fn receive(forge: &mut Forge, task: i32, fd: i64, data: &[u8]) {
    let cells = [
        ("descriptor", fd.into()),
        ("data_read", data.into()),
        ("bytes_requested", 100.into()),
        WITH_FLAGS,
    ];
    forge.call(task, "recvfrom", Ok(data.len() as i64), &cells);
}

fn socket(forge: &mut Forge, task: i32, fd: i64) {
    forge.call(task, "socket", Ok(fd), &[("domain", 2.into()), ("type", TCP.into())]);
}

fn connect(forge: &mut Forge, task: i32, fd: i64) {
    let to = address([127, 0, 0, 1]);
    let cells = [("descriptor", fd.into()), ("sockaddr_buffer", to[..].into())];
    forge.call(task, "connect", Ok(0), &cells);
}

fn send(forge: &mut Forge, task: i32, fd: i64, data: &[u8]) {
    let written = ("data_written", data.into());
    let cells = [("descriptor", fd.into()), written, ("bytes_requested", 3.into())];
    forge.call(task, "write", Ok(data.len() as i64), &cells);
}

/// Two servers accept at once, and the one that returns first has got the client that came last: as it is with
/// several workers at one socket.
#[test]
fn whoever_accepts_gets_the_client_that_it_got() {
    let case = Case::new(|_| {});
    let mut forge = listening(&case);
    for thread in [2, 3] {
        forge.call(1, "clone", Ok(thread), &[("flag_value", THREAD.into())]);
    }
    for fd in [4, 5] {
        socket(&mut forge, 3, fd);
        connect(&mut forge, 3, fd);
    }
    send(&mut forge, 3, 4, b"one");
    send(&mut forge, 3, 5, b"two");
    for (task, fd, port) in [(1, 6, 40_002), (2, 7, 40_000)] {
        let from = from_port(port);
        forge.call(
            task,
            "accept",
            Ok(fd),
            &[("descriptor", 3.into()), ("sockaddr_buffer", from[..].into())],
        );
    }
    // The one that returned last was called before the other one.
    forge.overlapped(11);
    receive(&mut forge, 1, 6, b"two");
    receive(&mut forge, 2, 7, b"one");
    let output = forged(&case, &mut forge, &["--call-timeout", "2"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert!(
        told(&output).contains("stood for the other end of 0 connections"),
        "{}",
        told(&output)
    );
}

/// A client of the trace, whose connect has not returned yet when it is accepted, comes after clients who aren't in
/// the trace: nobody comes in its place.
#[test]
fn who_is_on_the_way_is_not_forestalled() {
    let case = Case::new(|_| {});
    let mut forge = listening(&case);
    forge.call(1, "clone", Ok(2), &[("flag_value", THREAD.into())]);
    for fd in 4..8 {
        forge.call(1, "accept", Ok(fd), &[("descriptor", 3.into())]);
    }
    socket(&mut forge, 2, 8);
    forge.call(1, "accept", Ok(9), &[("descriptor", 3.into())]);
    connect(&mut forge, 2, 8);
    forge.overlapped(9);
    send(&mut forge, 2, 8, b"one");
    receive(&mut forge, 1, 9, b"one");
    let output = forged(&case, &mut forge, &["--call-timeout", "2", "--verbose"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let stood = "stood for the other end of 4 connections, sent 0 bytes and took 0";
    assert!(told(&output).contains(stood), "{}", told(&output));
}

#[test]
fn a_broken_connection_is_broken_again() {
    let case = Case::new(|_| {});
    let mut forge = served(&case);
    let read = [("descriptor", 4.into()), ("bytes_requested", 5.into())];
    forge.call(1, "read", Err(libc::ECONNRESET), &read);
    let output = forged(&case, &mut forge, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
}

/// Whatever a trace says, nothing leaves the loopback interface, and nothing waits for long.
#[test]
fn a_trace_of_somebody_else_reaches_nobody() {
    let case = Case::new(|_| {});
    let mut forge = Forge::new(&case.folder().to_string_lossy());
    let far = address([192, 0, 2, 1]);
    let to_far = |fd: i64| [("descriptor", fd.into()), ("sockaddr_buffer", far[..].into())];
    for fd in [3, 4, 5, 6] {
        forge.call(1, "socket", Ok(fd), &[("domain", 2.into()), ("type", TCP.into())]);
    }
    // To somewhere; from there; anywhere, without a word of it; and with the data.
    forge.call(1, "connect", Ok(0), &to_far(3));
    forge.call(1, "bind", Ok(0), &to_far(4));
    forge.call(1, "listen", Ok(0), &[("descriptor", 4.into()), ("backlog", 1.into())]);
    forge.call(1, "listen", Ok(0), &[("descriptor", 5.into()), ("backlog", 1.into())]);
    let mut fast = to_far(6).to_vec();
    fast.extend([("data_written", b"x"[..].into()), ("bytes_requested", 1.into())]);
    fast.push(("flags_value", i64::from(libc::MSG_FASTOPEN).into()));
    forge.call(1, "sendto", Ok(1), &fast);
    // What leads to other interfaces isn't set; 25 is SO_BINDTODEVICE.
    let device = [
        ("descriptor", 6.into()),
        ("level", i64::from(libc::SOL_SOCKET).into()),
        ("optname", 25.into()),
        ("option_value", b"eth0"[..].into()),
        ("buffer_size", 4.into()),
    ];
    forge.call(1, "setsockopt", Ok(0), &device);
    // Nobody has sent this; the trace says so, and nothing more of it.
    let much = [("descriptor", 3.into()), ("bytes_requested", i64::MAX.into())];
    forge.call(1, "recvfrom", Ok(1 << 40), &[&much[..], &[("flags_value", 0.into())]].concat());
    // All sockets stay open until the end; a raw one and one for datagrams aren't made.
    forge.call(
        1,
        "socket",
        Ok(7),
        &[("domain", 2.into()), ("type", i64::from(libc::SOCK_DGRAM).into())],
    );
    forge.call(
        1,
        "sendto",
        Ok(1),
        &[("descriptor", 7.into()), fast[1], fast[2], fast[3], ("flags_value", 0.into())],
    );
    let began = Instant::now();
    let output = forged(&case, &mut forge, &["--call-timeout", "2", "--verbose"]);
    let text = told(&output);
    assert!(output.status.code().is_some_and(|code| code <= 1), "{text}");
    assert!(began.elapsed() < Duration::from_secs(60), "{text}");
    assert_eq!(made(&text, "sendto"), (0, 2), "{text}");
    assert_eq!(made(&text, "setsockopt"), (0, 1), "{text}");
    assert_eq!(made(&text, "connect"), (1, 0), "{text}");
    assert!(text.contains("stood for the other end of 1 connections"), "{text}");
}

/// Buffers that only somebody with `CAP_NET_ADMIN` may set: beneath a root nobody has it.
#[test]
fn buffers_beyond_the_limit_are_set_within_it_beneath_a_root() {
    let case = Case::new(|_| {});
    let mut forge = Forge::new("/");
    let pair = [
        ("domain", i64::from(libc::AF_UNIX).into()),
        ("type", TCP.into()),
        ("read_descriptor", 3.into()),
        ("write_descriptor", 4.into()),
    ];
    forge.call(1, "socketpair", Ok(0), &pair);
    let size = 300_000i32.to_ne_bytes();
    for option in [libc::SO_SNDBUFFORCE, libc::SO_RCVBUFFORCE] {
        let cells = [
            ("descriptor", 3.into()),
            ("level", i64::from(libc::SOL_SOCKET).into()),
            ("optname", option.into()),
            ("option_value", size[..].into()),
            ("buffer_size", 4.into()),
        ];
        forge.call(1, "setsockopt", Ok(0), &cells);
    }
    forge.write(&case.trace());
    let root = tempfile::TempDir::new().expect("a folder");
    let output = case.replay(&["--root", &root.path().to_string_lossy(), "--verbose"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert_eq!(made(&told(&output), "setsockopt"), (0, 2), "{}", told(&output));
}
