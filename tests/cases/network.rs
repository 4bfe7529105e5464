//! `--net loopback`: servers whose clients aren't in the trace, and clients whose server isn't, have somebody who
//! stands for them; whoever is in the trace is met for real; and nothing leaves the loopback interface.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use replay_tests::built::program;
use replay_tests::case::{BACKENDS, Case, told};
use replay_tests::forge::{Cell, Forge};
use replay_tests::tool::prints;

const LOOPBACK: [&str; 3] = ["--verify", "--net", "loopback"];

/// Waits for what a server writes to the file `name`.
fn written(case: &Case, name: &str) -> String {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        match std::fs::read_to_string(case.folder().join(name)) {
            Ok(text) => return text,
            Err(_) if Instant::now() < until => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => panic!("{name}: {error}"),
        }
    }
}

fn connect(case: &Case) -> TcpStream {
    let port = written(case, "port").parse().expect("a port");
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the server listens")
}

/// Records `words` in an empty folder, while `clients` do what they do.
fn record(backend: &'static str, words: &[&str], clients: impl FnOnce(&Case)) -> Case {
    record_with(&[], backend, words, clients)
}

/// The same, with options for the recorder.
fn record_with(
    options: &[&str],
    backend: &'static str,
    words: &[&str],
    clients: impl FnOnce(&Case),
) -> Case {
    let case = Case::new(|_| {}).with_backend(backend);
    let mut recorder = case.recorder_with(options, words);
    let recorder = recorder.stderr(Stdio::piped()).spawn().expect("the recorder runs");
    clients(&case);
    let output = recorder.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", told(&output));
    case
}

/// Replays the trace with sockets and without, each time to the tree that was recorded; returns what is told of the
/// replay with them, call by call.
#[track_caller]
fn both_ways(case: &Case) -> String {
    let recorded = case.tree();
    let replay = |words: &[&str]| {
        case.reset();
        let output = case.replay(words);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", told(&output));
        assert_eq!(recorded.differences(&case.tree()), Vec::<String>::new(), "{words:?}");
        output
    };
    let simulated = replay(&["--verify", "--net", "simulate"]);
    assert!(told(&simulated).contains("not made, on a descriptor that is simulated"));
    told(&replay(&[&LOOPBACK[..], &["--verbose"]].concat()))
}

/// How many calls of `name` were made, and how many were not, by the lines in `text`.
fn made(text: &str, name: &str) -> (usize, usize) {
    let call = format!(" {name}(");
    let calls: Vec<_> = text.lines().filter(|line| line.contains(&call)).collect();
    let not = calls.iter().filter(|line| line.contains("(not made")).count();
    (calls.len() - not, not)
}

/// A client that sends more and more, and takes what is answered.
fn chat(mut connection: TcpStream, name: &str) {
    let mut room = [0; 100];
    for line in 1..=5 {
        let text = format!("{name} says {line}\n").repeat(line);
        connection.write_all(text.as_bytes()).expect("the server reads");
        assert!(connection.read(&mut room).expect("the server answers") > 0);
    }
}

#[test]
fn a_client_outside_the_trace_is_stood_for() {
    let greeter = program("greeter");
    for backend in BACKENDS {
        let case = record(backend, &[&greeter.to_string_lossy(), "blocking"], |case| {
            let mut connection = connect(case);
            connection.write_all(&vec![b'q'; 3 << 20]).expect("the server reads");
            connection.shutdown(Shutdown::Write).expect("it is connected");
            let mut answer = Vec::new();
            connection.read_to_end(&mut answer).expect("the server answers");
            assert_eq!(answer.len(), 4 << 20);
        });
        let text = both_ways(&case);
        let stood = "stood for the other end of 1 connections, sent 3145728 bytes and took 4194304";
        assert!(text.contains(stood), "{text}");
        for call in ["socket", "bind", "listen", "accept4"] {
            assert_eq!(made(&text, call), (1, 0), "{call}: {text}");
        }
        assert!(made(&text, "recvfrom").0 > 2 && made(&text, "recvfrom").1 == 0, "{text}");
    }
}

#[test]
fn servers_that_wait_for_several_clients_find_them_ready() {
    let greeter = program("greeter");
    let greeter = greeter.to_string_lossy();
    for (by, call) in [("epoll", "epoll_wait"), ("poll", "poll"), ("select", "pselect6")] {
        let case = record("ptrace", &[&greeter, by], |case| {
            let (first, second) = (connect(case), connect(case));
            std::thread::scope(|scope| {
                scope.spawn(|| chat(first, "the first one"));
                scope.spawn(|| chat(second, "the second one"));
            });
        });
        let text = both_ways(&case);
        assert!(text.contains("stood for the other end of 2 connections"), "{text}");
        assert_eq!(made(&text, "accept4").0, 2, "{text}");
        // Who comes first may be in the trace, so nobody is asked to come before the call that takes it. What
        // comes then is one's who is known to be outside.
        let (waited, not) = made(&text, call);
        let least = if by == "epoll" { 1 } else { 3 };
        assert!(waited >= least && not <= 3, "{by}: {waited} made, {not} not: {text}");
    }
}

#[test]
fn what_a_connection_passes_on_inside_the_kernel_comes_and_goes_again() {
    let greeter = program("greeter");
    for backend in BACKENDS {
        let case = record(backend, &[&greeter.to_string_lossy(), "passing-on"], |case| {
            let mut connection = connect(case);
            connection.write_all(&[b'q'; 30_000]).expect("the server reads");
            connection.shutdown(Shutdown::Write).expect("it is connected");
            let mut answer = Vec::new();
            connection.read_to_end(&mut answer).expect("the server answers");
            assert_eq!(answer, [b'q'; 30_000]);
        });
        let text = both_ways(&case);
        let stood = "stood for the other end of 1 connections, sent 30000 bytes and took 30000";
        assert!(text.contains(stood), "{text}");
        assert!(made(&text, "splice").0 > 2 && made(&text, "splice").1 == 0, "{text}");
    }
}

/// An eventfd, a timer and signals aren't there in a replay: what tells of them is as recorded, and the connection
/// beside them is met for real all the same.
#[test]
fn what_wakes_a_program_beside_its_connections_is_as_recorded() {
    let greeter = program("greeter");
    for backend in BACKENDS {
        let case = record(backend, &[&greeter.to_string_lossy(), "woken"], |case| {
            let mut connection = connect(case);
            connection.write_all(b"hello").expect("the server reads");
            connection.shutdown(Shutdown::Write).expect("it is connected");
            connection.read_to_end(&mut Vec::new()).expect("the server ends");
        });
        let told = std::fs::read_to_string(case.folder().join("told")).expect("it was written");
        assert!(told.starts_with("[0]\n[0]\n[0]\n[0, 1, 2, 3]\n"), "{told}");
        let text = both_ways(&case);
        assert!(text.contains("sent 5 bytes and took 0"), "{text}");
        // Those that told of the connection alone, and of all four.
        assert_eq!(made(&text, "pselect6"), (1, 1), "{text}");
        assert_eq!(made(&text, "poll").0, 2, "{text}");
        assert_eq!(made(&text, "recvfrom").1, 0, "{text}");
    }
}

/// Where there is no network, what calls ask of sockets is what they were told.
#[test]
fn addresses_and_options_are_as_recorded() {
    let greeter = program("greeter");
    let case = record("ptrace", &[&greeter.to_string_lossy(), "woken"], |case| {
        let mut connection = connect(case);
        connection.write_all(b"hello").expect("the server reads");
        connection.shutdown(Shutdown::Write).expect("it is connected");
        connection.read_to_end(&mut Vec::new()).expect("the server ends");
    });
    case.reset();
    let copy = case.folder().with_extension("copy.ds");
    let output = case.replay(&["--verify", "--record", &copy.to_string_lossy()]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    for (name, columns) in [
        ("getsockname", "return_value,errno_number,descriptor,sockaddr_buffer,sockaddr_length"),
        ("getpeername", "return_value,errno_number,descriptor,sockaddr_buffer,sockaddr_length"),
        ("getsockopt", "return_value,errno_number,level,optname,option_value,buffer_size"),
        ("accept4", "return_value,sockaddr_buffer"),
    ] {
        let rows = |file: &Path| prints(&["cat", "--json", "-t", name, "-c", columns], file);
        let recorded = rows(&case.trace());
        assert!(recorded.contains("\"return_value\":"), "{name}: {recorded}");
        assert_eq!(rows(&copy), recorded, "{name}");
    }
}

#[test]
fn both_ends_in_the_trace_meet() {
    let greeter = program("greeter");
    for backend in BACKENDS {
        let case = record(backend, &[&greeter.to_string_lossy(), "within"], |_| {});
        let text = both_ways(&case);
        assert!(text.contains("stood for the other end of 0 connections"), "{text}");
        assert_eq!((made(&text, "connect"), made(&text, "accept4")), ((1, 0), (1, 0)), "{text}");
    }
}

#[test]
fn a_server_outside_the_trace_is_stood_for() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port().to_string();
    let greeter = program("greeter");
    let case = record("ptrace", &[&greeter.to_string_lossy(), "client", &port], |_| {
        let (mut connection, _) = listener.accept().expect("the program asks");
        let mut question = String::new();
        connection.read_to_string(&mut question).expect("it asks");
        connection.write_all(&[b"an answer to: ", question.as_bytes()].concat()).expect("it reads");
    });
    // The server is still there, and isn't asked.
    listener.set_nonblocking(true).expect("it is a socket");
    let text = both_ways(&case);
    assert!(
        text.contains("stood for the other end of 1 connections, sent 25 bytes and took 11"),
        "{text}"
    );
    assert_eq!(made(&text, "connect"), (1, 0), "{text}");
    assert!(listener.accept().is_err(), "somebody came");
}

#[test]
fn beneath_a_root_there_is_a_loopback_interface() {
    let greeter = program("greeter");
    let words = [&*greeter.to_string_lossy(), "blocking"];
    let case = record_with(&["--snapshot", "full"], "ptrace", &words, |case| {
        let mut connection = connect(case);
        connection.write_all(b"hello").expect("the server reads");
        connection.shutdown(Shutdown::Write).expect("it is connected");
        assert_eq!(connection.read_to_end(&mut Vec::new()).expect("an answer"), 4 << 20);
    });
    let root = tempfile::TempDir::new().expect("a folder");
    let mut prepare = Command::new(program("replayer"));
    prepare.args(["prepare", "--root"]).arg(root.path()).arg(case.trace());
    assert!(prepare.output().expect("the replayer runs").status.success());
    let folder = case.folder().canonicalize().expect("it is there");
    let beneath = root.path().join(folder.strip_prefix("/").expect("it is absolute"));
    let root = root.path().to_string_lossy().into_owned();
    let output = case.replay(&[&LOOPBACK[..], &["--root", &root]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert_eq!(std::fs::read(beneath.join("received")).expect("it was made"), b"hello");
    assert!(told(&output).contains("sent 5 bytes and took 4194304"), "{}", told(&output));
}

fn has_program(name: &str) -> bool {
    Command::new(name).arg("--version").output().is_ok()
}

/// A real server and a client that isn't recorded.
#[test]
fn redis_is_served_over_the_network() {
    if !has_program("redis-server") || !has_program("redis-cli") {
        eprintln!("not run: there is no redis-server here (apt-get install redis-server)");
        return;
    }
    let port = {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        free.local_addr().expect("an address").port().to_string()
    };
    let words = [
        "redis-server",
        "--port",
        &port,
        "--bind",
        "127.0.0.1",
        "--daemonize",
        "no",
        "--appendonly",
        "yes",
        "--save",
        "",
    ];
    let cli = |words: &[&str]| {
        let mut cli = Command::new("redis-cli");
        let output = cli.args(["-p", &port]).args(words).output().expect("there is a redis-cli");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let case = record("ptrace", &words, |_| {
        let until = Instant::now() + Duration::from_secs(60);
        while cli(&["PING"]).trim() != "PONG" {
            assert!(Instant::now() < until, "the server starts");
            std::thread::sleep(Duration::from_millis(20));
        }
        for number in 0..20 {
            assert_eq!(
                cli(&["SET", &format!("key {number}"), &"value".repeat(number)]).trim(),
                "OK"
            );
        }
        cli(&["SHUTDOWN", "NOSAVE"]);
    });
    let text = both_ways(&case);
    assert!(text.contains("stood for the other end of 22 connections"), "{text}");
}

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

/// The calls of a server up to its first connection, which has the number 4.
fn served(case: &Case) -> Forge {
    let mut forge = Forge::new(&case.folder().to_string_lossy());
    let any = address([0, 0, 0, 0]);
    forge.call(1, "socket", Ok(3), &[("domain", 2.into()), ("type", TCP.into())]);
    forge.call(1, "bind", Ok(0), &[("descriptor", 3.into()), ("sockaddr_buffer", any[..].into())]);
    forge.call(1, "listen", Ok(0), &[("descriptor", 3.into()), ("backlog", 1.into())]);
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

fn connect_from(forge: &mut Forge, task: i32, fd: i64, result: Result<i64, i32>) {
    let to = address([127, 0, 0, 1]);
    forge.call(task, "socket", Ok(fd), &[("domain", 2.into()), ("type", TCP.into())]);
    let cells = [("descriptor", fd.into()), ("sockaddr_buffer", to[..].into())];
    forge.call(task, "connect", result, &cells);
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
    let mut forge = Forge::new(&case.folder().to_string_lossy());
    let any = address([0, 0, 0, 0]);
    forge.call(1, "socket", Ok(3), &[("domain", 2.into()), ("type", TCP.into())]);
    forge.call(1, "bind", Ok(0), &[("descriptor", 3.into()), ("sockaddr_buffer", any[..].into())]);
    forge.call(1, "listen", Ok(0), &[("descriptor", 3.into()), ("backlog", 4.into())]);
    for thread in [2, 3] {
        forge.call(1, "clone", Ok(thread), &[("flag_value", THREAD.into())]);
    }
    connect_from(&mut forge, 3, 4, Ok(0));
    connect_from(&mut forge, 3, 5, Ok(0));
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
    let mut forge = Forge::new(&case.folder().to_string_lossy());
    let any = address([0, 0, 0, 0]);
    forge.call(1, "socket", Ok(3), &[("domain", 2.into()), ("type", TCP.into())]);
    forge.call(1, "bind", Ok(0), &[("descriptor", 3.into()), ("sockaddr_buffer", any[..].into())]);
    forge.call(1, "listen", Ok(0), &[("descriptor", 3.into()), ("backlog", 4.into())]);
    forge.call(1, "clone", Ok(2), &[("flag_value", THREAD.into())]);
    for fd in 4..8 {
        forge.call(1, "accept", Ok(fd), &[("descriptor", 3.into())]);
    }
    forge.call(2, "socket", Ok(8), &[("domain", 2.into()), ("type", TCP.into())]);
    forge.call(1, "accept", Ok(9), &[("descriptor", 3.into())]);
    let to = address([127, 0, 0, 1]);
    let cells = [("descriptor", 8.into()), ("sockaddr_buffer", to[..].into())];
    forge.call(2, "connect", Ok(0), &cells).overlapped(9);
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
