//! Which checks a reader makes.

/// Which checks a reader makes; all of them unless told otherwise (FORMAT.md §17.4).
///
/// Switching a check off saves time and lets damaged files through. It never makes reading
/// unsafe: lengths and bounds that memory depends on are checked in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checks {
    /// The check values in the file header.
    pub header: bool,
    /// The checksum of each extent's stored bytes.
    pub adler: bool,
    /// The checksum of each extent's unpacked bytes, where both parts are unpacked.
    pub bjhash: bool,
    /// Every string offset of every record. Without it, a wrong offset reads as an empty value.
    pub offsets: bool,
    /// The tail's first word, complement and hash, where a file is opened by its index.
    pub tail: bool,
    /// The index: that it is complete and in order.
    pub index: bool,
    /// Most bytes that one part of an extent may unpack to. The format itself allows 2 GiB.
    pub part_limit: u64,
}

impl Checks {
    /// Everything is checked, and a part unpacks to at most 1 GiB.
    pub const ALL: Checks = Checks {
        header: true,
        adler: true,
        bjhash: true,
        offsets: true,
        tail: true,
        index: true,
        part_limit: 1 << 30,
    };

    /// Nothing is checked but what reading itself depends on.
    pub const NONE: Checks = Checks {
        header: false,
        adler: false,
        bjhash: false,
        offsets: false,
        tail: false,
        index: false,
        part_limit: Checks::ALL.part_limit,
    };
}

impl Default for Checks {
    fn default() -> Checks {
        Checks::ALL
    }
}
