//! A plugin's own way to write its rows.

use std::panic::{AssertUnwindSafe, catch_unwind};

use abi::{Event, RowSink, status};

/// The rows of a captured call, for a plugin that writes them itself.
pub struct Encoder<'e> {
    event: &'e Event,
    sink: &'e RowSink,
}

impl<'e> Encoder<'e> {
    /// Argument `number`, as the register held it.
    pub fn argument(&self, number: usize) -> u64 {
        self.event.arguments[number]
    }

    /// Return value and errno, if the call returned.
    pub fn returned(&self) -> Option<(i64, i32)> {
        (self.event.returned != 0).then_some((self.event.return_value, self.event.errno_number))
    }

    /// The memory of fetch number `index`; nothing if it wasn't copied.
    pub fn fetched(&self, index: usize) -> Option<&'e [u8]> {
        assert!(index < self.event.fetched_count as usize, "only declared fetches are asked for");
        // SAFETY: the event has `fetched_count` fetches, valid as long as it is.
        let fetched = unsafe { &*self.event.fetched.add(index) };
        if fetched.start.is_null() {
            return None;
        }
        // SAFETY: the host vouches for start and length.
        Some(unsafe { std::slice::from_raw_parts(fetched.start, fetched.length as usize) })
    }

    /// The items of fetch number `index`: strings, or the buffers of vectors.
    pub fn items(&self, index: usize) -> impl Iterator<Item = &'e [u8]> + use<'e> {
        let mut rest = self.fetched(index).unwrap_or_default();
        std::iter::from_fn(move || {
            let (header, after) = rest.split_first_chunk::<24>()?;
            let length = u64::from_ne_bytes(*header[16..].first_chunk()?);
            let (item, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
            rest = after;
            Some(item)
        })
    }

    /// Starts the next row; `complete` says whether it is written after the call returned.
    pub fn row(&mut self, complete: bool) -> &mut Self {
        // SAFETY: the sink is the host's and valid for its context.
        unsafe { (self.sink.row)(self.sink.context, complete.into()) };
        self
    }

    /// Sets declared column `column` of the current row to a number.
    pub fn number(&mut self, column: u32, value: i64) -> &mut Self {
        // SAFETY: as above.
        unsafe { (self.sink.number)(self.sink.context, column, value) };
        self
    }

    /// Sets declared column `column` of the current row to bytes.
    pub fn bytes(&mut self, column: u32, value: &[u8]) -> &mut Self {
        // SAFETY: as above; the host copies the bytes before it returns.
        unsafe {
            (self.sink.bytes)(self.sink.context, column, value.as_ptr(), value.len() as u64);
        }
        self
    }
}

/// Runs a plugin's own encoding, and keeps a panic from leaving this library.
///
/// # Safety
/// The pointers must be what a host passes to [`abi::Call::encode`].
pub unsafe fn encode(
    event: *const Event,
    sink: *const RowSink,
    body: impl FnOnce(&mut Encoder<'_>),
) -> u32 {
    // SAFETY: both are valid until this returns.
    let mut encoder = unsafe { Encoder { event: &*event, sink: &*sink } };
    match catch_unwind(AssertUnwindSafe(|| body(&mut encoder))) {
        Ok(()) => status::MADE,
        Err(_) => status::PANICKED,
    }
}
