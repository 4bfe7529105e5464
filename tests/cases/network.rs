//! `--net loopback`: servers whose clients aren't in the trace, and clients whose server isn't, have somebody who
//! stands for them; whoever is in the trace is met for real; and nothing leaves the loopback interface.

#[path = "network/forged.rs"]
mod forged;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use replay_tests::built::program;
use replay_tests::case::{BACKENDS, Case, told};
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

/// Where the server is.
fn address(case: &Case) -> (Ipv4Addr, u16) {
    (Ipv4Addr::LOCALHOST, written(case, "port").parse().expect("a port"))
}

fn connect(case: &Case) -> TcpStream {
    TcpStream::connect(address(case)).expect("the server listens")
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

/// Datagrams take their recorded outcome, with a network and without: nobody waits for one.
#[test]
fn datagrams_are_as_recorded() {
    let greeter = program("greeter");
    for backend in BACKENDS {
        let case = record(backend, &[&greeter.to_string_lossy(), "datagrams"], |case| {
            let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
            client.connect(address(case)).expect("it can be set");
            for text in ["one", "", "three"] {
                client.send(text.as_bytes()).expect("the server is there");
                let mut room = [0; 100];
                let length = client.recv(&mut room).expect("it answers");
                assert_eq!(&room[..length], text.as_bytes());
            }
        });
        let text = both_ways(&case);
        assert_eq!(made(&text, "recvfrom"), (0, 3), "{text}");
        assert_eq!(made(&text, "sendto"), (0, 3), "{text}");
        assert!(text.contains("stood for the other end of 0 connections"), "{text}");
        let received = std::fs::read_to_string(case.folder().join("received"));
        assert_eq!(received.expect("it was made"), "one||three|");
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
