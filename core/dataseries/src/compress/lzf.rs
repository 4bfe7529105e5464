//! Code 4: raw LZF data (FORMAT.md §6.2).

use super::CodecError;

/// Longest run of literals.
const MAX_LITERALS: usize = 32;
/// Farthest back that a copy can reach.
const MAX_DISTANCE: usize = 1 << 13;
/// A shorter copy would save nothing.
const MIN_COPY: usize = 3;
/// Longest copy.
const MAX_COPY: usize = 264;
/// A copy this much longer than two bytes needs a further byte for its length.
const LONG: usize = 7;
/// log2 of the number of places that the compressor remembers.
const TABLE_BITS: u32 = 14;

/// Fills `out` from its start and returns how many bytes came.
pub(super) fn decompress(stored: &[u8], out: &mut [u8]) -> Result<usize, CodecError> {
    let limit = out.len();
    let cut_off = || CodecError::Damaged("the stream is cut off".to_owned());
    let mut end = 0;
    let mut rest = stored;
    while let Some((&control, tail)) = rest.split_first() {
        let control = control as usize;
        if control < MAX_LITERALS {
            let (literals, tail) = tail.split_at_checked(control + 1).ok_or_else(cut_off)?;
            let next = end + literals.len();
            let room = out.get_mut(end..next).ok_or(CodecError::TooLong { limit })?;
            room.copy_from_slice(literals);
            (end, rest) = (next, tail);
            continue;
        }
        let (more, tail) = match control >> 5 {
            LONG => tail.split_first().map(|(&more, tail)| (more as usize, tail)),
            _ => Some((0, tail)),
        }
        .ok_or_else(cut_off)?;
        let length = (control >> 5) + more + 2;
        let (&low, tail) = tail.split_first().ok_or_else(cut_off)?;
        let distance = ((control & 0x1f) << 8) + low as usize + 1;
        if distance > end {
            let reason = "a copy reaches back before the start";
            return Err(CodecError::Damaged(reason.to_owned()));
        }
        if length > limit - end {
            return Err(CodecError::TooLong { limit });
        }
        // Source and target may overlap; then the bytes between them repeat.
        for at in end..end + length {
            out[at] = out[at - distance];
        }
        (end, rest) = (end + length, tail);
    }
    Ok(end)
}

/// Compresses into `out`; `None` if that is too short.
pub(super) fn compress(part: &[u8], out: &mut [u8]) -> Option<usize> {
    let mut output = Output { out, end: 0 };
    // Where each group of three bytes was last seen, plus one.
    let mut seen = vec![0_u32; 1 << TABLE_BITS];
    let mut literals = 0;
    let mut at = 0;
    while let Some(&[a, b, c]) = part.get(at..).and_then(|rest| rest.first_chunk()) {
        let group = u32::from_le_bytes([a, b, c, 0]);
        let slot = &mut seen[(group.wrapping_mul(0x9e37_79b1) >> (32 - TABLE_BITS)) as usize];
        let candidate = *slot as usize;
        *slot = at as u32 + 1;
        let copy = candidate.checked_sub(1).filter(|&from| at - from <= MAX_DISTANCE);
        let length = copy.map_or(0, |from| common_length(part, from, at));
        match copy {
            Some(from) if length >= MIN_COPY => {
                output.literals(&part[literals..at])?;
                output.copy(at - from, length)?;
                at += length;
                literals = at;
            }
            _ => at += 1,
        }
    }
    output.literals(&part[literals..])?;
    Some(output.end)
}

/// How many bytes at `from` and at `at` agree, as far as one copy goes.
fn common_length(part: &[u8], from: usize, at: usize) -> usize {
    let pairs = part[at..].iter().zip(&part[from..]);
    pairs.take(MAX_COPY).take_while(|(a, b)| a == b).count()
}

/// Room for the compressed bytes; every step gives `None` once it is used up.
struct Output<'a> {
    out: &'a mut [u8],
    end: usize,
}

impl Output<'_> {
    fn put(&mut self, bytes: &[u8]) -> Option<()> {
        self.out.get_mut(self.end..self.end + bytes.len())?.copy_from_slice(bytes);
        self.end += bytes.len();
        Some(())
    }

    fn literals(&mut self, bytes: &[u8]) -> Option<()> {
        for run in bytes.chunks(MAX_LITERALS) {
            self.put(&[run.len() as u8 - 1])?;
            self.put(run)?;
        }
        Some(())
    }

    fn copy(&mut self, distance: usize, length: usize) -> Option<()> {
        let [high, low] = (distance as u16 - 1).to_be_bytes();
        match length - 2 {
            short @ ..LONG => self.put(&[(short as u8) << 5 | high, low]),
            long => self.put(&[(LONG as u8) << 5 | high, (long - LONG) as u8, low]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(stored: &[u8], length: usize) -> Result<Vec<u8>, CodecError> {
        let mut out = vec![0; length];
        let actual = decompress(stored, &mut out)?;
        out.truncate(actual);
        Ok(out)
    }

    #[test]
    fn decodes_the_worked_example() {
        let stored = [
            b"\x18\x13\0\0\0DataSeries: XmlType\0\x17".as_slice(),
            &[0xe0, 0x06, 0x17, 0x0a],
            b"ExtentIndex",
            &[0x20, 0x19, 0x01, 0, 0],
        ]
        .concat();
        assert_eq!(stored.len(), 46);
        let plain = decoded(&stored, 56).unwrap();
        assert_eq!(plain.len(), 56);
        assert_eq!(&plain[..4], [19, 0, 0, 0]);
        assert_eq!(&plain[4..23], b"DataSeries: XmlType");
        assert_eq!(&plain[24..28], [23, 0, 0, 0]);
        assert_eq!(&plain[28..51], b"DataSeries: ExtentIndex");
        let library = [1, 4, 0, 0x80, 0, 1, 0x4c, 2, 0x40, 7, 1, 0, 0];
        let expected = [4, 0, 0, 0, 0, 0, 0, 0, 0x4c, 2, 0, 0, 0, 0, 0, 0];
        assert_eq!(decoded(&library, 16).unwrap(), expected);
    }

    #[test]
    fn refuses_damaged_streams() {
        for stored in
            [&[0x20][..], &[0xe0, 0], &[5, 1, 2], &[0, b'a', 0x20, 1], &[0, b'a', 0xe0, 255, 0]]
        {
            assert!(decoded(stored, 100).is_err(), "{stored:?}");
        }
    }

    #[test]
    fn long_runs_and_far_copies_come_back() {
        let mut plain = vec![7; 1000];
        plain.extend((0..9000_u32).flat_map(|i| (i * i).to_le_bytes()));
        plain.extend_from_within(28_000..30_000);
        let mut stored = vec![0; plain.len() * 2];
        let length = compress(&plain, &mut stored).unwrap();
        assert!(length < plain.len());
        assert_eq!(decoded(&stored[..length], plain.len()).unwrap(), plain);
    }
}
