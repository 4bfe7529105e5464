//! What a plugin does that no plugin may, and what is done then.
//!
//! Plugins are trusted code: one that writes where it must not, or jumps nowhere, takes the program with
//! it. What can be noticed is noticed, told with plugin and record, and dealt with as people asked.

use std::fmt;

use abi::Outcome;
use serde::Deserialize;

/// What to do when a plugin misbehaves.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum OnPluginError {
    /// End the replay
    #[default]
    Stop,
    /// Leave out the record, and go on with the plugin
    Skip,
    /// Leave out all records of the plugin from there on
    Simulate,
}

/// What a plugin did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misdeed {
    /// It panicked; the message went to the log.
    Panicked,
    /// It answered with a status that nobody knows.
    Status(u32),
    /// It said that it made the call, and wrote no outcome.
    NoOutcome,
    /// It wrote an outcome that no call has.
    Outcome(Outcome),
    /// It handed over memory for a fetch that it didn't declare.
    Fetch {
        /// The fetch's number.
        number: u32,
        /// How many there are.
        count: usize,
    },
    /// It told of a divergence in a column that it didn't declare.
    Column {
        /// The column's number.
        number: u32,
        /// How many there are.
        count: usize,
    },
    /// It handed over memory that isn't there.
    Dangling {
        /// Where it should be.
        start: usize,
        /// How much.
        length: u64,
    },
    /// It said that a descriptor which isn't open stands for a traced one.
    NotOpen(i32),
    /// It changed which signals its thread blocks.
    SignalMask,
    /// It changed the working directory.
    WorkingDirectory,
    /// It changed the umask.
    Umask,
    /// It closed a descriptor of the replayer's own, or put something else in its place.
    Descriptor(i32),
    /// It found that done by a plugin that ran before it and wasn't looked after.
    Before(Box<Misdeed>),
}

impl Misdeed {
    /// Whether the replayer can't go on as it was.
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::Before(misdeed) => misdeed.is_fatal(),
            other => matches!(other, Self::Descriptor(_)),
        }
    }

    /// Whether what the plugin said of the call may be right all the same.
    pub fn is_beside_the_call(&self) -> bool {
        matches!(self, Self::SignalMask | Self::WorkingDirectory | Self::Umask | Self::Before(_))
    }
}

impl fmt::Display for Misdeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked => f.write_str("panicked"),
            Self::Status(status) => write!(f, "answered with status {status}, which means nothing"),
            Self::NoOutcome => f.write_str("said that it made the call, and gave no outcome"),
            Self::Outcome(Outcome { return_value, errno_number, .. }) => write!(
                f,
                "gave an outcome that no call has: return value {return_value}, errno {errno_number}"
            ),
            Self::Fetch { number, count } => {
                write!(f, "handed over memory for fetch {number}, of which it declared {count}")
            }
            Self::Column { number, count } => {
                write!(f, "told of a divergence in column {number}, of which it declared {count}")
            }
            Self::Dangling { start, length } => {
                write!(f, "handed over {length} bytes at {start:#x}, where they can't be read")
            }
            Self::NotOpen(fd) => {
                write!(f, "said that descriptor {fd}, which isn't open, stands for a traced one")
            }
            Self::Before(misdeed) => write!(f, "or another one {misdeed}, before or"),
            Self::SignalMask => f.write_str("changed the thread's signal mask"),
            Self::WorkingDirectory => f.write_str("changed the working directory"),
            Self::Umask => f.write_str("changed the umask"),
            Self::Descriptor(fd) => {
                write!(f, "closed or replaced descriptor {fd}, which is the replayer's own")
            }
        }
    }
}

/// The largest errno there is.
const LAST_ERRNO: i32 = 4095;

/// An outcome that no plugin gives, to be overwritten.
pub const UNWRITTEN: Outcome =
    Outcome { return_value: i64::MIN, errno_number: i32::MIN, reserved: u32::MAX };

/// Whether a call can have this outcome.
#[inline]
pub fn check_outcome(outcome: Outcome) -> Result<(), Misdeed> {
    let is_failure = outcome.return_value == -1 && (1..=LAST_ERRNO).contains(&outcome.errno_number);
    // Addresses are returned too, so any other number may be meant.
    if is_failure || outcome.errno_number == 0 {
        Ok(())
    } else if outcome == UNWRITTEN {
        Err(Misdeed::NoOutcome)
    } else {
        Err(Misdeed::Outcome(outcome))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_a_value_or_an_errno() {
        let outcome =
            |return_value, errno_number| Outcome { return_value, errno_number, reserved: 0 };
        for right in [outcome(0, 0), outcome(-1, 2), outcome(i64::MIN, 0), outcome(-1, 4095)] {
            assert_eq!(check_outcome(right), Ok(()));
        }
        for wrong in [outcome(5, 2), outcome(-1, -2), outcome(-1, 4096)] {
            assert_eq!(check_outcome(wrong), Err(Misdeed::Outcome(wrong)));
        }
        assert_eq!(check_outcome(UNWRITTEN), Err(Misdeed::NoOutcome));
    }
}
