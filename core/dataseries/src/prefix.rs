//! The prefix that every stored extent begins with (FORMAT.md §4).

use crate::bytes::array;
use crate::bytes::round_up;
use crate::error::Fault;
use crate::header::ByteOrder;

/// Length of a prefix in bytes; the type name follows.
pub const PREFIX_SIZE: usize = 28;
/// A stored part is shorter than this.
pub(crate) const MAX_STORED_PART: u32 = 512 << 20;

/// What the first 28 bytes of an extent say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    /// Length of the stored fixed part, in bytes and without padding.
    pub stored_fixed: u32,
    /// Length of the stored variable part, in bytes and without padding.
    pub stored_variable: u32,
    /// Number of records.
    pub records: u32,
    /// Length of the unpacked variable part, at least 4.
    pub variable_size: u32,
    /// Checksum of the stored bytes.
    pub adler: u32,
    /// Checksum of the unpacked bytes.
    pub bjhash: u32,
    /// Compression code of the fixed part; means nothing if that is empty.
    pub fixed_code: u8,
    /// Compression code of the variable part; means nothing if that is empty.
    pub variable_code: u8,
    /// Length of the type name.
    pub name_len: u8,
}

impl Prefix {
    /// Takes the 28 bytes apart and checks that each number is possible.
    pub(crate) fn parse(bytes: &[u8; PREFIX_SIZE], order: ByteOrder) -> Result<Prefix, Fault> {
        let word = |at| order.u32(array(bytes, at));
        // The words are signed; a negative one is larger than any limit here.
        let up_to = |at, limit: u32, fault| match word(at) {
            value if value <= limit => Ok(value),
            _ => Err(Fault::Prefix(fault)),
        };
        let prefix = Prefix {
            stored_fixed: up_to(0, MAX_STORED_PART - 1, "the fixed part's stored length")?,
            stored_variable: up_to(4, MAX_STORED_PART - 1, "the variable part's stored length")?,
            records: up_to(8, i32::MAX as u32, "the number of records")?,
            variable_size: up_to(12, i32::MAX as u32, "the variable part's size")?,
            adler: word(16),
            bjhash: word(20),
            fixed_code: bytes[24],
            variable_code: bytes[25],
            name_len: bytes[26],
        };
        match prefix {
            Prefix { variable_size: ..4, .. } => {
                Err(Fault::Prefix("the variable part's size is below 4"))
            }
            Prefix { name_len: 0, .. } => Err(Fault::Prefix("the type has no name")),
            _ => Ok(prefix),
        }
    }

    pub(crate) fn encode(&self, order: ByteOrder) -> [u8; PREFIX_SIZE] {
        let mut bytes = [0; PREFIX_SIZE];
        let words = [
            self.stored_fixed,
            self.stored_variable,
            self.records,
            self.variable_size,
            self.adler,
            self.bjhash,
        ];
        for (bytes, word) in bytes.chunks_exact_mut(4).zip(words) {
            bytes.copy_from_slice(&order.bytes32(word));
        }
        bytes[24..27].copy_from_slice(&[self.fixed_code, self.variable_code, self.name_len]);
        bytes
    }

    /// Where the stored fixed part begins, counted from the beginning of the extent.
    pub(crate) fn fixed_start(&self) -> usize {
        round_up(PREFIX_SIZE + self.name_len as usize, 4)
    }

    /// Where the stored variable part begins, counted from the beginning of the extent.
    pub(crate) fn variable_start(&self) -> usize {
        self.fixed_start() + round_up(self.stored_fixed as usize, 4)
    }

    /// Length of the whole extent in the file, in bytes.
    pub fn stored_len(&self) -> usize {
        self.variable_start() + round_up(self.stored_variable as usize, 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From a little-endian sample file.
    const LITTLE: [u8; PREFIX_SIZE] = [
        0x0f, 0x2e, 0, 0, 0x9d, 0x1c, 0, 0, 0xf1, 0, 0, 0, 0xbc, 0x38, 0, 0, 0x12, 0x73, 0xd7,
        0x3a, 0x82, 0xf3, 0x3d, 0x03, 2, 2, 0x11, 0,
    ];

    #[test]
    fn the_worked_example_is_understood() {
        let prefix = Prefix::parse(&LITTLE, ByteOrder::Little).unwrap();
        assert_eq!(prefix.stored_fixed, 11791);
        assert_eq!(prefix.stored_variable, 7325);
        assert_eq!(prefix.records, 241);
        assert_eq!(prefix.variable_size, 14524);
        assert_eq!((prefix.adler, prefix.bjhash), (0x3ad7_7312, 0x033d_f382));
        assert_eq!((prefix.fixed_code, prefix.variable_code, prefix.name_len), (2, 2, 17));
        assert_eq!(prefix.fixed_start(), 48);
        assert_eq!(prefix.stored_len(), 19168);
        assert_eq!(prefix.encode(ByteOrder::Little), LITTLE);
        let big = prefix.encode(ByteOrder::Big);
        assert_eq!(Prefix::parse(&big, ByteOrder::Big), Ok(prefix));
    }

    #[test]
    fn impossible_numbers_are_refused() {
        for at in [0, 4, 8, 12] {
            let mut bytes = LITTLE;
            bytes[at + 3] = 0xff;
            assert!(Prefix::parse(&bytes, ByteOrder::Little).is_err(), "word at {at}");
        }
        for (at, value) in [(3, 0x20), (7, 0x20), (26, 0)] {
            let mut bytes = LITTLE;
            bytes[at] = value;
            assert!(Prefix::parse(&bytes, ByteOrder::Little).is_err(), "byte at {at}");
        }
        let mut bytes = LITTLE;
        bytes[12..16].copy_from_slice(&[3, 0, 0, 0]);
        assert!(Prefix::parse(&bytes, ByteOrder::Little).is_err());
    }
}
