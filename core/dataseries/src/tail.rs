//! The tail: the last 28 bytes of a finished file, which lead to the index (FORMAT.md §15).

use crate::bytes::array;
use crate::checksum;
use crate::header::ByteOrder;

/// Length of the tail in bytes, the same as that of an extent's prefix.
pub const TAIL_SIZE: usize = 28;

/// What the tail says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tail {
    /// Length of the index extent in the file, in bytes.
    pub index_len: u32,
    /// Offset of the index extent.
    pub index_offset: u64,
    /// Value that every extent of the file went into. Old writers left a random number here, so
    /// it may be reported but must not be relied on (FORMAT.md §5.4).
    pub chain: u32,
}

impl Tail {
    /// Whether a sequential reader has come to a tail where an extent could begin.
    pub(crate) fn starts(bytes: &[u8; TAIL_SIZE]) -> bool {
        bytes[..4] == [0xff; 4]
    }

    /// Takes the last bytes of a file apart.
    ///
    /// # Errors
    /// A phrase that says what is wrong. Without `check`, nothing but a wrong length is.
    pub(crate) fn parse(
        bytes: &[u8; TAIL_SIZE],
        order: ByteOrder,
        file_len: u64,
        check: bool,
    ) -> Result<Tail, &'static str> {
        let tail = Tail {
            index_len: order.u32(array(bytes, 4)),
            index_offset: order.u64(array(bytes, 16)),
            chain: order.u32(array(bytes, 12)),
        };
        let sum = checksum::hash(checksum::TAIL_SEED, &bytes[..24]);
        if check && !Tail::starts(bytes) {
            return Err("its first word is not -1");
        }
        if check && order.u32(array(bytes, 8)) != !tail.index_len {
            return Err("the index length and its complement do not fit");
        }
        if check && order.u32(array(bytes, 24)) != sum {
            return Err("its hash does not fit its bytes");
        }
        let index_end = tail.index_offset.checked_add(tail.index_len as u64);
        match index_end.and_then(|end| end.checked_add(TAIL_SIZE as u64)) {
            Some(end) if end == file_len => Ok(tail),
            _ => Err("the index that it names does not end where the tail begins"),
        }
    }

    pub(crate) fn encode(&self, order: ByteOrder) -> [u8; TAIL_SIZE] {
        let mut bytes = [0xff; TAIL_SIZE];
        bytes[4..8].copy_from_slice(&order.bytes32(self.index_len));
        bytes[8..12].copy_from_slice(&order.bytes32(!self.index_len));
        bytes[12..16].copy_from_slice(&order.bytes32(self.chain));
        bytes[16..24].copy_from_slice(&order.bytes64(self.index_offset));
        let sum = checksum::hash(checksum::TAIL_SEED, &bytes[..24]);
        bytes[24..].copy_from_slice(&order.bytes32(sum));
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LITTLE: [u8; TAIL_SIZE] = [
        0xff, 0xff, 0xff, 0xff, 0x9c, 1, 0, 0, 0x63, 0xfe, 0xff, 0xff, 0x5b, 0xd0, 0x61, 0xf9,
        0xcc, 0x13, 0x0c, 0, 0, 0, 0, 0, 0x1a, 0x9f, 0xce, 0x40,
    ];
    const BIG: [u8; TAIL_SIZE] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 1, 0xb0, 0xff, 0xff, 0xfe, 0x4f, 0x35, 0x8a, 0x89, 0xd6, 0,
        0, 0, 0, 0, 0x0b, 0x86, 0x20, 0x8e, 0xdc, 0x75, 0x86,
    ];

    #[test]
    fn sample_tails_are_read_and_written() {
        for (bytes, order, tail) in [
            (
                LITTLE,
                ByteOrder::Little,
                Tail { index_len: 412, index_offset: 791_500, chain: 0xf961_d05b },
            ),
            (
                BIG,
                ByteOrder::Big,
                Tail { index_len: 432, index_offset: 755_232, chain: 0x358a_89d6 },
            ),
        ] {
            let file_len = tail.index_offset + tail.index_len as u64 + 28;
            assert_eq!(Tail::parse(&bytes, order, file_len, true), Ok(tail));
            assert_eq!(tail.encode(order), bytes);
        }
    }

    #[test]
    fn any_changed_byte_and_any_other_length_is_noticed() {
        let file_len = 791_940;
        for at in 0..TAIL_SIZE {
            let mut bytes = LITTLE;
            bytes[at] ^= 4;
            assert!(Tail::parse(&bytes, ByteOrder::Little, file_len, true).is_err(), "byte {at}");
        }
        for file_len in [0, 28, file_len - 4, file_len + 4] {
            for check in [true, false] {
                assert!(Tail::parse(&LITTLE, ByteOrder::Little, file_len, check).is_err());
            }
        }
        let far = Tail { index_len: 412, index_offset: u64::MAX - 3, chain: 0 };
        let bytes = far.encode(ByteOrder::Little);
        assert!(Tail::parse(&bytes, ByteOrder::Little, file_len, true).is_err());
    }
}
