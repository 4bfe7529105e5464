//! Data to write in place of what was recorded.

use std::fmt;
use std::str::FromStr;

/// What a replay writes instead of the recorded data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Zero bytes.
    Zeros,
    /// Pseudo-random bytes: the same for the same record in every replay.
    Random,
    /// Bytes from the kernel's random number generator.
    Urandom,
    /// One byte again and again.
    Byte(u8),
    /// A text again and again.
    Text(String),
}

/// A text that is no pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAPattern(String);

impl fmt::Display for NotAPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is none of zeros, random, urandom, byte:NUMBER (0 to 255, or 0x00 to 0xff) and \
             string:TEXT",
            self.0
        )
    }
}

impl std::error::Error for NotAPattern {}

impl FromStr for Pattern {
    type Err = NotAPattern;

    fn from_str(text: &str) -> Result<Self, NotAPattern> {
        let number = |digits: &str| match digits.strip_prefix("0x") {
            Some(digits) => u8::from_str_radix(digits, 16).ok(),
            None => digits.parse().ok(),
        };
        let pattern = match text {
            "zeros" => Some(Self::Zeros),
            "random" => Some(Self::Random),
            "urandom" => Some(Self::Urandom),
            _ if text.starts_with("0x") => number(text).map(Self::Byte),
            _ => match text.split_once(':') {
                Some(("byte", digits)) => number(digits).map(Self::Byte),
                Some(("string", text)) if !text.is_empty() => Some(Self::Text(text.to_owned())),
                _ => None,
            },
        };
        pattern.ok_or_else(|| NotAPattern(text.to_owned()))
    }
}

impl Pattern {
    /// Fills `data`, which record `id` writes.
    pub fn fill(&self, id: i64, data: &mut [u8]) {
        match self {
            Self::Zeros => data.fill(0),
            Self::Byte(byte) => data.fill(*byte),
            Self::Text(text) => {
                for (to, from) in data.iter_mut().zip(text.bytes().cycle()) {
                    *to = from;
                }
            }
            Self::Random => {
                let mut state = id as u64;
                for chunk in data.chunks_mut(8) {
                    chunk.copy_from_slice(&split_mix(&mut state).to_le_bytes()[..chunk.len()]);
                }
            }
            Self::Urandom => {
                // Asked for in pieces, of which the kernel fills each whole (getrandom(2)).
                for piece in data.chunks_mut(256) {
                    // SAFETY: the kernel writes into the piece, as long as it is told.
                    unsafe { libc::getrandom(piece.as_mut_ptr().cast(), piece.len(), 0) };
                }
            }
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): every state gives a good next number.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_named_as_the_help_says() {
        assert_eq!("zeros".parse(), Ok(Pattern::Zeros));
        assert_eq!("byte:90".parse(), Ok(Pattern::Byte(90)));
        assert_eq!("byte:0x5a".parse(), Ok(Pattern::Byte(0x5a)));
        assert_eq!("0x5a".parse(), Ok(Pattern::Byte(0x5a)));
        assert_eq!("string:ab".parse(), Ok(Pattern::Text("ab".to_owned())));
        for wrong in ["", "byte:256", "byte:", "string:", "0x", "sevens"] {
            assert!(wrong.parse::<Pattern>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_text_repeats_to_the_end() {
        let mut data = [0; 7];
        Pattern::Text("abc".to_owned()).fill(1, &mut data);
        assert_eq!(&data, b"abcabca");
    }

    #[test]
    fn random_data_depends_on_the_record_alone() {
        let fill = |id| {
            let mut data = [0; 100];
            Pattern::Random.fill(id, &mut data);
            data
        };
        assert_eq!(fill(7), fill(7));
        assert_ne!(fill(7), fill(8));
    }

    #[test]
    fn the_kernels_random_data_fills_everything() {
        let mut data = [0; 1000];
        Pattern::Urandom.fill(1, &mut data);
        assert!(data.chunks(100).all(|piece| piece.iter().any(|byte| *byte != 0)));
    }
}
