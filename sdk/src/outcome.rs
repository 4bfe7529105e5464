//! What came of making a call again.

use abi::status;

/// The error number of a failed call, positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub i32);

/// What the trace says the call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The return value, −1 on failure.
    pub return_value: i64,
    /// The positive errno of a failed call, else 0.
    pub errno: i32,
}

impl Recorded {
    /// Whether the recorded call succeeded.
    pub fn succeeded(self) -> bool {
        self.errno == 0
    }

    /// The same as the call returned it.
    ///
    /// # Errors
    /// The recorded one.
    pub fn outcome(self) -> Result<i64, Errno> {
        if self.succeeded() { Ok(self.return_value) } else { Err(Errno(self.errno)) }
    }
}

/// Why a call isn't made; the host takes the recorded outcome in its place and counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skip(pub u32);

impl Skip {
    /// A replay doesn't make this call at all.
    pub const SIMULATED: Self = Self(status::SIMULATED);
    /// The trace lacks data that the call needs.
    pub const NOT_CAPTURED: Self = Self(status::NOT_CAPTURED);
    /// The recorded outcome depended on the moment.
    pub const TIMING: Self = Self(status::TIMING);
    /// The record makes no sense.
    pub const MALFORMED: Self = Self(status::MALFORMED);
}

/// The kernel's answer, or why it wasn't asked.
pub type Replayed = Result<Result<i64, Errno>, Skip>;
