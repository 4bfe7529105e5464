//! What is read of the text without making a value of it: words and digits, and what is skipped.

use memchr::memchr;

use super::Parser;
use crate::strace::value::{Malformed, Span};

/// Any decimal number with no more digits is one of 64 bits.
const DIGITS_THAT_FIT: usize = 19;

/// Which bytes are those of names.
const IN_NAMES: [bool; 256] = {
    let mut are = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        are[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        byte += 1;
    }
    are
};

impl Parser<'_> {
    pub(super) fn malformed(&self, what: &'static str) -> Malformed {
        Malformed { what, at: self.at + 1 }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    pub(super) fn looks_at(&self, what: &[u8]) -> bool {
        self.text.get(self.at..).is_some_and(|rest| rest.starts_with(what))
    }

    /// Skips spaces and comments.
    #[inline]
    pub fn blank(&mut self) {
        while let Some(b' ' | b'/') = self.peek() {
            if self.text[self.at] == b' ' {
                self.at += 1;
            } else if !self.comment() {
                return;
            }
        }
    }

    /// Skips the comment that stands here, if one does.
    fn comment(&mut self) -> bool {
        let is_one = self.looks_at(b"/*");
        if is_one {
            self.at += 2;
            // Of what may end it, the star is rarer than the stroke.
            while let Some(star) = memchr(b'*', &self.text[self.at..]) {
                self.at += star + 1;
                if self.peek() == Some(b'/') {
                    self.at += 1;
                    return true;
                }
            }
            self.at = self.text.len();
        }
        is_one
    }

    /// A run of the bytes of names.
    pub fn word(&mut self) -> Span {
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or_default();
        let length = rest.iter().position(|byte| !IN_NAMES[usize::from(*byte)]);
        self.at += length.unwrap_or(rest.len());
        Span::new(start..self.at)
    }

    /// The decimal number that stands here, of as many digits as fit whatever they are, and with no more of a word
    /// behind it; most numbers are that.
    pub(super) fn decimal(&mut self) -> Option<u64> {
        let rest = self.text.get(self.at..)?;
        let (mut value, mut length) = (0, 0);
        while let Some(digit @ b'0'..=b'9') = rest.get(length) {
            if length == DIGITS_THAT_FIT || value == 0 && length > 0 {
                return None;
            }
            value = value * 10 + u64::from(digit - b'0');
            length += 1;
        }
        let is_whole = rest.get(length).is_none_or(|byte| !IN_NAMES[usize::from(*byte)]);
        if length == 0 || !is_whole {
            return None;
        }
        self.at += length;
        Some(value)
    }

    /// Goes to the next separator, and says whether there was anything before it.
    pub(super) fn rest(&mut self) -> bool {
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b',' | b')' | b']' | b'}' | b' ' => break,
                _ => self.at += 1,
            }
        }
        self.at > start
    }

    /// Skips what `-y` puts behind a descriptor or process: `<…>`, which may nest.
    pub fn decoration(&mut self) {
        if self.peek() != Some(b'<') || self.looks_at(b"<<") {
            return;
        }
        let mut open = 0u32;
        let mut at = self.at;
        while let Some(byte) = self.text.get(at) {
            match byte {
                b'<' => open += 1,
                b'-' if self.text.get(at + 1) == Some(&b'>') => at += 1,
                b'>' => open -= 1,
                _ => {}
            }
            at += 1;
            if open == 0 {
                self.at = at;
                if self.looks_at(b"(deleted)") {
                    self.at += b"(deleted)".len();
                }
                if self.peek() == Some(b'[') {
                    self.context();
                }
                return;
            }
        }
    }

    /// Skips what `--secontext` puts behind a path, descriptor or process: `[…]`.
    pub(super) fn context(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.iter().position(|byte| *byte == b']').map_or(rest.len(), |end| end + 1);
    }
}
