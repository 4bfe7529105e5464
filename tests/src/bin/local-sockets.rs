//! A server and a client on a local socket, for the tests: the client is a process of its own, sends text and
//! a descriptor, and the server writes both to files.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::process::Command;

use sdk::control;
use sdk::socket::Message;

const SOCKET: &str = "socket";

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("client") => client(),
        _ => server(),
    }
}

/// Takes what the client sends.
fn server() {
    let listener = UnixListener::bind(SOCKET).expect("the socket is new");
    let own = std::env::current_exe().expect("there is a program");
    let mut child = Command::new(own).arg("client").spawn().expect("the client starts");
    let (mut connection, _) = listener.accept().expect("the client connects");
    let passed = receive(&connection);
    let mut text = String::new();
    connection.read_to_string(&mut text).expect("the client sends text");
    std::fs::write("received", &text).expect("the folder is writable");
    writeln!(&passed, "{} bytes", text.len()).expect("the descriptor is open for writing");
    assert!(child.wait().expect("the client ends").success());

    // A pair in one process, and datagrams.
    let (one, mut other) = UnixStream::pair().expect("a pair");
    (&one).write_all(b"through the pair\n").expect("the pair is open");
    drop(one);
    let mut out = File::create("pair").expect("the folder is writable");
    std::io::copy(&mut other, &mut out).expect("the pair is open");
    let (a, b) = UnixDatagram::pair().expect("a pair");
    for text in ["first", "second"] {
        a.send(text.as_bytes()).expect("the pair is open");
    }
    let mut buffer = [0; 100];
    for _ in 0..2 {
        let length = b.recv(&mut buffer).expect("two came");
        out.write_all(&buffer[..length]).expect("the folder is writable");
    }
}

fn client() {
    let mut connection = UnixStream::connect(SOCKET).expect("the server listens");
    let file = File::create("passed").expect("the folder is writable");
    let control = control::passing(&[file.as_raw_fd()]);
    let data = [libc::iovec { iov_base: b"x".as_ptr() as *mut _, iov_len: 1 }];
    let mut message = Message::new(&data).with(&control);
    // SAFETY: the message names memory that is as long as it says.
    let sent = unsafe { libc::sendmsg(connection.as_raw_fd(), message.word() as *const _, 0) };
    assert_eq!(sent, 1);
    for number in 0..20_000 {
        writeln!(connection, "line {number}").expect("the server reads");
    }
}

/// The descriptor that comes with the first byte.
fn receive(connection: &UnixStream) -> File {
    let (mut byte, mut room) = ([0u8; 1], [0u8; 64]);
    let data = [libc::iovec { iov_base: byte.as_mut_ptr().cast(), iov_len: 1 }];
    let mut message = Message::new(&data).with_room(&mut room);
    // SAFETY: the message names room that is as long as it says.
    let received = unsafe { libc::recvmsg(connection.as_raw_fd(), message.word() as *mut _, 0) };
    assert_eq!(received, 1);
    let descriptor = control::descriptors(&room).next().expect("a descriptor came");
    // SAFETY: the descriptor is new, and nobody else's.
    unsafe { File::from_raw_fd(descriptor) }
}
