//! The code as bytes, and the places in it that the tracer knows.

use super::BASE;

unsafe extern "C" {
    static recorder_agent_start: u8;
    static recorder_agent_bypass: u8;
    static recorder_agent_hook: u8;
    static recorder_agent_switching: u8;
    static recorder_agent_switched: u8;
    static recorder_agent_saved: u8;
    static recorder_agent_gadget: u8;
    static recorder_agent_called: u8;
    static recorder_agent_returned: u8;
    static recorder_agent_published: u8;
    static recorder_agent_watch: u8;
    static recorder_agent_over: u8;
    static recorder_agent_trap: u8;
    static recorder_agent_trapped: u8;
    static recorder_agent_way: u8;
    static recorder_agent_end: u8;
}

/// The code itself.
pub fn code() -> &'static [u8] {
    let (start, end) = (&raw const recorder_agent_start, &raw const recorder_agent_end);
    // SAFETY: both are ends of one read-only piece of this program.
    unsafe { std::slice::from_raw_parts(start, end.addr() - start.addr()) }
}

/// Addresses in the code, as the program has it.
#[derive(Clone, Copy, Debug)]
pub struct Labels {
    /// Makes the call from the stub.
    pub bypass: u64,
    /// The beginning.
    pub hook: u64,
    /// All is saved but the flags, and the stack is still the program's.
    pub switching: u64,
    /// The stack is the area's.
    pub switched: u64,
    /// All is saved.
    pub saved: u64,
    /// The `syscall` instruction from which recorded calls are made.
    pub gadget: u64,
    /// Behind it.
    pub called: u64,
    /// The result is saved.
    pub returned: u64,
    /// The record is published.
    pub published: u64,
    /// Descriptors are looked at, before the call.
    pub watch: u64,
    /// The tracer is about to be called.
    pub over: u64,
    /// The `syscall` instruction that calls it.
    pub trap: u64,
    /// Behind it.
    pub trapped: u64,
    /// Registers are put back, to make the call from the stub.
    pub way: u64,
    /// The end.
    pub end: u64,
}

impl Labels {
    /// The labels.
    pub fn new() -> Self {
        let start = (&raw const recorder_agent_start).addr();
        let at = |label: *const u8| BASE + (label.addr() - start) as u64;
        Self {
            bypass: at(&raw const recorder_agent_bypass),
            hook: at(&raw const recorder_agent_hook),
            switching: at(&raw const recorder_agent_switching),
            switched: at(&raw const recorder_agent_switched),
            saved: at(&raw const recorder_agent_saved),
            gadget: at(&raw const recorder_agent_gadget),
            called: at(&raw const recorder_agent_called),
            returned: at(&raw const recorder_agent_returned),
            published: at(&raw const recorder_agent_published),
            watch: at(&raw const recorder_agent_watch),
            over: at(&raw const recorder_agent_over),
            trap: at(&raw const recorder_agent_trap),
            trapped: at(&raw const recorder_agent_trapped),
            way: at(&raw const recorder_agent_way),
            end: at(&raw const recorder_agent_end),
        }
    }
}

impl Default for Labels {
    fn default() -> Self {
        Self::new()
    }
}
