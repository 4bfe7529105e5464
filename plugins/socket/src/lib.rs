//! socket(2): make a socket.

use sdk::prelude::*;
use sdk::{network, socket};

#[derive(Record)]
#[record(
    syscall = "socket",
    returns = descriptor,
    simulated = "the network is not touched",
    partly,
    changes = descriptors,
    class = "network"
)]
struct Socket {
    #[arg(0)]
    #[names(bits::ADDRESS_FAMILY)]
    domain: i32,
    #[arg(1)]
    #[bits(bits::SOCKET_TYPE)]
    r#type: i32,
    #[arg(2)]
    protocol: i32,
}

/// A local socket may have its other end in the trace, others have it elsewhere: those are real if the replay has a
/// network.
impl<'t> Replay<'t> for Socket {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let is_remade =
            process.has_network() && network::is_remade(self.domain, self.r#type, self.protocol);
        if self.domain != libc::AF_UNIX && !is_remade {
            return Err(Skip::SIMULATED);
        }
        let words = [self.domain, self.r#type, self.protocol].map(i64::from);
        // SAFETY: the call takes numbers only.
        let replayed = unsafe { sys::numbers(libc::SYS_socket, words) };
        if let Ok(fd) = replayed {
            socket::widen(fd as i32);
        }
        process.adopt_returned(replayed);
        Ok(replayed)
    }
}

export_plugin!(Socket);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const SOCKET: Socket = Socket { domain: libc::AF_UNIX, r#type: libc::SOCK_STREAM, protocol: 0 };

    #[test]
    fn makes_a_local_socket_and_no_other() {
        let mut stage = Stage::new();
        stage.recorded(3, 0).replay(&SOCKET);
        assert!(stage.descriptor(3).is_some());
        let other = Socket { domain: libc::AF_INET, ..SOCKET };
        stage.recorded(4, 0).replay(&other).is_not_made();
        assert_eq!(stage.descriptor(4), None);
    }

    #[test]
    fn makes_sockets_for_connections_where_there_is_a_network() {
        let mut stage = Stage::with_network();
        let other = Socket { domain: libc::AF_INET, ..SOCKET };
        stage.recorded(4, 0).replay(&other);
        assert!(stage.descriptor(4).is_some());
        let datagrams = Socket { r#type: libc::SOCK_DGRAM, ..other };
        stage.recorded(5, 0).replay(&datagrams).is_not_made();
    }

    #[test]
    fn an_unknown_type_fails_again() {
        let wrong = Socket { r#type: 99, ..SOCKET };
        Stage::new().recorded(-1, libc::EINVAL).replay(&wrong).fails(libc::EINVAL);
    }
}
