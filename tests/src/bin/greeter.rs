//! A server of the network, for the tests: it takes what its clients send, writes it to files, and answers each. Who
//! they are is up to the test; where they find it is in the file `port`.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};
use std::process::Command;

/// More than there is room for in a socket.
const ANSWER: usize = 4 << 20;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["blocking"] => blocking(&listener(), ANSWER),
        ["within"] => within(),
        ["passing-on"] => passing_on(&listener()),
        ["woken"] => woken(&listener()),
        ["datagrams"] => datagrams(),
        ["client", port] => client(port),
        [by] => ready(by, &listener()),
        _ => panic!(
            "greeter blocking|within|passing-on|woken|datagrams|epoll|poll|select|client PORT"
        ),
    }
}

fn listener() -> TcpListener {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    tell(listener.local_addr().expect("an address").port());
    listener
}

/// Lets everybody know where to find us.
fn tell(port: u16) {
    std::fs::write("port.new", port.to_string()).expect("the folder is writable");
    std::fs::rename("port.new", "port").expect("the folder is writable");
}

/// Three datagrams, which are sent back.
fn datagrams() {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    tell(socket.local_addr().expect("an address").port());
    let mut text = Vec::new();
    for _ in 0..3 {
        let mut room = [0; 100];
        let (length, from) = socket.recv_from(&mut room).expect("a datagram");
        socket.send_to(&room[..length], from).expect("somebody is there");
        text.extend_from_slice(&room[..length]);
        text.push(b'|');
    }
    std::fs::write("received", text).expect("the folder is writable");
}

/// One client, which is waited for at each step.
fn blocking(listener: &TcpListener, answer: usize) {
    let (mut connection, _) = listener.accept().expect("a client");
    let mut byte = [0];
    assert_eq!(connection.peek(&mut byte).expect("it sends something"), 1);
    let mut text = Vec::new();
    connection.read_to_end(&mut text).expect("it sends something");
    assert_eq!(text[0], byte[0]);
    std::fs::write("received", &text).expect("the folder is writable");
    connection.write_all(&vec![b'a'; answer]).expect("it takes the answer");
}

/// The same, with a client that is a process of its own.
fn within() {
    let listener = listener();
    let port = listener.local_addr().expect("an address").port().to_string();
    let own = std::env::current_exe().expect("there is a program");
    let mut child = Command::new(own).args(["client", &port]).spawn().expect("it starts");
    blocking(&listener, 1000);
    assert!(child.wait().expect("it ends").success());
}

/// One client, which gets back what it sends, without a word of it seen by the program.
fn passing_on(listener: &TcpListener) {
    let (connection, _) = listener.accept().expect("a client");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let splice = |from: RawFd, to: RawFd, length: usize| {
        let none = std::ptr::null_mut();
        // SAFETY: no offsets are passed.
        let moved = unsafe { libc::splice(from, none, to, none, length, 0) };
        usize::try_from(moved).expect("data moves")
    };
    loop {
        let mut left = splice(connection.as_raw_fd(), writer.as_raw_fd(), 4096);
        if left == 0 {
            break;
        }
        while left > 0 {
            left -= splice(reader.as_raw_fd(), connection.as_raw_fd(), left);
        }
    }
}

/// One client, and what else a program waits for: another thread's word, a time, and a signal.
fn woken(listener: &TcpListener) {
    let (mut connection, _) = listener.accept().expect("a client");
    // What a socket is, and where.
    assert_eq!(connection.local_addr().expect("it has one").ip(), Ipv4Addr::LOCALHOST);
    assert!(connection.peer_addr().expect("it has one").ip().is_loopback());
    assert!(connection.take_error().expect("it can be asked").is_none());
    assert!(!connection.nodelay().expect("it can be asked"));
    // SAFETY: the calls take numbers and structures of their own.
    let (counter, timer, signals) = unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&raw mut set, libc::SIGUSR1);
        libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
        let timer = libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_CLOEXEC);
        (libc::eventfd(0, libc::EFD_CLOEXEC), timer, libc::signalfd(-1, &raw const set, 0))
    };
    let all = [connection.as_raw_fd(), counter, timer, signals];
    let mut waits: Vec<_> = ["poll", "select", "epoll"].map(Waits::new).into();
    for waits in &mut waits {
        all.iter().enumerate().for_each(|(number, fd)| waits.add(*fd, number));
    }
    let mut told = String::new();
    let wait = |waits: &[Waits], told: &mut String| {
        for waits in waits {
            *told += &format!("{:?}\n", waits.wait());
        }
    };
    // First the client alone, then all of them.
    connection.peek(&mut [0]).expect("it sends something");
    wait(&waits, &mut told);
    // SAFETY: as above; a timer that has gone off once stays so until it is read.
    unsafe {
        libc::kill(libc::getpid(), libc::SIGUSR1);
        libc::write(counter, 3u64.to_ne_bytes().as_ptr().cast(), 8);
        let soon = libc::timespec { tv_sec: 0, tv_nsec: 1000 };
        let none = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let spec = libc::itimerspec { it_interval: none, it_value: soon };
        libc::timerfd_settime(timer, 0, &raw const spec, std::ptr::null_mut());
    }
    std::thread::sleep(std::time::Duration::from_millis(20));
    wait(&waits, &mut told);
    let mut text = Vec::new();
    connection.read_to_end(&mut text).expect("it sends something");
    for fd in [counter, timer, signals] {
        let mut room = [0u8; 128];
        // SAFETY: there is as much room as is said.
        let length = unsafe { libc::read(fd, room.as_mut_ptr().cast(), room.len()) };
        told += &format!("{length}\n");
    }
    wait(&waits[..1], &mut told);
    std::fs::write("told", told).expect("the folder is writable");
    std::fs::write("received", text).expect("the folder is writable");
}

/// Asks a server, wherever it is.
fn client(port: &str) {
    let port = port.parse().expect("a port");
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a server");
    connection.write_all(b"a question\n").expect("the server reads");
    connection.shutdown(std::net::Shutdown::Write).expect("it is connected");
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).expect("the server answers");
    File::create("answer").and_then(|mut f| f.write_all(&answer)).expect("a writable folder");
}

/// Two clients at once, each served when it has something, as `by` tells.
fn ready(by: &str, listener: &TcpListener) {
    listener.set_nonblocking(true).expect("it is a socket");
    let mut waits = Waits::new(by);
    waits.add(listener.as_raw_fd(), 0);
    let mut clients: Vec<Option<(TcpStream, File)>> = Vec::new();
    let mut left = 2;
    while left > 0 {
        for number in waits.wait() {
            if number == 0 {
                while let Ok((connection, _)) = listener.accept() {
                    connection.set_nonblocking(true).expect("it is a socket");
                    clients.push(None);
                    let number = clients.len();
                    waits.add(connection.as_raw_fd(), number);
                    let file = File::create(format!("client-{number}")).expect("a writable folder");
                    clients[number - 1] = Some((connection, file));
                }
                continue;
            }
            let Some((connection, file)) = &mut clients[number - 1] else { continue };
            // epoll(7) tells once of what comes, the others of what is there.
            let is_all =
                if by == "epoll" { serve(connection, file) } else { step(connection, file) };
            if is_all == Some(true) {
                waits.remove(number);
                clients[number - 1] = None;
                left -= 1;
            }
        }
    }
}

/// Takes all that there is, and answers.
fn serve(connection: &mut TcpStream, file: &mut File) -> Option<bool> {
    loop {
        let came = step(connection, file);
        if came != Some(false) {
            return came;
        }
    }
}

/// Takes what there is, and answers; returns whether that was the end, or nothing if there was nothing.
fn step(connection: &mut TcpStream, file: &mut File) -> Option<bool> {
    let mut room = [0; 100];
    match connection.read(&mut room) {
        Ok(0) => Some(true),
        Ok(length) => {
            file.write_all(&room[..length]).expect("the folder is writable");
            connection.write_all(b"understood\n").expect("it takes the answer");
            Some(false)
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock => None,
        Err(error) => panic!("{error}"),
    }
}

/// What is waited for, by number, and how.
enum Waits {
    Epoll(RawFd),
    Poll { is_select: bool, all: Vec<(RawFd, usize)> },
}

impl Waits {
    fn new(by: &str) -> Self {
        match by {
            // SAFETY: the call takes a number only.
            "epoll" => Self::Epoll(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) }),
            "poll" | "select" => Self::Poll { is_select: by == "select", all: Vec::new() },
            _ => panic!("{by}: epoll, poll or select"),
        }
    }

    fn add(&mut self, fd: RawFd, number: usize) {
        match self {
            Self::Poll { all, .. } => all.push((fd, number)),
            Self::Epoll(epoll) => {
                let edge = if number == 0 { 0 } else { libc::EPOLLET | libc::EPOLLRDHUP };
                let events = (libc::EPOLLIN | edge) as u32;
                let mut event = libc::epoll_event { events, u64: 1000 + number as u64 };
                // SAFETY: the kernel reads the structure.
                let added =
                    unsafe { libc::epoll_ctl(*epoll, libc::EPOLL_CTL_ADD, fd, &raw mut event) };
                assert_eq!(added, 0);
            }
        }
    }

    /// An epoll(7) instance forgets a socket that is closed.
    fn remove(&mut self, number: usize) {
        if let Self::Poll { all, .. } = self {
            all.retain(|(_, other)| *other != number);
        }
    }

    fn wait(&self) -> Vec<usize> {
        match self {
            Self::Epoll(epoll) => {
                let mut events = [libc::epoll_event { events: 0, u64: 0 }; 8];
                // SAFETY: there is room for so many events.
                let count = unsafe { libc::epoll_wait(*epoll, events.as_mut_ptr(), 8, -1) };
                events[..count as usize].iter().map(|event| event.u64 as usize - 1000).collect()
            }
            Self::Poll { is_select: false, all } => {
                let poll = |(fd, _): &(RawFd, usize)| libc::pollfd {
                    fd: *fd,
                    events: libc::POLLIN,
                    revents: 0,
                };
                let mut polls: Vec<_> = all.iter().map(poll).collect();
                // SAFETY: the kernel reads and writes as many structures as it is told of.
                let count = unsafe { libc::poll(polls.as_mut_ptr(), polls.len() as u64, -1) };
                assert!(count > 0);
                let ready = all.iter().zip(&polls).filter(|(_, poll)| poll.revents != 0);
                ready.map(|((_, number), _)| *number).collect()
            }
            Self::Poll { is_select: true, all } => {
                // SAFETY: the set is a plain structure, and has room for the few descriptors there are.
                unsafe {
                    let mut set: libc::fd_set = std::mem::zeroed();
                    all.iter().for_each(|(fd, _)| libc::FD_SET(*fd, &raw mut set));
                    let none = std::ptr::null_mut();
                    let count = libc::select(64, &raw mut set, none, none, std::ptr::null_mut());
                    assert!(count > 0);
                    let ready = all.iter().filter(|(fd, _)| libc::FD_ISSET(*fd, &raw const set));
                    ready.map(|(_, number)| *number).collect()
                }
            }
        }
    }
}
