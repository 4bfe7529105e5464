//! pipe2(2): as pipe(2), with flags for both ends.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "pipe2", changes = nothing)]
struct Pipe2 {
    #[after(0)]
    read_descriptor: NewFd,
    #[after(0, offset = 4)]
    write_descriptor: NewPipe,
    #[arg(1)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "O_CLOEXEC", libc::O_CLOEXEC as i64),
    bit("", "O_DIRECT", libc::O_DIRECT as i64),
    bit("", "O_NONBLOCK", libc::O_NONBLOCK as i64),
    // A pipe for the kernel's notices; it shares its bit with O_EXCL.
    bit("", "O_NOTIFICATION_PIPE", libc::O_EXCL as i64),
];

export_plugin!(Pipe2);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn pipe2(flags: i32) -> Pipe2 {
        let (read_descriptor, write_descriptor) = (NewFd(3), NewPipe(4));
        Pipe2 { read_descriptor, write_descriptor, flags_value: Some(flags) }
    }

    #[test]
    fn both_ends_have_the_flags() {
        let mut stage = Stage::new();
        stage.recorded(0, 0).replay(&pipe2(libc::O_NONBLOCK)).returns(0);
        for traced in [3, 4] {
            let fd = stage.descriptor(traced).expect("it is open");
            // SAFETY: the call takes no pointer.
            let flags = unsafe { sys::numbers(libc::SYS_fcntl, [fd.into(), libc::F_GETFL.into()]) };
            assert_ne!(flags.expect("it is open") & i64::from(libc::O_NONBLOCK), 0);
        }
    }

    #[test]
    fn there_is_room_for_as_many_bytes_that_lie_otherwise() {
        let mut stage = Stage::new();
        stage.recorded(0, 0).replay(&pipe2(libc::O_NONBLOCK)).returns(0);
        // 65,536 bytes are what a pipe holds, if all its pages are full to both ends.
        stage.fill(4, &[1; 65_000]);
        assert_eq!(stage.drain(3).len(), 100);
        stage.fill(4, &[1; 636]);
    }

    #[test]
    fn unknown_flags_fail_again() {
        let mut stage = Stage::new();
        stage.recorded(-1, libc::EINVAL).replay(&pipe2(libc::O_APPEND)).fails(libc::EINVAL);
        assert!(!stage.is_simulated(3));
    }
}
