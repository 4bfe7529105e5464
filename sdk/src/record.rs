//! A record as a plugin sees it: a struct read from its rows.

use std::marker::PhantomData;

use crate::declare::Declaration;
use crate::value::{Cell, Value};
use crate::{Process, Replayed};

/// The type of [`Declared::ENCODE`].
pub type EncodeFn = unsafe extern "C" fn(*const abi::Event, *const abi::RowSink) -> u32;

/// What `#[derive(Record)]` says of a record type.
pub trait Declared {
    /// Name of the extent, without the common prefix.
    const EXTENT: &'static str;
    /// Kernel names of the system calls that are recorded in it; none for a record that no call of this
    /// machine makes.
    const SYSCALLS: &'static [&'static str];
    /// What the call returns; see [`abi::returns`].
    const RETURNS: u32 = abi::returns::NUMBER;
    /// When it returns that; a number otherwise.
    const RETURNS_WHEN: abi::Condition = crate::declare::ALWAYS;
    /// Whether the call can wait for what another process does.
    const BLOCKS: bool = false;
    /// Whether the call tells or sets which CPUs a task may use.
    const CPUS: bool = false;
    /// When the call only looks: it changes no file and no name.
    const LOOKS: abi::Condition = crate::declare::NEVER;
    /// Whether the call changes the working directory, the root or the umask.
    const CHANGES_FS: bool = false;
    /// Whether the call leaves its descriptors as they are, open and at the same place.
    const KEEPS_OFFSET: bool = false;
    /// What the call changes where it does more than look; see [`abi::changes`].
    const CHANGES: u32 = abi::changes::ANYTHING;
    /// Whether the call may need a right that the program had and a replay lacks.
    const PRIVILEGED: bool = false;
    /// Whether the record belongs to the moment at which the call was entered.
    const AT_ENTRY: bool = false;
    /// What the trace's first record says, if it is of this type; see [`abi::start`].
    const START: u32 = abi::start::NONE;
    /// Why a replay doesn't make the call, or empty.
    const SIMULATED: &'static str = "";
    /// Whether that is so of some of the calls only.
    const PARTLY: bool = false;
    /// Whether that is so where a replay has no network of its own, and the plugin decides where it has.
    const NETWORKED: bool = false;
    /// Classes that people select calls by; see [`abi::Call::classes`].
    const CLASSES: &'static [&'static str] = &[];
    /// Why a recorder refuses the call unless it is told to let it through, or empty.
    const REFUSED: &'static str = "";
    /// What a recorder doesn't see of the call, as many as it returns, or empty.
    const HIDES: &'static str = "";
    /// Writes the rows, where the columns can't say how; see [`abi::Call::encode`].
    const ENCODE: Option<EncodeFn> = None;

    /// What else a recorder must know that the call does; see [`abi::effect`].
    const EFFECTS: u32 = 0;
    /// When it does that.
    const EFFECTS_WHEN: abi::Condition = crate::declare::ALWAYS;

    /// Adds the columns and all that belongs to them.
    fn declare(declaration: &mut Declaration);
}

/// A record that can be read from the rows of a call.
pub trait Record<'t>: Declared + Sized {
    /// Takes the fields, in the order in which they were declared.
    fn read(fields: &mut Fields<'t>) -> Self;
}

/// The call again: made, and its outcome taken.
pub trait Replay<'t>: Record<'t> {
    /// Makes the call for `process`.
    ///
    /// # Errors
    /// Why the call isn't made; the recorded outcome stands then.
    fn replay(&self, process: &mut Process<'t>) -> Replayed;
}

/// The row of one item of an array argument, as `#[derive(Element)]` makes it.
pub trait Element<'t>: Sized {
    /// Number of columns.
    const COLUMNS: usize;

    /// The item's length as the program gave it.
    fn length(&self) -> i64;

    /// The item's bytes, as far as they were recorded.
    fn bytes(&self) -> Option<&'t [u8]>;

    /// Adds the columns.
    fn declare(declaration: &mut Declaration);

    /// Takes the fields of one row.
    fn read(fields: &mut Fields<'t>) -> Self;
}

/// The rows of the items of an array argument.
pub trait Elements {
    /// Adds their columns.
    fn declare(declaration: &mut Declaration);
}

impl<'t, E: Element<'t>> Elements for Rows<'t, E> {
    fn declare(declaration: &mut Declaration) {
        E::declare(declaration);
    }
}

/// Hands out the columns of a row, one after the other.
pub struct Fields<'t> {
    record: &'t abi::Record,
    row: usize,
    next: usize,
}

impl<'t> Fields<'t> {
    /// The columns of the first row.
    ///
    /// # Safety
    /// `record` must hold what [`abi::Record`] promises.
    pub unsafe fn new(record: &'t abi::Record) -> Self {
        assert!(record.row_count > 0, "a record has at least one row");
        Self { record, row: 0, next: 0 }
    }

    /// The next column.
    #[inline]
    pub fn take<T: Value<'t>>(&mut self) -> T {
        let index = self.next;
        self.next += 1;
        assert!(index < self.record.slot_count as usize, "the host binds every declared column");
        // SAFETY: the record has `slot_count` slots and `row_count` rows, `row` is below the latter,
        // and both are valid for `'t`.
        let cell =
            unsafe { Cell::new(&*self.record.slots.add(index), &*self.record.rows.add(self.row)) };
        T::read(cell)
    }

    /// Passes over `count` columns that nobody reads.
    pub fn skip(&mut self, count: usize) {
        self.next += count;
    }

    /// The rows after the first one.
    pub fn rows<E: Element<'t>>(&mut self) -> Rows<'t, E> {
        let first = self.next;
        self.next += E::COLUMNS;
        Rows { origin: Origin::Trace { record: self.record, first }, element: PhantomData }
    }
}

/// The rows after the first one.
pub struct Rows<'t, E> {
    origin: Origin<'t, E>,
    element: PhantomData<fn() -> E>,
}

enum Origin<'t, E> {
    Trace { record: &'t abi::Record, first: usize },
    Test(Vec<E>),
}

impl<'t, E: Element<'t> + Clone> Rows<'t, E> {
    /// Rows made by hand, for tests.
    pub fn of(elements: Vec<E>) -> Self {
        Self { origin: Origin::Test(elements), element: PhantomData }
    }

    /// The elements, in order.
    pub fn iter(&self) -> impl Iterator<Item = E> + '_ {
        let count = match &self.origin {
            Origin::Trace { record, .. } => record.row_count as usize - 1,
            Origin::Test(elements) => elements.len(),
        };
        (0..count).map(|index| match &self.origin {
            Origin::Trace { record, first } => {
                E::read(&mut Fields { record, row: index + 1, next: *first })
            }
            Origin::Test(elements) => elements[index].clone(),
        })
    }
}
