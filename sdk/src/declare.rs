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

mod column;
mod item;
mod meaning;
mod number;
mod size;

use std::mem::offset_of;

use abi::{
    Bit, Column, Condition, Fetch, Item, List, Place, RowRule, Source, Text, compare, fetch, place,
    rows, source,
};

use crate::value::Value;

use column::{NO_FETCH, NO_SOURCE};
use number::{FETCHED_WORD, NOWHERE, RESOLVED, constant_place};

pub use column::ColumnDeclaration;
pub use item::{behind_pointers, item, of_vectors, up_to, via, with_buffer};
pub use number::{
    ALWAYS, FAILURE, NEVER, Number, SUCCESS, arg, behind, bit, bits_of, constant, member, ret,
    ret_times, times, value_of,
};
pub use size::{Moment, Size, filled, items_filled, items_passed, passed, size_of};

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
    /// Whether the plugin says that it isn't to be compared.
    is_never_compared: bool,
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
            is_never_compared: false,
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
        let op = fetch::VECTORS;
        let fetch = self.fetch_at(moment, Fetch { op, address, length: count, ..NO_FETCH });
        if moment == Moment::After {
            self.compare_element_bytes();
        }
        self.rows_of(fetch, number);
    }

    /// What the kernel fills in is compared, unless the plugin says otherwise.
    fn compare_element_bytes(&mut self) {
        let is_bytes = |source: &Source| source.op == source::ELEMENT_BYTES;
        for declared in &mut self.columns {
            if declared.elements.iter().any(is_bytes) && !declared.is_never_compared {
                declared.column.compare = compare::EQUAL;
            }
        }
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
        let (op, address, length) = (fetch::STRUCTURES, arg(argument).0, count.0);
        let fetch = self.fetch_at(moment, Fetch { op, address, length, item, ..NO_FETCH });
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
        self.fetch(Fetch { op: fetch::STRINGS, address: arg(argument).0, ..NO_FETCH });
    }

    /// The fetch of `length` bytes behind `argument` at `moment`, if `when` holds: the one that is there,
    /// made long enough, or a new one.
    fn memory(&mut self, argument: u8, moment: Moment, length: u32, when: Condition) -> u8 {
        self.memory_at(arg(argument).0, moment, length, when)
    }

    fn memory_at(&mut self, address: Place, moment: Moment, length: u32, when: Condition) -> u8 {
        let wanted =
            Fetch { op: fetch::BYTES, address, length: constant_place(length), when, ..NO_FETCH };
        let wanted = moment.of(wanted);
        let same = |fetch: &Fetch| {
            Fetch { length: wanted.length, ..*fetch } == wanted
                && fetch.length.kind == place::CONSTANT
        };
        if let Some(index) = self.fetches.iter().position(same) {
            let fetch = &mut self.fetches[index];
            fetch.length.offset = fetch.length.offset.max(length);
            return index as u8;
        }
        self.fetch(wanted) as u8
    }

    /// Adds `fetch`, which happens at `moment`; returns its number.
    fn fetch_at(&mut self, moment: Moment, fetch: Fetch) -> u32 {
        self.fetch(moment.of(fetch))
    }

    /// Adds `fetch`; returns its number.
    fn fetch(&mut self, fetch: Fetch) -> u32 {
        self.fetches.push(fetch);
        (self.fetches.len() - 1) as u32
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
