//! bind(2): give a socket an address.

use sdk::prelude::*;

#[derive(Record)]
#[record(syscall = "bind", simulated = "the network is not touched", partly, class = "network")]
struct Bind<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[input(1, length = 2, whole)]
    sockaddr_buffer: Option<&'t [u8]>,
    #[arg(2)]
    sockaddr_length: i32,
}

impl<'t> Replay<'t> for Bind<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let fd = process.fd(self.descriptor)?;
        let recorded = self.sockaddr_buffer.ok_or(Skip::NOT_CAPTURED)?;
        let address = match process.place(1, fd, recorded)? {
            Some(address) => address,
            None => process.address(1, recorded)?,
        };
        let (pointer, length) = address.words();
        // SAFETY: there are as many bytes behind the pointer as the length says.
        let bind = || unsafe { sys::call(libc::SYS_bind, [fd as usize, pointer, length, 0, 0, 0]) };
        let mut bound = bind();
        // When the program bound its socket there was no such file.
        let is_free = process.recorded().succeeded();
        if bound == Err(Errno(libc::EADDRINUSE)) && is_free && address.remove_abandoned() {
            bound = bind();
        }
        if bound.is_ok() {
            process.announce(&address);
            process.announce_port(fd, recorded);
        }
        Ok(bound)
    }
}

export_plugin!(Bind);

#[cfg(test)]
mod tests {
    use std::os::fd::{FromRawFd, OwnedFd};

    use super::*;
    use sdk::testing::Stage;

    /// A local socket, at the address of `name` in the stage's folder.
    pub fn bind(stage: &Stage, name: &str) -> Vec<u8> {
        let mut address = (libc::AF_UNIX as u16).to_ne_bytes().to_vec();
        address.extend(stage.traced_path(name));
        address
    }

    #[test]
    fn makes_the_sockets_file_once() {
        let mut stage = Stage::with_socket(3);
        let address = bind(&stage, "socket");
        let record = Bind {
            descriptor: Fd(3),
            sockaddr_buffer: Some(&address),
            sockaddr_length: address.len() as i32,
        };
        stage.replay(&record).returns(0);
        assert!(stage.path("socket").exists());
        stage.recorded(-1, libc::EADDRINUSE).replay(&record).fails(libc::EADDRINUSE);
        // Its socket still has it.
        stage.recorded(0, 0).replay(&record).fails(libc::EADDRINUSE);
    }

    #[test]
    fn a_file_that_no_socket_has_any_more_gives_way() {
        let mut stage = Stage::with_socket(3);
        drop(std::os::unix::net::UnixListener::bind(stage.path("socket")).unwrap());
        std::fs::write(stage.path("file"), b"").unwrap();
        for (name, is_abandoned) in [("file", false), ("socket", true)] {
            let address = bind(&stage, name);
            let sockaddr_length = address.len() as i32;
            let sockaddr_buffer = Some(&address[..]);
            let record = Bind { descriptor: Fd(3), sockaddr_buffer, sockaddr_length };
            let played = stage.recorded(0, 0).replay(&record);
            if is_abandoned {
                played.returns(0)
            } else {
                played.fails(libc::EADDRINUSE)
            };
        }
    }

    #[test]
    fn a_socket_of_the_network_is_not_bound() {
        let mut stage = Stage::with_socket(3);
        let address = [2, 0, 0, 80, 127, 0, 0, 1];
        let record =
            Bind { descriptor: Fd(3), sockaddr_buffer: Some(&address), sockaddr_length: 8 };
        stage.replay(&record).is_not_made();
    }

    #[test]
    fn with_a_network_the_loopback_interface_is_where_it_is_bound() {
        let mut stage = Stage::with_network();
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        drop(socket);
        // SAFETY: the call takes numbers only.
        let socket = unsafe { libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0) };
        // SAFETY: the descriptor is new, and nobody else's.
        stage.give(3, unsafe { OwnedFd::from_raw_fd(socket) });
        let [high, low] = port.to_be_bytes();
        let address = [2, 0, high, low, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        let record =
            Bind { descriptor: Fd(3), sockaddr_buffer: Some(&address), sockaddr_length: 16 };
        stage.replay(&record).returns(0);
        // SAFETY: the descriptor stays the stage's.
        let socket = unsafe { std::net::TcpListener::from_raw_fd(libc::dup(socket)) };
        let bound = socket.local_addr().unwrap();
        assert!(bound.ip().is_loopback() && bound.port() != port);
    }
}
