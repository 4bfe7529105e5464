//! Numbers and strings in C's notations.

use memchr::memchr;

/// The number that `word` is, in one of C's notations; none if it is none, or too large.
pub fn unsigned(word: &[u8]) -> Option<u64> {
    let (digits, radix) = match word {
        [b'0', b'x' | b'X', digits @ ..] => (digits, 16),
        [b'0', digits @ ..] if !digits.is_empty() => (digits, 8),
        digits => (digits, 10),
    };
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, digit| {
        let digit = digit_of(*digit).map(u64::from).filter(|digit| *digit < radix)?;
        value.checked_mul(radix)?.checked_add(digit)
    })
}

fn digit_of(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Appends what the inside of a string stands for, from its byte `from` on, `most` bytes at most.
pub fn unescape(text: &[u8], from: usize, most: usize, bytes: &mut Vec<u8>) {
    let end = bytes.len().saturating_add(most);
    let (mut at, mut skip) = (0, from);
    while at < text.len() && bytes.len() < end {
        // Most of most strings is plain.
        if text[at] != b'\\' {
            let plain = memchr(b'\\', &text[at..]).unwrap_or(text.len() - at);
            let skipped = plain.min(skip);
            let taken = (plain - skipped).min(end - bytes.len());
            bytes.extend_from_slice(&text[at + skipped..][..taken]);
            skip -= skipped;
            at += plain;
            continue;
        }
        let (byte, length) = escaped(&text[at + 1..]);
        at += 1 + length;
        if skip > 0 {
            skip -= 1;
        } else {
            bytes.push(byte);
        }
    }
}

/// The byte that an escape stands for, and the length of what is behind its backslash.
fn escaped(text: &[u8]) -> (u8, usize) {
    match text {
        [b'x', first, second, ..] => match (digit_of(*first), digit_of(*second)) {
            (Some(first), Some(second)) => (first << 4 | second, 3),
            _ => (b'x', 1),
        },
        [b'0'..=b'7', ..] => {
            let digits = text.iter().take(3).take_while(|byte| matches!(byte, b'0'..=b'7'));
            let (value, count) = digits
                .fold((0u32, 0), |(value, count), d| (value * 8 + u32::from(d - b'0'), count + 1));
            (value as u8, count)
        }
        [b'n', ..] => (b'\n', 1),
        [b't', ..] => (b'\t', 1),
        [b'r', ..] => (b'\r', 1),
        [b'v', ..] => (0x0b, 1),
        [b'f', ..] => (0x0c, 1),
        [byte, ..] => (*byte, 1),
        [] => (b'\\', 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_notations() {
        let read = |word: &str| unsigned(word.as_bytes());
        assert_eq!([read("10"), read("0x10"), read("010"), read("0")], [10, 16, 8, 0].map(Some));
        assert_eq!(read("18446744073709551615"), Some(u64::MAX));
        for word in ["", "0x", "18446744073709551616", "08", "1f", "0xg"] {
            assert_eq!(read(word), None, "{word}");
        }
    }

    #[test]
    fn a_part_of_a_string_is_that_part_of_what_it_stands_for() {
        let text = br"ab\n\1\x41cd\377\0";
        let whole = b"ab\n\x01Acd\xff\0";
        for from in 0..=whole.len() {
            for most in 0..=whole.len() {
                let mut bytes = b"before".to_vec();
                unescape(text, from, most, &mut bytes);
                let end = whole.len().min(from + most);
                assert_eq!(bytes[6..], whole[from.min(end)..end], "{from} {most}");
            }
        }
    }
}
