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
        let address = process.address(1, self.sockaddr_buffer.ok_or(Skip::NOT_CAPTURED)?)?;
        let (pointer, length) = address.words();
        // SAFETY: there are as many bytes behind the pointer as the length says.
        let bound = unsafe { sys::call(libc::SYS_bind, [fd as usize, pointer, length, 0, 0, 0]) };
        if bound.is_ok() {
            process.announce(&address);
        }
        Ok(bound)
    }
}

export_plugin!(Bind);

#[cfg(test)]
mod tests {
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
    }

    #[test]
    fn a_socket_of_the_network_is_not_bound() {
        let mut stage = Stage::with_socket(3);
        let address = [2, 0, 0, 80, 127, 0, 0, 1];
        let record =
            Bind { descriptor: Fd(3), sockaddr_buffer: Some(&address), sockaddr_length: 8 };
        stage.replay(&record).is_not_made();
    }
}
