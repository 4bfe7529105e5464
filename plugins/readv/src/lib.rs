//! readv(2): read into several buffers.
use sdk::prelude::*;

/// A head row (`iov_number` = −1), then a row per buffer.
#[derive(Record)]
#[record(syscall = "readv")]
struct Readv<'t> {
    #[arg(0)]
    descriptor: Option<Fd>,
    #[arg(2)]
    count: Option<i32>,
    #[ret]
    bytes_requested: i64,
    #[rows(1, count = 2, after)]
    buffers: Rows<'t, Buffer<'t>>,
}

#[derive(Element, Clone)]
struct Buffer<'t> {
    #[length]
    bytes_requested: i64,
    #[bytes]
    iov_data_read: Option<&'t [u8]>,
}

impl<'t> Replay<'t> for Readv<'t> {
    fn replay(&self, _process: &mut Process<'t>) -> Replayed {
        let _ = (self.descriptor, self.count, self.bytes_requested);
        for b in self.buffers.iter() {
            let _ = (b.bytes_requested, b.iov_data_read);
        }
        Err(Skip::SIMULATED)
    }
}
export_plugin!(Readv);
