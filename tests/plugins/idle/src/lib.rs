//! Takes lseek(2)'s place and makes no call, so that what is left is what a plugin costs.

use sdk::prelude::*;

#[derive(Record)]
#[record(syscall = "lseek")]
struct Idle {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    offset: i64,
    #[arg(2)]
    whence_value: i32,
}

impl<'t> Replay<'t> for Idle {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let fd = process.fd(self.descriptor)?;
        Ok(Ok(self.offset + i64::from(fd) + i64::from(self.whence_value)))
    }
}

export_plugin!(Idle);
