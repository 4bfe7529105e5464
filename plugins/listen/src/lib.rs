//! listen(2): be ready for connections to a socket.

use sdk::network;
use sdk::prelude::*;

#[derive(Record)]
#[record(syscall = "listen", changes = descriptors, class = "network")]
struct Listen {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    backlog: i32,
}

impl<'t> Replay<'t> for Listen {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let fd = process.fd(self.descriptor)?;
        if let Err(error) = network::keep_inside(fd) {
            return Ok(Err(error));
        }
        // SAFETY: the call takes numbers only.
        Ok(unsafe { sys::numbers(libc::SYS_listen, [fd.into(), self.backlog.into()]) })
    }
}

export_plugin!(Listen);
