//! io_getevents(2): wait for asynchronous I/O to be done.

use sdk::aio::{EVENT, Event};
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

impl<'t> Replay<'t> for IoGetevents<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        process.reap_all(self.context, &self.events)
    }
}

export_plugin!(IoGetevents);
