//! connect(2): connect a socket to an address.

use sdk::prelude::*;

#[derive(Record)]
#[record(
    syscall = "connect",
    blocks,
    simulated = "its other end is not in the trace",
    partly,
    changes = descriptors,
    class = "network"
)]
struct Connect<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[input(1, length = 2, whole)]
    sockaddr_buffer: Option<&'t [u8]>,
    #[arg(2)]
    sockaddr_length: i32,
}

impl<'t> Replay<'t> for Connect<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let fd = process.fd(self.descriptor)?;
        let recorded = self.sockaddr_buffer.ok_or(Skip::NOT_CAPTURED)?;
        let address = match process.counterpart(1, recorded) {
            Ok(None) => {
                let local = process.address(1, recorded).ok();
                local.filter(|address| process.is_announced(address))
            }
            of_network => of_network.ok().flatten(),
        };
        let Some(address) = address else {
            if process.recorded().succeeded() {
                // A service of the machine was at the other end: nothing takes its place.
                process.adopt(self.descriptor.0, -1);
            }
            return Err(Skip::SIMULATED);
        };
        let (pointer, length) = address.words();
        // SAFETY: there are as many bytes behind the pointer as the length says.
        Ok(unsafe { sys::call(libc::SYS_connect, [fd as usize, pointer, length, 0, 0, 0]) })
    }
}

export_plugin!(Connect);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn connect(address: &[u8]) -> Connect<'_> {
        let sockaddr_length = address.len() as i32;
        Connect { descriptor: Fd(3), sockaddr_buffer: Some(address), sockaddr_length }
    }

    #[test]
    fn a_service_of_the_machine_is_left_alone() {
        let mut stage = Stage::with_socket(3);
        let path = stage.path("service");
        let _service = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let address = [&1u16.to_ne_bytes()[..], &stage.traced_path("service")].concat();
        stage.replay(&connect(&address)).is_not_made();
        assert!(stage.is_simulated(3));
    }

    #[test]
    fn what_is_not_there_stays_so() {
        let mut stage = Stage::with_socket(3);
        let address = [&1u16.to_ne_bytes()[..], b"/nonexistent\0"].concat();
        stage.recorded(-1, libc::ENOENT).replay(&connect(&address)).is_not_made();
        assert!(stage.descriptor(3).is_some());
    }
}
