//! The items of an array argument, as they were copied.

/// One item of an array argument.
#[derive(Clone, Copy, Debug)]
pub struct Element<'a> {
    /// Its number, from 0.
    pub number: usize,
    /// Where it is in the program's memory.
    pub address: u64,
    /// Its length as the program gave it.
    pub length: u64,
    /// The structure that it is, if it is one.
    pub structure: &'a [u8],
    /// Its bytes, where they were copied.
    pub bytes: Option<&'a [u8]>,
}

/// The items of a fetched array: strings, the buffers of vectors, or structures with theirs.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    rest: &'a [u8],
    /// Bytes of each structure.
    size: usize,
    number: usize,
}

/// The count of bytes in an item's header that says that they couldn't be copied.
pub const NOT_COPIED: u64 = u64::MAX;

impl<'a> Elements<'a> {
    /// Bytes of an item's header: address, length as the program gave it, bytes that follow.
    pub const HEADER: usize = 24;

    /// The items in `fetched`, as [`abi::Fetched`] describes them; `size` is that of each structure, or 0.
    pub fn new(fetched: &'a [u8], size: u32) -> Self {
        Self { rest: fetched, size: size as usize, number: 0 }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let (header, rest) = self.rest.split_first_chunk::<{ Elements::HEADER }>()?;
        let word = |at: usize| u64::from_ne_bytes(*header[at..].first_chunk().expect("24 bytes"));
        let (address, length, count) = (word(0), word(8), word(16));
        let (structure, rest) = rest.split_at_checked(self.size)?;
        let (bytes, rest) = if count == NOT_COPIED {
            (None, rest)
        } else {
            let (bytes, rest) = rest.split_at_checked(usize::try_from(count).ok()?)?;
            (Some(bytes), rest)
        };
        self.rest = rest;
        let number = self.number;
        self.number += 1;
        Some(Element { number, address, length, structure, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truncated_list_of_items_ends_early() {
        let mut fetched = Vec::new();
        for word in [0x1000u64, 3, 3] {
            fetched.extend(word.to_ne_bytes());
        }
        fetched.extend(b"abc");
        let whole: Vec<_> = Elements::new(&fetched, 0).map(|item| item.bytes).collect();
        assert_eq!(whole, [Some(&b"abc"[..])]);
        for cut in 0..fetched.len() {
            assert_eq!(Elements::new(&fetched[..cut], 0).count(), 0);
        }
    }
}
