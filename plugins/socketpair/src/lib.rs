//! socketpair(2): make two sockets that are connected to each other.

use sdk::prelude::*;
use sdk::socket;

#[derive(Record)]
#[record(
    syscall = "socketpair",
    simulated = "the network is not touched",
    partly,
    changes = descriptors,
    class = "network"
)]
struct Socketpair {
    #[arg(0)]
    #[names(bits::ADDRESS_FAMILY)]
    domain: i32,
    #[arg(1)]
    #[bits(bits::SOCKET_TYPE)]
    r#type: i32,
    #[arg(2)]
    protocol: i32,
    #[after(3)]
    read_descriptor: NewFd,
    #[after(3, offset = 4)]
    write_descriptor: NewFd,
}

impl<'t> Replay<'t> for Socketpair {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        if self.domain != libc::AF_UNIX {
            return Err(Skip::SIMULATED);
        }
        let mut pair = [-1i32; 2];
        let nowhere = process.recorded().errno == libc::EFAULT;
        let pointer = if nowhere { 0 } else { pair.as_mut_ptr() as usize };
        let [domain, kind, protocol] =
            [self.domain, self.r#type, self.protocol].map(|n| n as usize);
        let words = [domain, kind, protocol, pointer, 0, 0];
        // SAFETY: the pointer is null, or there is room for two numbers behind it.
        let replayed = unsafe { sys::call(libc::SYS_socketpair, words) };
        if replayed.is_ok() {
            pair.into_iter().for_each(socket::widen);
        }
        if process.recorded().succeeded() {
            process.adopt(self.read_descriptor.0, pair[0]);
            process.adopt(self.write_descriptor.0, pair[1]);
        } else {
            pair.into_iter().for_each(|fd| process.adopt(-1, fd));
        }
        Ok(replayed)
    }
}

export_plugin!(Socketpair);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const PAIR: Socketpair = Socketpair {
        domain: libc::AF_UNIX,
        r#type: libc::SOCK_STREAM,
        protocol: 0,
        read_descriptor: NewFd(3),
        write_descriptor: NewFd(4),
    };

    #[test]
    fn what_goes_in_at_one_end_comes_out_at_the_other() {
        let mut stage = Stage::new();
        stage.replay(&PAIR).returns(0);
        stage.fill(4, b"through");
        assert_eq!(stage.drain(3), b"through");
    }

    #[test]
    fn there_is_room_for_as_many_bytes_in_other_messages() {
        let mut stage = Stage::new();
        stage.replay(&PAIR).returns(0);
        let (ours, _other) = std::os::unix::net::UnixStream::pair().expect("a pair");
        let room = |fd: i32| {
            let (mut room, mut size) = (0i32, size_of::<i32>() as libc::socklen_t);
            let to = (&raw mut room).cast();
            let level = libc::SOL_SOCKET;
            // SAFETY: the kernel writes one number.
            unsafe { libc::getsockopt(fd, level, libc::SO_SNDBUF, to, &raw mut size) };
            room
        };
        let usual = room(std::os::fd::AsRawFd::as_raw_fd(&ours));
        for traced in [3, 4] {
            assert!(room(stage.descriptor(traced).expect("it is open")) > usual);
        }
    }

    #[test]
    fn a_pair_of_another_kind_is_not_made() {
        let other = Socketpair { domain: libc::AF_INET, ..PAIR };
        Stage::new().replay(&other).is_not_made();
    }

    #[test]
    fn a_failure_makes_none() {
        let mut stage = Stage::new();
        stage.recorded(-1, libc::EFAULT).replay(&PAIR).fails(libc::EFAULT);
        assert_eq!(stage.descriptor(3), None);
    }
}
