//! Orders of calls on pipes and sockets, which have no names: what was written first is read first.

use replay_tests::case::{Case, told};
use replay_tests::forge::{Cell, Forge};

fn data<'c>(
    descriptor: i64,
    column: &'static str,
    bytes: &'c [u8],
) -> [(&'static str, Cell<'c>); 3] {
    let requested = Cell::Number(bytes.len() as i64);
    [
        ("descriptor", descriptor.into()),
        (column, Cell::Bytes(bytes)),
        ("bytes_requested", requested),
    ]
}

/// A process with two ends that are connected, 3 and 4: of a pipe, or sockets.
fn connected(case: &Case, call: &str) -> Forge {
    let mut forge = Forge::new(&case.folder().to_string_lossy());
    let ends = [("read_descriptor", Cell::Number(3)), ("write_descriptor", 4.into())];
    match call {
        "pipe2" => forge.call(1, call, Ok(0), &ends),
        _ => {
            let kind = [("domain", libc::AF_UNIX.into()), ("type", libc::SOCK_STREAM.into())];
            forge.call(1, call, Ok(0), &[&ends[..], &kind].concat())
        }
    };
    forge
}

/// Two processes write by turns, and a third one reads what they wrote: from no path and no table of descriptors it
/// can be seen that they are on one thing.
#[test]
fn what_processes_write_to_one_pipe_or_socket_comes_in_its_order() {
    let case = Case::new(|_| {});
    for call in ["pipe2", "socketpair"] {
        let mut forge = connected(&case, call);
        for child in [2, 3] {
            forge.call(1, "clone", Ok(child), &[("flag_value", libc::SIGCHLD.into())]);
        }
        let rounds: Vec<[u8; 2]> = (0..100).map(|round| [round, round + 100]).collect();
        for [one, other] in &rounds {
            forge.call(2, "write", Ok(1), &data(4, "data_written", &[*one]));
            forge.call(3, "write", Ok(1), &data(4, "data_written", &[*other]));
        }
        for round in &rounds {
            forge.call(1, "read", Ok(2), &data(3, "data_read", round));
        }
        forge.write(&case.trace());
        for order in ["strict", "causal", "resource"] {
            let replay = case.replay(&["--verify", "--warn", "--order", order]);
            assert_eq!(replay.status.code(), Some(0), "{call} {order}: {}", told(&replay));
        }
    }
}

/// A write that returned late: its data were read, and answered, by then.
#[test]
fn what_was_read_before_its_write_returned_is_waited_for() {
    let case = Case::new(|_| {});
    let mut forge = connected(&case, "socketpair");
    forge.call(1, "clone", Ok(2), &[("flag_value", libc::SIGCHLD.into())]);
    for _ in 0..50 {
        forge.call(2, "read", Ok(2), &data(4, "data_read", b"ab"));
        forge.call(2, "write", Ok(2), &data(4, "data_written", b"cd"));
        forge.call(1, "write", Ok(2), &data(3, "data_written", b"ab"));
        let before = forge.last_id() - 3;
        forge.overlapped(before);
        forge.call(1, "read", Ok(2), &data(3, "data_read", b"cd"));
    }
    forge.write(&case.trace());
    for order in ["strict", "causal", "resource"] {
        let replay =
            case.replay(&["--verify", "--abort", "--call-timeout", "20", "--order", order]);
        assert_eq!(replay.status.code(), Some(0), "{order}: {}", told(&replay));
        assert!(!told(&replay).contains("let go"), "{order}: {}", told(&replay));
    }
}

/// Its file is looked for after the call that binds the socket to it, by a process that has nothing else to do with it.
#[test]
fn the_name_of_a_socket_is_there_once_it_is_bound() {
    let case = Case::new(|_| {});
    let mut forge = Forge::new(&case.folder().to_string_lossy());
    forge.call(1, "clone", Ok(2), &[("flag_value", libc::SIGCHLD.into())]);
    let names: Vec<String> = (0..100).map(|number| format!("socket{number}")).collect();
    let kind = [("domain", Cell::from(libc::AF_UNIX)), ("type", libc::SOCK_STREAM.into())];
    for name in &names {
        forge.call(1, "socket", Ok(3), &kind);
        let mut address = (libc::AF_UNIX as u16).to_ne_bytes().to_vec();
        address.extend_from_slice(name.as_bytes());
        address.push(0);
        let length = Cell::Number(address.len() as i64);
        let bind = [
            ("descriptor", Cell::Number(3)),
            ("sockaddr_buffer", Cell::Bytes(&address)),
            ("sockaddr_length", length),
        ];
        forge.call(1, "bind", Ok(0), &bind);
        forge.call(1, "close", Ok(0), &[("descriptor", 3.into())]);
        forge.call(2, "access", Ok(0), &[("given_pathname", name.as_str().into())]);
    }
    forge.write(&case.trace());
    for order in ["strict", "causal", "resource"] {
        case.reset();
        let replay = case.replay(&["--verify", "--warn", "--order", order]);
        assert_eq!(replay.status.code(), Some(0), "{order}: {}", told(&replay));
    }
}

/// Where sockets of the network aren't there, whom they let in tells nothing, and nobody reads it: several workers accept at once.
#[test]
fn workers_that_accept_at_once_are_no_trouble_without_a_network() {
    let case = Case::new(|_| {});
    let mut forge = Forge::new(&case.folder().to_string_lossy());
    let kind = [("domain", Cell::from(libc::AF_INET)), ("type", libc::SOCK_STREAM.into())];
    forge.call(1, "socket", Ok(3), &kind);
    forge.call(1, "clone", Ok(2), &[("flag_value", libc::SIGCHLD.into())]);
    let from = |port: u8| [2, 0, 100, port, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    for (task, port) in [(1, 9), (2, 8)] {
        let address = from(port);
        let accept = [
            ("descriptor", Cell::Number(3)),
            ("sockaddr_buffer", Cell::Bytes(&address)),
            ("sockaddr_length", 16.into()),
        ];
        forge.call(task, "accept", Ok(4), &accept);
    }
    forge.overlapped(2);
    forge.write(&case.trace());
    for more in [&[][..], &["--verify"], &["--order", "resource"]] {
        let replay = case.replay(more);
        assert_eq!(replay.status.code(), Some(0), "{more:?}: {}", told(&replay));
    }
}
