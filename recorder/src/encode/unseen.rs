//! Columns whose values would come from what wasn't seen of a call: they have none.

use abi::{Place, place};
use replay_schema::{Observed, Op, Source, Value};

use crate::event::{Part, Unseen};

/// What wasn't seen of one call.
#[derive(Clone, Copy, Debug)]
pub struct Hidden<'a> {
    unseen: &'a [Unseen],
    /// Bits of the kinds of places at which something may be hidden.
    kinds: u32,
}

impl<'a> Hidden<'a> {
    /// What all of `unseen` hide.
    pub fn new(unseen: &'a [Unseen]) -> Self {
        let kinds = unseen.iter().fold(0, |kinds, unseen| {
            kinds
                | match unseen.part {
                    Part::Argument(_) => {
                        bit(place::ARGUMENT)
                            | bit(place::ARGUMENT_BITS)
                            | bit(place::ARGUMENT_TIMES)
                    }
                    Part::Pointer(_) => bit(place::ARGUMENT),
                    Part::Memory(..) => bit(place::MEMORY),
                    Part::Member(..) => bit(place::ELEMENT),
                    Part::Addresses => 0,
                }
        });
        Self { unseen, kinds }
    }

    /// Whether nothing is hidden.
    pub fn is_empty(self) -> bool {
        self.unseen.is_empty()
    }

    /// The value of the first of `sources` that applies, if all that it is made of was seen; and whether
    /// that wasn't so.
    pub fn first<'o>(self, sources: &[Source], observed: &Observed<'o>) -> (Value<'o>, bool) {
        for source in sources {
            if source
                .depends_on()
                .iter()
                .any(|place| self.covers(*place, place.width.into(), false))
            {
                return (Value::Null, true);
            }
            if source.applies(observed) {
                let (place, bytes) = source.looks_at();
                let is_hidden = self.covers(place, bytes, source.op == Op::Number)
                    || source.bytes_of().is_some_and(|fetch| self.has_holes(fetch))
                    || source.beside().is_some_and(|fetch| self.has_holes(fetch))
                    || source.op == Op::ElementAddress && self.has(&Part::Addresses);
                return match is_hidden {
                    true => (Value::Null, true),
                    false => (source.value(observed), false),
                };
            }
        }
        (Value::Null, false)
    }

    /// Whether the bytes of `fetch` are known in part only.
    pub fn has_holes(self, fetch: usize) -> bool {
        self.kinds & bit(place::MEMORY) != 0
            && self
                .unseen
                .iter()
                .any(|unseen| matches!(unseen.part, Part::Memory(of, _) if of == fetch))
    }

    fn has(self, part: &Part) -> bool {
        self.unseen.iter().any(|unseen| unseen.part == *part)
    }

    fn covers(self, place: Place, bytes: u32, is_value: bool) -> bool {
        if self.kinds & bit(place.kind) == 0 {
            return false;
        }
        let overlaps = |range: &std::ops::Range<u32>| {
            range.start < place.offset.saturating_add(bytes) && place.offset < range.end
        };
        self.unseen.iter().any(|unseen| match (&unseen.part, place.kind) {
            (
                Part::Argument(number),
                place::ARGUMENT | place::ARGUMENT_BITS | place::ARGUMENT_TIMES,
            ) => *number == place.index,
            // That it points somewhere is known.
            (Part::Pointer(number), place::ARGUMENT) => is_value && *number == place.index,
            (Part::Memory(fetch, range), place::MEMORY) => {
                *fetch == usize::from(place.index) && overlaps(range)
            }
            (Part::Member(_, range), place::ELEMENT) => overlaps(range),
            _ => false,
        })
    }
}

/// The bit of a kind of places.
fn bit(kind: u8) -> u32 {
    1u32.checked_shl(kind.into()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(part: Part) -> [Unseen; 1] {
        [Unseen { event: 0, part }]
    }

    fn place(kind: u8, index: u8, width: u8, offset: u32) -> Place {
        Place { kind, index, width, signed: 0, offset }
    }

    #[test]
    fn an_argument_is_hidden_and_a_made_up_pointer_only_as_a_value() {
        let argument = hidden(Part::Argument(2));
        assert!(Hidden::new(&argument).covers(place(place::ARGUMENT_BITS, 2, 3, 0), 3, false));
        assert!(!Hidden::new(&argument).covers(place(place::ARGUMENT, 1, 0, 0), 0, true));
        let pointer = hidden(Part::Pointer(1));
        assert!(Hidden::new(&pointer).covers(place(place::ARGUMENT, 1, 0, 0), 0, true));
        assert!(!Hidden::new(&pointer).covers(place(place::ARGUMENT, 1, 0, 0), 0, false));
    }

    #[test]
    fn memory_is_hidden_where_bytes_are_missing() {
        let memory = hidden(Part::Memory(1, 8..12));
        let covers = |fetch, offset| {
            Hidden::new(&memory).covers(place(place::MEMORY, fetch, 4, offset), 4, true)
        };
        assert_eq!(
            [covers(1, 4), covers(1, 8), covers(1, 10), covers(1, 12)],
            [false, true, true, false]
        );
        assert!(!covers(0, 8));
        assert!(Hidden::new(&memory).has_holes(1) && !Hidden::new(&memory).has_holes(0));
    }
}
