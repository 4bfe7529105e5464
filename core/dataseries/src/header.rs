//! The file header, and the byte order that it settles (FORMAT.md §3, §16).

use crate::bytes::array;

/// Length of the file header in bytes; the type library starts here.
pub const HEADER_SIZE: usize = 40;

const MAGIC: &[u8; 4] = b"DSv1";
const CHECK_I32: i32 = 0x1234_5678;
const CHECK_I64: i64 = 0x1234_5678_9abc_def0;

/// The byte order of every number in a file (FORMAT.md §16).
///
/// It is read from the header once. Only the code that takes stored extents apart or puts them
/// together looks at it: unpacked extents are always in the host's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ByteOrder {
    /// Least significant byte first: what we write.
    #[default]
    Little,
    /// Most significant byte first.
    Big,
}

impl ByteOrder {
    /// The order of the machine that this program runs on.
    pub const HOST: ByteOrder =
        if cfg!(target_endian = "little") { ByteOrder::Little } else { ByteOrder::Big };

    /// The four bytes as a number.
    #[inline]
    pub(crate) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            ByteOrder::Little => u32::from_le_bytes(bytes),
            ByteOrder::Big => u32::from_be_bytes(bytes),
        }
    }

    /// The four bytes as a signed number.
    #[inline]
    pub(crate) fn i32(self, bytes: [u8; 4]) -> i32 {
        self.u32(bytes) as i32
    }

    /// The eight bytes as a number.
    #[inline]
    pub(crate) fn u64(self, bytes: [u8; 8]) -> u64 {
        match self {
            ByteOrder::Little => u64::from_le_bytes(bytes),
            ByteOrder::Big => u64::from_be_bytes(bytes),
        }
    }

    /// A number as its four bytes.
    #[inline]
    pub(crate) fn bytes32(self, value: u32) -> [u8; 4] {
        match self {
            ByteOrder::Little => value.to_le_bytes(),
            ByteOrder::Big => value.to_be_bytes(),
        }
    }

    /// A number as its eight bytes.
    #[inline]
    pub(crate) fn bytes64(self, value: u64) -> [u8; 8] {
        match self {
            ByteOrder::Little => value.to_le_bytes(),
            ByteOrder::Big => value.to_be_bytes(),
        }
    }
}

/// The 40 bytes that a file in `order` begins with.
pub(crate) fn encode(order: ByteOrder) -> [u8; HEADER_SIZE] {
    let mut header = [0; HEADER_SIZE];
    header[..4].copy_from_slice(MAGIC);
    header[4..8].copy_from_slice(&order.bytes32(CHECK_I32 as u32));
    let check_words = [
        CHECK_I64 as u64,
        std::f64::consts::PI.to_bits(),
        f64::INFINITY.to_bits(),
        0x7ff8_0000_0000_0000,
    ];
    for (bytes, word) in header[8..].chunks_exact_mut(8).zip(check_words) {
        bytes.copy_from_slice(&order.bytes64(word));
    }
    header
}

/// Finds the byte order. With `check`, all five check values must hold; without, only the tag
/// and the value that tells the order are looked at.
///
/// # Errors
/// A phrase that says which value is wrong.
pub(crate) fn parse(header: &[u8; HEADER_SIZE], check: bool) -> Result<ByteOrder, &'static str> {
    if &header[..4] != MAGIC {
        return Err("it does not begin with DSv1");
    }
    let order = [ByteOrder::Little, ByteOrder::Big]
        .into_iter()
        .find(|order| order.i32(array(header, 4)) == CHECK_I32)
        .ok_or("its 32-bit check value is in no known byte order")?;
    if !check {
        return Ok(order);
    }
    if order.u64(array(header, 8)) as i64 != CHECK_I64 {
        return Err("its 64-bit check value is wrong");
    }
    let double = |at| f64::from_bits(order.u64(array(header, at)));
    if double(16) != std::f64::consts::PI {
        return Err("its check value pi is wrong");
    }
    if double(24) != f64::INFINITY {
        return Err("its check value infinity is wrong");
    }
    // Which NaN it is depends on the machine that wrote the file.
    if !double(32).is_nan() {
        return Err("its check value NaN is wrong");
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LITTLE: [u8; 40] = [
        0x44, 0x53, 0x76, 0x31, 0x78, 0x56, 0x34, 0x12, 0xf0, 0xde, 0xbc, 0x9a, 0x78, 0x56, 0x34,
        0x12, 0x18, 0x2d, 0x44, 0x54, 0xfb, 0x21, 0x09, 0x40, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f, 0, 0,
        0, 0, 0, 0, 0xf8, 0x7f,
    ];

    #[test]
    fn writes_the_canonical_header() {
        assert_eq!(encode(ByteOrder::Little), LITTLE);
    }

    #[test]
    fn reads_both_orders_and_any_nan() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            assert_eq!(parse(&encode(order), true), Ok(order));
        }
        let mut other_nan = encode(ByteOrder::Big);
        other_nan[33] = 0xf4;
        assert_eq!(parse(&other_nan, true), Ok(ByteOrder::Big));
    }

    #[test]
    fn refuses_every_wrong_check_value() {
        for at in [0, 4, 8, 16, 24, 39] {
            let mut wrong = LITTLE;
            wrong[at] ^= 0x41;
            assert!(parse(&wrong, true).is_err(), "byte {at}");
            assert_eq!(parse(&wrong, false).is_ok(), at >= 8, "byte {at}, unchecked");
        }
    }
}
