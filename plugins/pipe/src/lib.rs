//! pipe(2): make a pipe, with a descriptor for either end.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "pipe", changes = nothing)]
struct Pipe {
    #[after(0)]
    read_descriptor: NewFd,
    #[after(0, offset = 4)]
    write_descriptor: NewPipe,
}

export_plugin!(Pipe);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn what_goes_in_comes_out() {
        let mut stage = Stage::new();
        let record = Pipe { read_descriptor: NewFd(3), write_descriptor: NewPipe(4) };
        stage.recorded(0, 0).replay(&record).returns(0);
        let ends = [3, 4].map(|traced| stage.descriptor(traced).expect("it is open").into());
        let mut byte = 7u8;
        let mut call = |number, end: i64| {
            // SAFETY: the kernel reads or writes the one byte that it is pointed to.
            unsafe { sys::call(number, [end as usize, (&raw mut byte) as usize, 1, 0, 0, 0]) }
        };
        assert_eq!(call(libc::SYS_write, ends[1]), Ok(1));
        assert_eq!(call(libc::SYS_read, ends[0]), Ok(1));
    }

    #[test]
    fn nowhere_to_put_the_numbers_fails_again() {
        let mut stage = Stage::with_file(0, b"");
        let record = Pipe { read_descriptor: NewFd(0), write_descriptor: NewPipe(0) };
        stage.recorded(-1, libc::EFAULT).replay(&record).fails(libc::EFAULT);
        assert!(stage.descriptor(0).is_some());
    }
}
