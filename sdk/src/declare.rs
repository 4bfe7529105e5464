//! How a declaration is put together: the functions that the derives call, and the small language of
//! places and conditions that attributes are written in.
//!
//! ```
//! use sdk::declare::{arg, ret};
//!
//! let creates = arg(2).any(libc::O_CREAT);        // flags & O_CREAT != 0
//! let duplicates = arg(1).is(libc::F_DUPFD);      // cmd == F_DUPFD
//! let end_of_file = ret().is(0);
//! ```

use std::mem::offset_of;

use abi::{
    Bit, Column, Condition, Fetch, Item, List, Place, RowRule, Source, Text, compare, condition,
    display, fetch, place, rows, source,
};

use crate::value::Value;

/// Longest path that is captured, with its NUL (PATH_MAX).
const PATH_MAX: u64 = 4096;

/// Most bytes that are captured behind a pointer in a structure: names and control messages.
const LONGEST_BEHIND: u64 = 64 << 10;

/// Argument `number` of the call, from 0.
pub const fn arg(number: u8) -> Number {
    Number(Place { kind: place::ARGUMENT, index: number, ..NOWHERE })
}

/// The call's return value; −1 on failure.
pub const fn ret() -> Number {
    Number(Place { kind: place::RETURN, ..NOWHERE })
}

/// The number in memory behind argument `argument`, `offset` bytes in and `width` bytes wide. The
/// record must have another attribute that fetches that memory.
pub const fn behind(argument: u8, offset: u32, width: u8) -> Number {
    Number(Place { kind: place::MEMORY, index: argument, width, signed: 1, offset })
}

/// The signed number of `width` bytes, `offset` bytes into the structure that an element row is about.
pub const fn member(offset: u32, width: u8) -> Number {
    Number(Place { kind: place::ELEMENT, index: 0, width, signed: 1, offset })
}

/// The `count` bits of argument `number` from bit `first` on.
pub const fn bits_of(number: u8, first: u32, count: u8) -> Number {
    let kind = place::ARGUMENT_BITS;
    Number(Place { kind, index: number, width: count, signed: 0, offset: first })
}

/// Argument `number`, `factor` times.
pub const fn times(number: u8, factor: u32) -> Number {
    Number(Place { kind: place::ARGUMENT_TIMES, index: number, offset: factor, ..NOWHERE })
}

/// The return value, `factor` times; −1 on failure.
pub const fn ret_times(factor: u32) -> Number {
    Number(Place { kind: place::RETURN_TIMES, offset: factor, ..NOWHERE })
}

/// A structure of `size` bytes in an array.
pub const fn item(size: usize) -> Item {
    Item { size: size as u32, ..Item::NONE }
}

/// The same, where the array is one of pointers.
pub const fn behind_pointers(of: Item) -> Item {
    Item { flags: of.flags | abi::item::BEHIND_POINTERS, ..of }
}

/// The same with a buffer, whose pointer and length stand at these offsets, if `when` holds.
pub const fn with_buffer(of: Item, pointer: usize, length: usize, when: Condition) -> Item {
    let flags = of.flags | abi::item::HAS_BUFFER;
    Item { flags, pointer: pointer as u32, length: length as u32, when, ..of }
}

/// The same, where the buffer's pointer stands in another structure, of `size` bytes, whose own pointer
/// stands at `pointer`. That structure's members are behind those of the first one.
pub const fn via(of: Item, pointer: usize, size: usize) -> Item {
    let flags = of.flags | abi::item::VIA;
    Item { flags, via: pointer as u32, via_size: size as u32, ..of }
}

/// The same, where the buffer is one of I/O vectors, whose bytes are put together, up to `limit` of them.
pub const fn of_vectors(of: Item, limit: Number) -> Item {
    Item { flags: of.flags | abi::item::IS_VECTORS, limit: limit.0, ..of }
}

/// The same, where no more than `limit` bytes of the buffer are there.
pub const fn up_to(of: Item, limit: Number) -> Item {
    Item { limit: limit.0, ..of }
}

const NOWHERE: Place = Place { kind: place::NONE, index: 0, width: 0, signed: 0, offset: 0 };

/// Always.
pub const ALWAYS: Condition =
    Condition { op: condition::ALWAYS, place: NOWHERE, mask: 0, value: 0 };

/// Never.
pub const NEVER: Condition = Condition { op: condition::NEVER, place: NOWHERE, mask: 0, value: 0 };

/// If the call succeeded.
pub const SUCCESS: Condition =
    Condition { op: condition::SUCCESS, place: NOWHERE, mask: 0, value: 0 };

/// If the call failed.
pub const FAILURE: Condition =
    Condition { op: condition::FAILURE, place: NOWHERE, mask: 0, value: 0 };

/// A number that a captured call holds, to be compared.
#[derive(Clone, Copy, Debug)]
pub struct Number(Place);

impl Number {
    /// If its low 32 bits are `value`.
    pub const fn is(self, value: i32) -> Condition {
        let (mask, value) = (u32::MAX as u64, value as u32 as u64);
        Condition { op: condition::EQUAL, place: self.0, mask, value }
    }

    /// If one of the bits of `mask` is set.
    pub const fn any(self, mask: i32) -> Condition {
        Condition { op: condition::ANY, place: self.0, mask: mask as u32 as u64, value: 0 }
    }

    /// If all the bits of `mask` are set.
    pub const fn all(self, mask: i32) -> Condition {
        let mask = mask as u32 as u64;
        Condition { op: condition::EQUAL, place: self.0, mask, value: mask }
    }

    /// If the bits of `mask` are `value`.
    pub const fn has(self, mask: u32, value: u32) -> Condition {
        let (mask, value) = (mask as u64, value as u64);
        Condition { op: condition::EQUAL, place: self.0, mask, value }
    }

    /// If the bits of `mask` are not `value`.
    pub const fn is_not(self, mask: u32, value: u32) -> Condition {
        let (mask, value) = (mask as u64, value as u64);
        Condition { op: condition::NOT_EQUAL, place: self.0, mask, value }
    }

    /// If it is one of `values`, each below 64.
    pub const fn one_of(self, values: &[i32]) -> Condition {
        let mut mask = 0;
        let mut i = 0;
        while i < values.len() {
            assert!(values[i] >= 0 && values[i] < 64, "one_of takes values from 0 to 63");
            mask |= 1 << values[i];
            i += 1;
        }
        Condition { op: condition::ONE_OF, place: self.0, mask, value: 0 }
    }
}

/// Names a bit or value: `bit("flag_append", "O_APPEND", libc::O_APPEND)` is a boolean column that is
/// true when all bits of the mask are set.
pub const fn bit(column: &'static str, name: &'static str, mask: i64) -> Bit {
    value_of(column, name, mask, mask)
}

/// As [`bit`], for a value of some of the bits: `O_RDONLY` is the value 0 of `O_ACCMODE`.
pub const fn value_of(column: &'static str, name: &'static str, mask: i64, value: i64) -> Bit {
    Bit {
        column: Text::new(column),
        name: Text::new(name),
        mask: mask as u64,
        value: value as u64,
        when: ALWAYS,
    }
}

/// As [`bit`], for a value of the whole (32-bit) number.
pub const fn constant(column: &'static str, name: &'static str, value: i64) -> Bit {
    value_of(column, name, u32::MAX as i64, value)
}

/// When memory is copied from the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// When the call is entered.
    Before,
    /// When it returns, if it succeeded.
    After,
}

/// How many bytes stand behind a pointer if another number of the call is a certain one.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    number: i32,
    length: u32,
    moment: Moment,
}

/// The length that `sizes` has for `number`; 0 if it has none.
pub fn size_of(sizes: &[Size], number: i32) -> u32 {
    sizes.iter().find(|size| size.number == number).map_or(0, |size| size.length)
}

/// If the number is `number`, the program passes `length` bytes.
pub const fn passed(number: i32, length: u32) -> Size {
    Size { number, length, moment: Moment::Before }
}

/// If the number is `number`, the kernel fills in `length` bytes.
pub const fn filled(number: i32, length: u32) -> Size {
    Size { number, length, moment: Moment::After }
}

/// The program passes as many items of `size` bytes as the number says, up to 16 of them.
pub const fn items_passed(size: u32) -> [Size; 16] {
    items(passed(1, size))
}

/// The kernel fills in as many items of `size` bytes as the number says, up to 16 of them.
pub const fn items_filled(size: u32) -> [Size; 16] {
    items(filled(1, size))
}

const fn items(one: Size) -> [Size; 16] {
    let mut sizes = [one; 16];
    let mut i = 0;
    while i < sizes.len() {
        sizes[i].number = i as i32 + 1;
        sizes[i].length = one.length * (i as u32 + 1);
        i += 1;
    }
    sizes
}

/// The columns and fetches of one record type, as they are put together.
pub struct Declaration {
    columns: Vec<Declared>,
    fetches: Vec<Fetch>,
    rows: RowRule,
}

struct Declared {
    column: Column,
    sources: Vec<Source>,
    elements: Vec<Source>,
    bits: Vec<Bit>,
}

impl Declaration {
    pub(crate) fn new() -> Self {
        let rows = RowRule { op: rows::SINGLE, number: 0, fetch: 0, extra: 0 };
        Self { columns: Vec::new(), fetches: Vec::new(), rows }
    }

    /// Adds column `name` of the type of `T`.
    pub fn column<'t, T: Value<'t>>(&mut self, name: &'static str) -> ColumnDeclaration<'_> {
        let index = self.columns.len();
        self.columns.push(Declared {
            column: Column {
                name: Text::new(name),
                kind: T::KIND,
                size: 0,
                nullable: T::NULLABLE.into(),
                role: T::ROLE,
                sources: List::new(&[]),
                elements: List::new(&[]),
                compare: compare::NONE,
                display: T::DISPLAY,
                compare_when: ALWAYS,
                bits: List::new(&[]),
                added: 0,
                extra: [0; 3],
            },
            sources: Vec::new(),
            elements: Vec::new(),
            bits: Vec::new(),
        });
        ColumnDeclaration { declaration: self, index, width: T::WIDTH, when: ALWAYS }
    }

    /// The rows after the first are the I/O vectors of argument `argument`, as many as argument
    /// `count` says; column `number` counts them from 0, and holds −1 in the first row.
    pub fn vectors(&mut self, argument: u8, count: u8, moment: Moment, number: &'static str) {
        self.vectors_at(arg(argument).0, arg(count).0, moment, number);
    }

    /// As [`Self::vectors`], for those of the `struct msghdr` behind argument `argument`.
    pub fn message_vectors(&mut self, argument: u8, moment: Moment, number: &'static str) {
        let vectors = offset_of!(libc::msghdr, msg_iov) as u32;
        let count = offset_of!(libc::msghdr, msg_iovlen) as u32;
        let message = self.memory(argument, Moment::Before, count + 8, ALWAYS);
        let word = |offset| Place { index: message, offset, ..FETCHED_WORD };
        self.vectors_at(word(vectors), word(count), moment, number);
    }

    fn vectors_at(&mut self, address: Place, count: Place, moment: Moment, number: &'static str) {
        let fetch = self.fetches.len() as u32;
        self.fetches.push(Fetch {
            op: fetch::VECTORS,
            at_exit: (moment == Moment::After).into(),
            address,
            length: count,
            limit: 0,
            when: moment.condition(ALWAYS),
            item: Item::NONE,
        });
        self.rows_of(fetch, number);
    }

    /// The rows after the first are the structures behind argument `argument`, `count` of them; column
    /// `number` counts them from 0, and holds −1 in the first row.
    pub fn structures(
        &mut self,
        argument: u8,
        count: Number,
        item: Item,
        moment: Moment,
        number: &'static str,
    ) {
        let fetch = self.fetches.len() as u32;
        self.fetches.push(Fetch {
            op: fetch::STRUCTURES,
            at_exit: (moment == Moment::After).into(),
            address: arg(argument).0,
            length: count.0,
            limit: 0,
            when: moment.condition(ALWAYS),
            item,
        });
        let rows = self.fetches[fetch as usize];
        for beside in self.fetches.iter_mut().filter(|fetch| fetch.address == NOWHERE) {
            *beside = Fetch { item: beside.item, ..rows };
        }
        self.rows_of(fetch, number);
    }

    fn rows_of(&mut self, fetch: u32, number: &'static str) {
        let column = self.columns.len() as u32;
        let head = Source { op: source::NUMBER, place: constant_place(u32::MAX), ..NO_SOURCE };
        let element = Source { op: source::ELEMENT_NUMBER, ..NO_SOURCE };
        let column_declaration = self.column::<i32>(number);
        let declared = &mut column_declaration.declaration.columns[column_declaration.index];
        declared.sources.push(Source { mask: u32::MAX.into(), ..head });
        declared.elements.push(element);
        self.rows = RowRule { op: rows::HEAD_FIRST, number: column, fetch, extra: 0 };
    }

    /// The call writes its rows itself: numbered from 0 by column `number`, the last one with −1.
    pub fn tail_last(&mut self, number: &'static str) {
        let number = self.columns.iter().position(|declared| {
            // SAFETY: the text is one of ours, made from a `&'static str`.
            unsafe { declared.column.name.bytes() == number.as_bytes() }
        });
        let number = number.expect("the numbering column is declared before it is named") as u32;
        self.rows = RowRule { op: rows::TAIL_LAST, number, fetch: 0, extra: 0 };
    }

    /// Copies the NULL-terminated array of strings behind argument `argument`.
    pub fn strings(&mut self, argument: u8) {
        self.fetches.push(Fetch {
            op: fetch::STRINGS,
            at_exit: 0,
            address: arg(argument).0,
            length: NOWHERE,
            limit: 0,
            when: ALWAYS,
            item: Item::NONE,
        });
    }

    /// The fetch of `length` bytes behind `argument` at `moment`, if `when` holds: the one that is there,
    /// made long enough, or a new one.
    fn memory(&mut self, argument: u8, moment: Moment, length: u32, when: Condition) -> u8 {
        self.memory_at(arg(argument).0, moment, length, when)
    }

    fn memory_at(&mut self, address: Place, moment: Moment, length: u32, when: Condition) -> u8 {
        let at_exit = u32::from(moment == Moment::After);
        let when = moment.condition(when);
        let same = |fetch: &Fetch| {
            fetch.op == fetch::BYTES
                && fetch.address == address
                && fetch.at_exit == at_exit
                && fetch.length.kind == place::CONSTANT
                && fetch.when == when
        };
        if let Some(index) = self.fetches.iter().position(same) {
            let fetch = &mut self.fetches[index];
            fetch.length.offset = fetch.length.offset.max(length);
            return index as u8;
        }
        self.fetches.push(Fetch {
            op: fetch::BYTES,
            at_exit,
            address,
            length: constant_place(length),
            limit: 0,
            when,
            item: Item::NONE,
        });
        (self.fetches.len() - 1) as u8
    }

    /// The finished parts, for as long as the process lives.
    pub(crate) fn leak(mut self) -> (List<Column>, List<Fetch>, RowRule) {
        // Conditions name the memory by its argument, since a fetch has no number yet when they are
        // written.
        let fetches = self.fetches.clone();
        let resolve = |place: &mut Place| {
            if place.kind == place::MEMORY && place.signed != RESOLVED {
                let behind = arg(place.index).0;
                let fetched = |fetch: &Fetch| fetch.address == behind && fetch.op == fetch::BYTES;
                place.index = fetches
                    .iter()
                    .position(fetched)
                    .expect("a condition looks at memory that an attribute fetches")
                    as u8;
            }
            if place.signed == RESOLVED {
                place.signed = 1;
            }
        };
        for fetch in &mut self.fetches {
            resolve(&mut fetch.when.place);
        }
        for declared in &mut self.columns {
            for source in declared.sources.iter_mut().chain(&mut declared.elements) {
                resolve(&mut source.place);
                resolve(&mut source.when.place);
            }
            for bit in &mut declared.bits {
                resolve(&mut bit.when.place);
            }
            resolve(&mut declared.column.compare_when.place);
        }
        let columns = self.columns.into_iter().map(|declared| Column {
            sources: List::new(declared.sources.leak()),
            elements: List::new(declared.elements.leak()),
            bits: List::new(declared.bits.leak()),
            ..declared.column
        });
        let columns = List::new(columns.collect::<Vec<_>>().leak());
        (columns, List::new(self.fetches.leak()), self.rows)
    }
}

/// Marks a place whose index is the number of a fetch already.
const RESOLVED: u8 = 2;

/// The signed word at the start of what fetch 0 brought: for those that name the fetch themselves.
const FETCHED_WORD: Place = Place { kind: place::MEMORY, index: 0, width: 8, signed: 1, offset: 0 };

const NO_SOURCE: Source =
    Source { op: source::NONE, place: NOWHERE, mask: 0, value: 0, when: ALWAYS };

const fn constant_place(value: u32) -> Place {
    Place { kind: place::CONSTANT, offset: value, ..NOWHERE }
}

impl Moment {
    /// When memory is copied of which `when` says when it means something.
    fn condition(self, when: Condition) -> Condition {
        if self == Self::After && when == ALWAYS { SUCCESS } else { when }
    }
}

/// A column that is being declared.
pub struct ColumnDeclaration<'d> {
    declaration: &'d mut Declaration,
    index: usize,
    width: u32,
    /// When what comes next applies.
    when: Condition,
}

impl ColumnDeclaration<'_> {
    fn declared(&mut self) -> &mut Declared {
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
        let index = self.declaration.fetches.len() as u64;
        self.declaration.fetches.push(Fetch {
            op: fetch::STRING,
            at_exit: 0,
            address: arg(argument).0,
            length: NOWHERE,
            limit,
            when: self.when,
            item: Item::NONE,
        });
        self.source(Source { op: source::BYTES, value: index, ..NO_SOURCE })
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
        let index = d.fetches.len() as u64;
        let length = Place { index: lengths, offset: length, width: width as u8, ..FETCHED_WORD };
        d.fetches.push(Fetch {
            op: fetch::BYTES,
            at_exit: (moment == Moment::After).into(),
            address: Place { index: before, offset: pointer, ..FETCHED_WORD },
            length: Place { signed: 0, ..length },
            limit: LONGEST_BEHIND,
            when: moment.condition(ALWAYS),
            item: Item::NONE,
        });
        self.source(Source { op: source::BYTES, value: index, ..NO_SOURCE })
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
        let index = self.declaration.fetches.len() as u64;
        self.declaration.fetches.push(Fetch {
            op: fetch::BYTES,
            at_exit: (moment == Moment::After).into(),
            address: arg(argument).0,
            length: length.0,
            limit: 0,
            when: moment.condition(self.when),
            item: Item::NONE,
        });
        index
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

    /// The number says, as flags of clone(2), what a new task shares with its creator.
    pub fn shares(&mut self) -> &mut Self {
        self.declared().column.role = abi::role::SHARES;
        self
    }

    /// Holds the path of a name that the call makes.
    pub fn makes(&mut self) -> &mut Self {
        self.declared().column.role = abi::role::MADE_PATH;
        self
    }

    /// Holds the path of a name that the call takes away.
    pub fn removes(&mut self) -> &mut Self {
        self.declared().column.role = abi::role::REMOVED_PATH;
        self
    }

    /// Holds a descriptor that data is taken from and no more.
    pub fn taken_from(&mut self) -> &mut Self {
        self.declared().column.role = abi::role::SOURCE;
        self
    }

    /// Holds the user or group that a file belongs to.
    pub fn owner(&mut self) -> &mut Self {
        self.declared().column.role = abi::role::OWNER;
        self
    }

    /// Holds the text of a symbolic link.
    pub fn target(&mut self) -> &mut Self {
        self.declared().column.role = abi::role::TARGET;
        self
    }

    /// Holds a string of the environment.
    pub fn environment(&mut self) -> &mut Self {
        self.declared().column.role = abi::role::ENVIRONMENT;
        self
    }

    /// Holds data that is moved, unless its type says that it is something else.
    fn payload(&mut self) {
        let role = &mut self.declared().column.role;
        if *role == abi::role::NONE {
            *role = abi::role::PAYLOAD;
        }
    }

    /// The original schema's type doesn't have this column.
    pub fn added(&mut self) -> &mut Self {
        self.declared().column.added = 1;
        self
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
        let fetch = self.declaration.fetches.len() as u64;
        // Where the structures are is said with the rows.
        let (op, address) = (fetch::STRUCTURES, NOWHERE);
        let (length, when) = (NOWHERE, ALWAYS);
        self.declaration.fetches.push(Fetch {
            op,
            at_exit: 0,
            address,
            length,
            limit: 0,
            when,
            item,
        });
        let place = constant_place(item.size + item.via_size);
        let source = Source { op: source::BESIDE, place, value: fetch, ..NO_SOURCE };
        self.declared().elements.push(source);
        self
    }

    /// Names the bits, and makes boolean columns of them.
    pub fn bits(&mut self, bits: &[Bit]) -> &mut Self {
        self.bits_when(bits, ALWAYS)
    }

    /// As [`Self::bits`], where the number means them only if `condition` holds.
    pub fn bits_when(&mut self, bits: &[Bit], condition: Condition) -> &mut Self {
        let declared = self.declared();
        if declared.column.display == display::PLAIN {
            declared.column.display = display::FLAGS;
        }
        declared.bits.extend(bits.iter().map(|bit| Bit { when: condition, ..*bit }));
        self
    }

    /// Shows the number as `display`, one of [`abi::display`].
    pub fn shown(&mut self, display: u32) -> &mut Self {
        self.declared().column.display = display;
        self
    }

    /// Compared when data is verified.
    pub fn compared(&mut self) -> &mut Self {
        self.declared().column.compare = compare::EQUAL;
        self
    }

    /// Never compared: what the column holds is expected to change.
    pub fn not_compared(&mut self) -> &mut Self {
        self.declared().column.compare = compare::NONE;
        self
    }

    /// Compared only if `condition` holds for the replayed call.
    pub fn compared_when(&mut self, condition: Condition) -> &mut Self {
        self.declared().column.compare_when = condition;
        self.compared()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fetches of `declaration`.
    fn fetches(declaration: Declaration) -> &'static [Fetch] {
        let (_, fetches, _) = declaration.leak();
        // SAFETY: the list was leaked, so it stays.
        unsafe { fetches.items() }
    }

    #[test]
    fn the_vectors_of_a_message_are_found_through_its_header() {
        let mut d = Declaration::new();
        d.message_vectors(1, Moment::After, "iov_number");
        let [header, vectors] = fetches(d) else { panic!("there are two fetches") };
        assert_eq!((header.at_exit, header.address), (0, arg(1).0));
        assert_eq!((vectors.op, vectors.at_exit), (fetch::VECTORS, 1));
        let word = |offset| Place { offset, ..FETCHED_WORD };
        assert_eq!((vectors.address, vectors.length), (word(16), word(24)));
        assert!(header.length.offset >= 32, "both words are fetched");
    }

    #[test]
    fn memory_that_means_nothing_is_not_fetched() {
        let command = arg(1).is(6);
        let mut d = Declaration::new();
        d.column::<Option<i64>>("lock_start").when(command).memory(2, Moment::Before, 8);
        d.column::<Option<i64>>("lock_length").when(command).memory(2, Moment::Before, 16);
        d.column::<Option<i64>>("other").memory(2, Moment::Before, 0);
        let [conditional, other] = fetches(d) else { panic!("there are two fetches") };
        assert_eq!((conditional.when, conditional.length.offset), (command, 24));
        assert_eq!((other.when, other.length.offset), (ALWAYS, 8));
    }

    #[test]
    fn a_failed_call_filled_in_nothing_whatever_else_is_asked() {
        let mut d = Declaration::new();
        let command = arg(1).is(5);
        d.column::<Option<i32>>("lock_pid").when(command).memory(2, Moment::After, 24);
        let (columns, fetches, _) = d.leak();
        // SAFETY: the lists were leaked, so they stay.
        let (column, fetches) = unsafe { (columns.items()[0], fetches.items()) };
        assert_eq!(fetches[0].when, command);
        // SAFETY: as above.
        let sources = unsafe { column.sources.items() };
        let [nothing, number] = sources else { panic!("there are two sources") };
        assert_eq!((nothing.place, nothing.when), (NOWHERE, FAILURE));
        assert_eq!(number.when, command);
    }

    #[test]
    fn a_column_may_be_found_in_one_place_or_another() {
        use crate::Declared as _;
        use crate::prelude::*;

        const SETS: Condition = arg(1).one_of(&[6, 7]);

        #[derive(Record)]
        #[record(syscall = "fcntl")]
        struct Fcntl {
            #[before(2, width = 2, when = SETS)]
            #[after(2, width = 2, when = arg(1).is(5))]
            _lock_type: Option<i32>,
            #[arg(2)]
            #[when(arg(1).is(0), arg(1).is(4))]
            #[unless(FAILURE)]
            _argument_value: Option<i32>,
            #[holds(arg(2).is(1), when = arg(1).is(1024))]
            #[holds(ret().is(1), when = arg(1).is(1025))]
            _argument_lease_write: bool,
        }

        let mut d = Declaration::new();
        Fcntl::declare(&mut d);
        let (columns, ..) = d.leak();
        // SAFETY: the lists were leaked, so they stay.
        let whens = unsafe { columns.items() }.iter().map(|column| {
            // SAFETY: as above.
            let sources = unsafe { column.sources.items() };
            sources.iter().map(|source| source.when).collect::<Vec<_>>()
        });
        let expected = [
            vec![SETS, FAILURE, arg(1).is(5)],
            vec![FAILURE, arg(1).is(0), arg(1).is(4)],
            vec![arg(1).is(1024), arg(1).is(1025)],
        ];
        assert_eq!(whens.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_size_depends_on_another_number() {
        let mut d = Declaration::new();
        let sizes = [passed(7, 8), filled(9, 4)];
        d.column::<Option<&[u8]>>("ioctl_buffer").sized(2, arg(1), &sizes);
        let [seven, nine] = fetches(d) else { panic!("there are two fetches") };
        assert_eq!((seven.at_exit, seven.length, seven.when), (0, constant_place(8), arg(1).is(7)));
        assert_eq!((nine.at_exit, nine.length, nine.when), (1, constant_place(4), arg(1).is(9)));
        assert_eq!(items_passed(12)[15].length, 16 * 12);
    }

    #[test]
    fn a_pointer_in_memory_is_followed() {
        let mut d = Declaration::new();
        d.column::<i64>("flag_value").memory(0, Moment::Before, 0);
        let creates = behind(0, 0, 8).any(0x1000);
        d.column::<Option<i32>>("pidfd").when(creates).memory_via(0, 8, Moment::After, 0);
        let [structure, pidfd] = fetches(d) else { panic!("there are two fetches") };
        assert_eq!((structure.at_exit, structure.length.offset), (0, 16));
        assert_eq!((pidfd.at_exit, pidfd.length.offset), (1, 4));
        assert_eq!(pidfd.address, Place { offset: 8, ..FETCHED_WORD });
        assert_eq!(pidfd.when.place, behind(0, 0, 8).0, "fetch 0 is that of argument 0");
    }

    #[test]
    fn memory_that_a_call_only_asked_the_size_of_is_not_copied() {
        let mut d = Declaration::new();
        let asked_for = arg(3).is_not(u32::MAX, 0);
        d.column::<Option<&[u8]>>("value_read").when(asked_for).output(2, ret());
        d.column::<Option<&[u8]>>("xattr_name").when(asked_for).string(1);
        let (columns, fetches, _) = d.leak();
        // SAFETY: the lists were leaked, so they stay.
        let (columns, fetches) = unsafe { (columns.items(), fetches.items()) };
        assert_eq!([fetches[0].when, fetches[1].when], [asked_for; 2]);
        // SAFETY: as above.
        let whens = unsafe { columns[0].sources.items() }.iter().map(|source| source.when);
        assert_eq!(whens.collect::<Vec<_>>(), [FAILURE, asked_for], "null on failure");
    }

    #[test]
    fn no_more_is_fetched_than_there_was_room_for() {
        let mut d = Declaration::new();
        d.column::<Option<&[u8]>>("sockaddr_buffer").output_filled(1, 2);
        let [room, filled, bytes] = fetches(d) else { panic!("there are three fetches") };
        assert_eq!((room.at_exit, filled.at_exit, bytes.at_exit), (0, 1, 1));
        assert_eq!(bytes.length, Place { width: 4, ..FETCHED_WORD });
    }
}
