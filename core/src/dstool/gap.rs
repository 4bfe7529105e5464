//! What could not be read of a file, told in as few sentences as possible.

use std::fmt;

use dataseries::Loss;

use super::output::plural;

/// A piece of a file in which nothing good was found.
#[derive(Debug)]
pub struct Gap {
    offset: u64,
    length: u64,
    /// Rows in the extents of the piece whose prefixes can be believed.
    rows: u64,
    /// What is wrong where it begins.
    error: String,
}

/// The gaps of a file, in its order.
#[derive(Debug, Default)]
pub struct Gaps(Vec<Gap>);

impl Gaps {
    /// Adds a loss; one that follows another directly makes the gap longer.
    pub fn add(&mut self, loss: &Loss) {
        let rows = loss.records.map_or(0, u64::from);
        // A damaged extent is a finding of its own; what is found behind a damaged prefix is not.
        let continues = loss.records.is_none();
        match self.0.last_mut() {
            Some(gap) if continues && gap.offset + gap.length == loss.offset => {
                gap.length += loss.length;
                gap.rows += rows;
            }
            _ => self.0.push(Gap {
                offset: loss.offset,
                length: loss.length,
                rows,
                error: loss.error.to_string(),
            }),
        }
    }

    /// Whether the file ends in a gap; `size` is the file's.
    pub fn reach(&self, size: u64) -> bool {
        self.0.last().is_some_and(|gap| gap.offset + gap.length == size)
    }

    /// Their number.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The gaps.
    pub fn iter(&self) -> impl Iterator<Item = &Gap> {
        self.0.iter()
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}", self.error, plural(self.length, "byte"))?;
        match self.rows {
            0 => f.write_str(")"),
            rows => write!(f, ", {})", plural(rows, "row")),
        }
    }
}
