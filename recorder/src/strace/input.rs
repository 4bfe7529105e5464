//! Logs, read line by line.

use std::io::{self, Read};

/// Longest line that is taken: the largest buffer that a trace holds, each byte as `\x00`, and some.
pub const LONGEST_LINE: usize = (1 << 30) + (1 << 20);

const CHUNK: usize = 128 << 10;

/// The lines of a log.
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Number of the last line, from 1.
    pub number: u64,
    longest: usize,
}

/// A line, or why there is none.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// Its bytes, without the end of line.
    Whole(&'a [u8]),
    /// It is longer than lines may be, and left out.
    TooLong,
}

impl<R: Read> Lines<R> {
    /// The lines of `input`.
    pub fn new(input: R) -> Self {
        Self::with_longest(input, LONGEST_LINE)
    }

    fn with_longest(input: R, longest: usize) -> Self {
        Self { input, buffer: Vec::new(), start: 0, end: 0, number: 0, longest }
    }

    /// The next line; none at the end.
    ///
    /// # Errors
    /// The log can't be read.
    pub fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let mut searched = 0;
        let mut is_too_long = false;
        loop {
            let held = &self.buffer[self.start + searched..self.end];
            if let Some(length) = memchr::memchr(b'\n', held) {
                let range = self.start..self.start + searched + length;
                self.start = range.end + 1;
                self.number += 1;
                return Ok(Some(match is_too_long {
                    true => Line::TooLong,
                    false => Line::Whole(&self.buffer[range]),
                }));
            }
            searched = self.end - self.start;
            if searched > self.longest {
                is_too_long = true;
                self.start = self.end;
                searched = 0;
            }
            if !self.fill()? {
                let range = self.start..self.end;
                self.start = self.end;
                if is_too_long || !range.is_empty() {
                    self.number += 1;
                    return Ok(Some(match is_too_long {
                        true => Line::TooLong,
                        false => Line::Whole(&self.buffer[range]),
                    }));
                }
                return Ok(None);
            }
        }
    }

    /// Reads on; says whether there was more.
    fn fill(&mut self) -> io::Result<bool> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() < self.end + CHUNK {
            self.buffer.resize(
                (self.end + CHUNK).max(self.buffer.len() * 2).min(self.longest + 2 * CHUNK),
                0,
            );
        }
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(count) => {
                    self.end += count;
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_the_log_does() {
        struct Slowly<'a>(&'a [u8]);
        impl Read for Slowly<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let count = self.0.len().min(3).min(buffer.len());
                buffer[..count].copy_from_slice(&self.0[..count]);
                self.0 = &self.0[count..];
                Ok(count)
            }
        }
        let mut lines = Lines::new(Slowly(b"first\n\nthird line"));
        for expected in [&b"first"[..], b"", b"third line"] {
            assert_eq!(lines.next().unwrap(), Some(Line::Whole(expected)));
        }
        assert_eq!(lines.next().unwrap(), None);
        assert_eq!(lines.number, 3);
    }

    #[test]
    fn a_line_that_is_too_long_is_left_out_and_the_next_one_is_not() {
        let text = [vec![b'x'; 100], b"\nnext\n".to_vec()].concat();
        let mut lines = Lines::with_longest(&text[..], 50);
        // What is held at once is whole, whatever its length.
        assert!(matches!(lines.next().unwrap(), Some(Line::Whole(line)) if line.len() == 100));
        let text = [vec![b'x'; 3 * CHUNK], b"\nnext\n".to_vec()].concat();
        let mut lines = Lines::with_longest(&text[..], 50);
        assert_eq!(lines.next().unwrap(), Some(Line::TooLong));
        assert_eq!(lines.next().unwrap(), Some(Line::Whole(b"next")));
    }
}
