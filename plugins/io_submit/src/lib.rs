//! io_submit(2): hand over requests for asynchronous I/O.

use sdk::abi::{Bit, Item};
use sdk::aio::{Request, command};
use sdk::declare::{behind_pointers, constant, item, member, with_buffer};
use sdk::prelude::*;

/// A head row (`item_number` = −1), then a row per request.
#[derive(Record)]
#[record(
    syscall = "io_submit",
    blocks,
    simulated = "the trace never introduced its context",
    partly
)]
struct IoSubmit<'t> {
    #[arg(0)]
    #[hex]
    context: i64,
    #[arg(1)]
    count: i64,
    #[items(2, arg(1), BLOCK, before)]
    requests: Rows<'t, Block<'t>>,
}

/// A `struct iocb`.
#[derive(Element, Clone)]
struct Block<'t> {
    #[address]
    #[hex]
    request: Option<i64>,
    #[member(16, width = 2)]
    #[names(COMMANDS)]
    command: Option<i32>,
    #[member(20)]
    descriptor: Option<Fd>,
    #[member(40)]
    offset: Option<i64>,
    #[length]
    bytes_requested: Option<i64>,
    #[bytes]
    data_written: Option<&'t [u8]>,
    #[member(12)]
    flags_value: Option<i32>,
}

const BLOCK: Item = {
    let writes = member(16, 2).has(0xffff, command::PWRITE as u32);
    with_buffer(behind_pointers(item(64)), 24, 32, writes)
};

const COMMANDS: &[Bit] = &[
    constant("", "IOCB_CMD_PREAD", command::PREAD as i64),
    constant("", "IOCB_CMD_PWRITE", command::PWRITE as i64),
    constant("", "IOCB_CMD_FSYNC", command::FSYNC as i64),
    constant("", "IOCB_CMD_FDSYNC", command::FDSYNC as i64),
    constant("", "IOCB_CMD_POLL", 5),
    constant("", "IOCB_CMD_NOOP", 6),
    constant("", "IOCB_CMD_PREADV", 7),
    constant("", "IOCB_CMD_PWRITEV", 8),
];

impl<'t> Replay<'t> for IoSubmit<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        if !process.recorded().succeeded() {
            return Err(Skip::NOT_CAPTURED);
        }
        let context = process.aio_context(self.context)?;
        let accepted = process.recorded().return_value;
        for block in self.requests.iter().take(accepted as usize) {
            let fd = block.descriptor.and_then(|traced| process.fd(traced).ok());
            let request = Request {
                address: block.request,
                command: block.command.unwrap_or(-1) as u16,
                offset: block.offset.unwrap_or(0),
                bytes_requested: block.bytes_requested.unwrap_or(0),
                data: block.data_written,
                flags: block.flags_value.unwrap_or(0),
            };
            if let Err(error) = process.submit(context, fd, request)? {
                return Ok(Err(error));
            }
        }
        Ok(Ok(accepted))
    }
}

export_plugin!(IoSubmit);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::aio::{Event, Fate};
    use sdk::testing::Stage;

    #[test]
    fn a_context_that_never_came_up_is_not_used() {
        let record = IoSubmit { context: 0x7000, count: 0, requests: Rows::of(vec![]) };
        Stage::new().recorded(0, 0).replay(&record).is_not_made();
    }

    #[test]
    fn requests_of_unknown_addresses_are_known_by_what_they_came_to() {
        let write = |offset, data_written: &'static [u8]| Block {
            request: None,
            command: Some(i32::from(command::PWRITE)),
            descriptor: Some(Fd(3)),
            offset: Some(offset),
            bytes_requested: Some(data_written.len() as i64),
            data_written: Some(data_written),
            flags_value: Some(0),
        };
        let mut stage = Stage::with_file(3, b"");
        let requests = Rows::of(vec![write(0, b"hello"), write(5, b" all"), write(9, b"!")]);
        let record = IoSubmit { context: 0x7000, count: 3, requests };
        stage.recorded(3, 0).act(|process| {
            let context = made(2);
            process.adopt_aio_context(0x7000, context);
            assert_eq!(record.replay(process), Ok(Ok(3)));
        });
        let event = |result| Event { request: Some(0x1000), result: Some(result), data_read: None };
        for result in [1, 5, 4] {
            let events = Rows::of(vec![event(result)]);
            stage.recorded(1, 0).act(|process| {
                assert_eq!(process.reap_all(0x7000, &events), Ok(Ok(1)), "{result}");
            });
        }
        assert_eq!(std::fs::read(stage.path("file")).unwrap(), b"hello all!");
    }

    /// A context with room for so many requests.
    fn made(requests: usize) -> u64 {
        let mut context = 0u64;
        let room = (&raw mut context) as usize;
        // SAFETY: there is room for a context behind the pointer.
        let made = unsafe { sys::call(libc::SYS_io_setup, [requests, room, 0, 0, 0, 0]) };
        made.expect("the kernel has asynchronous I/O");
        context
    }

    #[test]
    fn what_is_written_can_be_read() {
        let block = |command, data_written| Block {
            request: Some(0x1000),
            command: Some(i32::from(command)),
            descriptor: Some(Fd(3)),
            offset: Some(0),
            bytes_requested: Some(5),
            data_written,
            flags_value: Some(0),
        };
        let mut stage = Stage::with_file(3, b"");
        for (command, data) in [(command::PWRITE, Some(&b"hello"[..])), (command::PREAD, None)] {
            let requests = Rows::of(vec![block(command, data)]);
            let record = IoSubmit { context: 0x7000, count: 1, requests };
            stage.recorded(1, 0).act(|process| {
                let context = made(8);
                process.adopt_aio_context(0x7000, context);
                assert_eq!(record.replay(process), Ok(Ok(1)));
                assert_eq!(process.reap(context, 0x1000), Ok(Fate::Done(5, b"hello")));
            });
        }
        assert_eq!(std::fs::read(stage.path("file")).unwrap(), b"hello");
    }
}
