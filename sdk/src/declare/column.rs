//! Where a column's value is found: each function adds a source, and the memory that it needs.

use abi::{Bit, Condition, Fetch, Item, Place, Source, condition, fetch, place, source};

use super::number::{
    ALWAYS, FAILURE, FETCHED_WORD, NOWHERE, Number, RESOLVED, SUCCESS, arg, constant_place, member,
    ret,
};
use super::size::{Moment, Size};
use super::{Declaration, Declared};

/// Longest path that is captured, with its NUL (PATH_MAX).
const PATH_MAX: u64 = 4096;

/// Most bytes that are captured behind a pointer in a structure: names and control messages.
const LONGEST_BEHIND: u64 = 64 << 10;

pub(super) const NO_FETCH: Fetch = Fetch {
    op: fetch::BYTES,
    at_exit: 0,
    address: NOWHERE,
    length: NOWHERE,
    limit: 0,
    when: ALWAYS,
    item: Item::NONE,
};

pub(super) const NO_SOURCE: Source =
    Source { op: source::NONE, place: NOWHERE, mask: 0, value: 0, when: ALWAYS };

/// A column that is being declared.
pub struct ColumnDeclaration<'d> {
    pub(super) declaration: &'d mut Declaration,
    pub(super) index: usize,
    pub(super) width: u32,
    /// When what comes next applies.
    pub(super) when: Condition,
}

impl ColumnDeclaration<'_> {
    pub(super) fn declared(&mut self) -> &mut Declared {
        &mut self.declaration.columns[self.index]
    }

    fn source(&mut self, mut source: Source) -> &mut Self {
        if self.when != ALWAYS {
            source.when = self.when;
        }
        self.declared().sources.push(source);
        self
    }

    /// What comes next applies only if `condition` holds; memory that it needs is copied only then. Where
    /// nothing applies, the column is null, or zero.
    pub fn when(&mut self, condition: Condition) -> &mut Self {
        self.when = condition;
        self
    }

    /// Nothing of what comes next applies if `condition` holds.
    pub fn unless(&mut self, condition: Condition) -> &mut Self {
        self.declared().sources.push(Source { op: source::NUMBER, when: condition, ..NO_SOURCE });
        self
    }

    /// Holds `number`.
    pub fn number(&mut self, number: Number) -> &mut Self {
        self.source(Source { op: source::NUMBER, place: number.0, ..NO_SOURCE })
    }

    /// Boolean: true if `condition` holds (only what [`Number`] makes).
    pub fn test(&mut self, condition: Condition) -> &mut Self {
        let op = match condition.op {
            condition::ANY => source::ANY,
            condition::EQUAL => source::EQUAL,
            _ => panic!("a boolean column tests bits or equality"),
        };
        let Condition { place, mask, value, .. } = condition;
        self.source(Source { op, place, mask, value, ..NO_SOURCE })
    }

    /// Boolean: true if one of `conditions` holds.
    pub fn test_any(&mut self, conditions: &[Condition]) -> &mut Self {
        for &when in conditions {
            self.source(Source { op: source::NUMBER, place: constant_place(1), when, ..NO_SOURCE });
        }
        self
    }

    /// Holds the index in `table` of the first entry that `number` matches; 0 if it matches none.
    pub fn code(&mut self, number: Number, table: &[Bit]) -> &mut Self {
        for (index, bit) in table.iter().enumerate() {
            let when = Condition {
                op: condition::EQUAL,
                place: number.0,
                mask: bit.mask,
                value: bit.value,
            };
            let place = constant_place(index as u32);
            self.source(Source { op: source::NUMBER, place, when, ..NO_SOURCE });
        }
        self
    }

    /// Holds the string behind argument `argument`, with its NUL.
    pub fn string(&mut self, argument: u8) -> &mut Self {
        self.string_up_to(argument, PATH_MAX)
    }

    /// As [`Self::string`], at most `limit` bytes of it.
    pub fn string_up_to(&mut self, argument: u8, limit: u64) -> &mut Self {
        let (op, address, when) = (fetch::STRING, arg(argument).0, self.when);
        let index = self.declaration.fetch(Fetch { op, address, limit, when, ..NO_FETCH });
        self.source(Source { op: source::BYTES, value: index.into(), ..NO_SOURCE })
    }

    /// Holds what the program passes behind argument `argument`, `length` bytes of which the kernel
    /// took as many as it returned.
    pub fn input(&mut self, argument: u8, length: Number) -> &mut Self {
        let index = self.bytes_behind(argument, length, Moment::Before);
        self.payload();
        self.source(Source {
            op: source::BYTES,
            place: ret().0,
            value: index,
            when: SUCCESS,
            ..NO_SOURCE
        })
    }

    /// As [`Self::input`], where the kernel takes all or nothing and returns no length.
    pub fn input_whole(&mut self, argument: u8, length: Number) -> &mut Self {
        let index = self.bytes_behind(argument, length, Moment::Before);
        self.source(Source { op: source::BYTES, value: index, ..NO_SOURCE })
    }

    /// Holds what the kernel fills in behind argument `argument`: `length` bytes.
    pub fn output(&mut self, argument: u8, length: Number) -> &mut Self {
        let index = self.bytes_behind(argument, length, Moment::After);
        self.compared();
        if length.0 == ret().0 {
            self.payload();
        }
        self.source(Source { op: source::BYTES, value: index, ..NO_SOURCE })
    }

    /// Holds what the kernel fills in behind argument `argument`, where the number behind argument
    /// `length` is the room there is, and after the call how much there was to fill in.
    pub fn output_filled(&mut self, argument: u8, length: u8) -> &mut Self {
        let word = |index| Place { index, width: 4, ..FETCHED_WORD };
        let room = word(self.declaration.memory(length, Moment::Before, 4, self.when));
        let filled = word(self.declaration.memory(length, Moment::After, 4, self.when));
        let index = self.bytes_behind(argument, Number(room), Moment::After);
        self.compared();
        let place = Place { signed: RESOLVED, ..filled };
        self.source(Source { op: source::BYTES, place, value: index, when: SUCCESS, ..NO_SOURCE })
    }

    /// Holds the bytes behind the pointer that stands `pointer` bytes into the memory behind argument
    /// `argument`, as many as the number there says at `moment`: its offset and width in bytes.
    pub fn behind(
        &mut self,
        argument: u8,
        pointer: u32,
        (length, width): (u32, u32),
        moment: Moment,
    ) -> &mut Self {
        let d = &mut self.declaration;
        let before = d.memory(argument, Moment::Before, pointer.max(length) + 8, ALWAYS);
        let lengths = match moment {
            Moment::Before => before,
            Moment::After => d.memory(argument, moment, length + width, ALWAYS),
        };
        let length = Place { index: lengths, offset: length, width: width as u8, ..FETCHED_WORD };
        let bytes = Fetch {
            op: fetch::BYTES,
            address: Place { index: before, offset: pointer, ..FETCHED_WORD },
            length: Place { signed: 0, ..length },
            limit: LONGEST_BEHIND,
            ..NO_FETCH
        };
        let index = d.fetch_at(moment, bytes);
        self.source(Source { op: source::BYTES, value: index.into(), ..NO_SOURCE })
    }

    /// Holds the bytes behind argument `argument`, as many as `sizes` says for `number`.
    pub fn sized(&mut self, argument: u8, number: Number, sizes: &[Size]) -> &mut Self {
        for size in sizes {
            self.when(number.is(size.number));
            let length = Number(constant_place(size.length));
            let index = self.bytes_behind(argument, length, size.moment);
            self.source(Source { op: source::BYTES, value: index, ..NO_SOURCE });
        }
        self
    }

    /// Holds the size that `sizes` has for `number`.
    pub fn size(&mut self, number: Number, sizes: &[Size]) -> &mut Self {
        for size in sizes {
            self.when(number.is(size.number));
            let place = constant_place(size.length);
            self.source(Source { op: source::NUMBER, place, ..NO_SOURCE });
        }
        self
    }

    fn bytes_behind(&mut self, argument: u8, length: Number, moment: Moment) -> u64 {
        self.not_of_a_failure(moment);
        let (op, address, when) = (fetch::BYTES, arg(argument).0, self.when);
        let bytes = Fetch { op, address, length: length.0, when, ..NO_FETCH };
        self.declaration.fetch_at(moment, bytes).into()
    }

    /// A condition takes the place of the call's success in what follows, so that a failure has to be told
    /// apart before.
    fn not_of_a_failure(&mut self, moment: Moment) {
        if moment == Moment::After && self.when != ALWAYS {
            self.unless(FAILURE);
        }
    }

    /// Holds the number in memory behind argument `argument`, `offset` bytes in.
    pub fn memory(&mut self, argument: u8, moment: Moment, offset: u32) -> &mut Self {
        let width = self.width;
        self.memory_of_width(argument, moment, offset, width)
    }

    /// As [`Self::memory`], `width` bytes wide in the program whatever the column's width is.
    pub fn memory_of_width(
        &mut self,
        argument: u8,
        moment: Moment,
        offset: u32,
        width: u32,
    ) -> &mut Self {
        let place = self.place(argument, moment, offset, width);
        self.source(Source { op: source::NUMBER, place, ..NO_SOURCE })
    }

    /// As [`Self::memory`], through another pointer: the one that stands `via` bytes into the memory behind
    /// argument `argument`.
    pub fn memory_via(&mut self, argument: u8, via: u32, moment: Moment, offset: u32) -> &mut Self {
        self.not_of_a_failure(moment);
        let (width, when) = (self.width, self.when);
        let index = self.declaration.memory(argument, Moment::Before, via + 8, ALWAYS);
        let address = Place { index, offset: via, ..FETCHED_WORD };
        let index = self.declaration.memory_at(address, moment, offset + width, when);
        let place =
            Place { kind: place::MEMORY, index, width: width as u8, signed: RESOLVED, offset };
        self.source(Source { op: source::NUMBER, place, ..NO_SOURCE })
    }

    /// Boolean: true if all bits of `mask` are set in the number of `width` bytes behind `argument`.
    pub fn memory_bit(
        &mut self,
        argument: u8,
        moment: Moment,
        offset: u32,
        width: u32,
        mask: u64,
    ) -> &mut Self {
        let place = self.place(argument, moment, offset, width);
        self.source(Source { op: source::EQUAL, place, mask, value: mask, ..NO_SOURCE })
    }

    /// Holds the `struct timespec` behind argument `argument`, `offset` bytes in.
    pub fn timespec(&mut self, argument: u8, moment: Moment, offset: u32) -> &mut Self {
        let place = self.place(argument, moment, offset, 16);
        self.source(Source { op: source::TIMESPEC, place, ..NO_SOURCE })
    }

    /// Holds the `struct timeval` behind argument `argument`, `offset` bytes in.
    pub fn timeval(&mut self, argument: u8, moment: Moment, offset: u32) -> &mut Self {
        let place = self.place(argument, moment, offset, 16);
        self.source(Source { op: source::TIMEVAL, place, ..NO_SOURCE })
    }

    /// Holds the `time_t` behind argument `argument`, `offset` bytes in.
    pub fn seconds(&mut self, argument: u8, moment: Moment, offset: u32) -> &mut Self {
        let place = self.place(argument, moment, offset, 8);
        self.source(Source { op: source::SECONDS, place, ..NO_SOURCE })
    }

    fn place(&mut self, argument: u8, moment: Moment, offset: u32, width: u32) -> Place {
        self.not_of_a_failure(moment);
        let index = self.declaration.memory(argument, moment, offset + width, self.when);
        Place { kind: place::MEMORY, index, width: width.min(8) as u8, signed: RESOLVED, offset }
    }

    /// In element rows: the length that the program gave.
    pub fn element_length(&mut self) -> &mut Self {
        self.declared().elements.push(Source { op: source::ELEMENT_LENGTH, ..NO_SOURCE });
        self
    }

    /// In element rows: the signed number of `width` bytes, `offset` bytes into the structure.
    pub fn member(&mut self, offset: u32, width: u32) -> &mut Self {
        let place = member(offset, width as u8).0;
        self.declared().elements.push(Source { op: source::NUMBER, place, ..NO_SOURCE });
        self
    }

    /// As [`Self::member`], as wide as the column is.
    pub fn member_at(&mut self, offset: u32) -> &mut Self {
        let width = self.width;
        self.member(offset, width)
    }

    /// In element rows: where the structure is in the program's memory.
    pub fn element_address(&mut self) -> &mut Self {
        self.declared().elements.push(Source { op: source::ELEMENT_ADDRESS, ..NO_SOURCE });
        self
    }

    /// In element rows: the bytes.
    pub fn element_bytes(&mut self) -> &mut Self {
        self.payload();
        self.declared().elements.push(Source { op: source::ELEMENT_BYTES, ..NO_SOURCE });
        self
    }

    /// In element rows: the bytes of the buffer that `item` says of the same structures.
    pub fn beside(&mut self, item: Item) -> &mut Self {
        // Where the structures are is said with the rows.
        let fetch = self.declaration.fetch(Fetch { op: fetch::STRUCTURES, item, ..NO_FETCH });
        let place = constant_place(item.size + item.via_size);
        let source = Source { op: source::BESIDE, place, value: fetch.into(), ..NO_SOURCE };
        self.declared().elements.push(source);
        self
    }
}
