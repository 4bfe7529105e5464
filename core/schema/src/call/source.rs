//! Where a column's value is found, and when.

use abi::{Place, place};

use crate::Observed;

/// What a source does; see [`abi::source`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "see `abi::source`")]
pub enum Op {
    Number,
    Equal,
    Any,
    Bytes,
    Timespec,
    Timeval,
    Seconds,
    ElementNumber,
    ElementLength,
    ElementBytes,
    ElementAddress,
    Beside,
}

/// How a value is made from a captured call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// What it does.
    pub op: Op,
    pub(crate) place: Place,
    pub(crate) mask: u64,
    pub(crate) value: u64,
    /// All must hold.
    pub(crate) when: [Condition; 2],
}

impl Source {
    /// The argument that this source takes whole, if that is all it does.
    pub fn argument(&self) -> Option<usize> {
        let whole = self.op == Op::Number && self.mask == 0;
        (whole && self.place.kind == place::ARGUMENT).then(|| self.place.index.into())
    }

    /// The fetch whose bytes this source takes as they are, if that is what it does.
    pub fn bytes_of(&self) -> Option<usize> {
        (self.op == Op::Bytes).then_some(self.value as usize)
    }

    /// Whether this source takes the bytes of an element.
    pub fn is_element_bytes(&self) -> bool {
        self.op == Op::ElementBytes
    }

    /// The fetch whose items have the bytes that this source takes, if it takes those beside an element.
    pub fn beside(&self) -> Option<usize> {
        (self.op == Op::Beside).then_some(self.value as usize)
    }

    /// Where its value is found, and how many bytes are looked at there if that is memory.
    pub fn looks_at(&self) -> (Place, u32) {
        let bytes = match self.op {
            Op::Timespec | Op::Timeval => 16,
            Op::Seconds => 8,
            _ => u32::from(self.place.width),
        };
        (self.place, bytes)
    }

    /// What its conditions look at.
    pub fn depends_on(&self) -> [Place; 2] {
        self.when.map(|condition| condition.0.place)
    }

    /// Whether the conditions hold under which it is the one.
    #[inline]
    pub fn applies(&self, observed: &Observed<'_>) -> bool {
        let [one, other] = &self.when;
        one.holds(observed) && other.holds(observed)
    }

    /// The fetch that this source takes its value from, if any.
    pub fn fetch(&self) -> Option<usize> {
        match self.op {
            Op::Bytes => Some(self.value as usize),
            _ if self.place.kind == place::MEMORY => Some(self.place.index.into()),
            _ => None,
        }
    }
}

/// When something applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition(pub(crate) abi::Condition);
