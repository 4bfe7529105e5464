//! io_getevents(2): wait for asynchronous I/O to be done.

use sdk::abi::Item;
use sdk::aio::{Fate, command};
use sdk::declare::{item, member, via, with_buffer};
use sdk::prelude::*;

/// A head row (`item_number` = −1), then a row per request that is done.
#[derive(Record)]
#[record(
    syscall = "io_getevents",
    blocks,
    simulated = "the trace never introduced its context",
    partly
)]
struct IoGetevents<'t> {
    #[arg(0)]
    #[hex]
    context: i64,
    #[arg(1)]
    least_count: i64,
    #[arg(2)]
    events_requested: i64,
    #[timespec(4)]
    timeout: Option<Tfrac>,
    #[items(3, ret(), EVENT, after)]
    events: Rows<'t, Event<'t>>,
}

/// A `struct io_event`, and the `struct iocb` that it points to.
#[derive(Element, Clone)]
struct Event<'t> {
    #[member(8)]
    #[hex]
    request: Option<i64>,
    #[length]
    result: Option<i64>,
    #[bytes]
    data_read: Option<&'t [u8]>,
}

/// The declared columns of an event, behind the four of the head row.
const RESULT: u32 = 5;
const DATA_READ: u32 = 6;

const EVENT: Item = {
    let reads = member(32 + 16, 2).has(0xffff, command::PREAD as u32);
    with_buffer(via(item(32), 8, 64), 24, 16, reads)
};

impl<'t> Replay<'t> for IoGetevents<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        if !process.recorded().succeeded() {
            return Err(Skip::TIMING);
        }
        let context = process.aio_context(self.context)?;
        for event in self.events.iter() {
            let request = event.request.ok_or(Skip::NOT_CAPTURED)?;
            let (result, data) = match process.reap(context, request) {
                Ok(Fate::Done(result, data)) => (result, data),
                Ok(Fate::Simulated) => continue,
                Err(error) => return Ok(Err(error)),
            };
            if event.result.is_some_and(|recorded| recorded != result) {
                let recorded = event.result.unwrap_or(0);
                process.diverged(RESULT, &recorded.to_string(), &result.to_string());
            } else if process.verifies() && event.data_read.is_some_and(|recorded| recorded != data)
            {
                process.diverged(DATA_READ, "the recorded bytes", "others");
            }
        }
        Ok(Ok(process.recorded().return_value))
    }
}

export_plugin!(IoGetevents);
