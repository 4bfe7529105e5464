//! What io_getevents(2) and io_pgetevents(2) tell: which requests are done.

use abi::Item;

use crate::aio::{Fate, command};
use crate::declare::{item, member, via, with_buffer};
use crate::prelude::*;

/// A `struct io_event`, and the `struct iocb` that it points to.
#[derive(Element, Clone)]
pub struct Event<'t> {
    /// The address of the request.
    #[member(8)]
    #[hex]
    pub request: Option<i64>,
    /// What came of it.
    #[length]
    pub result: Option<i64>,
    /// What it read.
    #[bytes]
    pub data_read: Option<&'t [u8]>,
}

/// Where that lies in memory.
pub const EVENT: Item = {
    let reads = member(32 + 16, 2).has(0xffff, command::PREAD as u32);
    with_buffer(via(item(32), 8, 64), 24, 16, reads)
};

/// The declared columns of an event, behind the four of the head row.
const RESULT: u32 = 5;
const DATA_READ: u32 = 6;

impl<'t> Process<'t> {
    /// Waits until the requests that `events` are of are done, and tells what came of each another time.
    ///
    /// # Errors
    /// The recorded call told of none, or nothing stands for the traced `context`.
    pub fn reap_all(&mut self, context: i64, events: &Rows<'t, Event<'t>>) -> Replayed {
        if !self.recorded().succeeded() {
            return Err(Skip::TIMING);
        }
        let context = self.aio_context(context)?;
        for event in events.iter() {
            let request = event.request.ok_or(Skip::NOT_CAPTURED)?;
            let fate = self.named_request(context, request, event.result);
            let (result, data) = match fate.and_then(|name| self.reap(context, name)) {
                Ok(Fate::Done(result, data)) => (result, data),
                Ok(Fate::Simulated) => continue,
                Err(error) => return Ok(Err(error)),
            };
            if event.result.is_some_and(|recorded| recorded != result) {
                let recorded = event.result.unwrap_or(0);
                self.diverged(RESULT, &recorded.to_string(), &result.to_string());
            } else if self.verifies() && event.data_read.is_some_and(|recorded| recorded != data) {
                self.diverged(DATA_READ, "the recorded bytes", "others");
            }
        }
        Ok(Ok(self.recorded().return_value))
    }
}
