//! Traces made by hand: what no program would do, or what none does at will.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use dataseries::{
    Column, Compression, ExtentBuilder, ExtentType, FieldKind, Writer, WriterOptions,
};
use replay_core::registry::{PluginOptions, Registry};
use replay_schema::added::{Added, OVERLAP, STATE, TASK, state};
use replay_schema::common;

use crate::built::plugins;

/// A value of a column.
#[derive(Clone, Copy, Debug)]
pub enum Cell<'a> {
    /// Of a column of numbers or truth values.
    Number(i64),
    /// Of a column of bytes.
    Bytes(&'a [u8]),
    /// Likewise, with the NUL that a path ends in.
    Path(&'a str),
}

impl From<i64> for Cell<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<i32> for Cell<'_> {
    fn from(number: i32) -> Self {
        Self::Number(number.into())
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(path: &'a str) -> Self {
        Self::Path(path)
    }
}

impl<'a> From<&'a [u8]> for Cell<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

/// Size at which extents are cut, in bytes.
const EXTENT_SIZE: usize = 1 << 20;

/// A trace in the making.
pub struct Forge {
    registry: Registry,
    types: BTreeMap<String, ExtentBuilder>,
    state: ExtentBuilder,
    last_id: i64,
    times: (i64, i64),
}

impl Forge {
    /// A trace of a program that starts in `cwd`, with umask 022 and nothing open but standard streams.
    ///
    /// # Panics
    /// If the plugins weren't built.
    pub fn new(cwd: &str) -> Self {
        let options = PluginOptions { plugins: vec![plugins()], ..PluginOptions::default() };
        let registry = Registry::open(&options).expect("the plugins are built");
        let ty = Arc::new(ExtentType::parse(&STATE.extent_type()).expect("the type is ours"));
        let state = ExtentBuilder::new(ty, EXTENT_SIZE).expect("the type is ours");
        let mut forge = Self { registry, types: BTreeMap::new(), state, last_id: 0, times: (0, 0) };
        forge.state(state::CWD, None, Some(cwd));
        forge.state(state::UMASK, Some(0o022), None);
        for stream in 0..=2 {
            forge.open_before(stream, "pipe:[1]");
        }
        forge
    }

    /// Says something of the first process's state.
    ///
    /// # Panics
    /// Never, as the columns are our own.
    pub fn state(&mut self, key: &str, number: Option<i64>, value: Option<&str>) -> &mut Self {
        self.state.new_row();
        let ty = self.state.extent_type().clone();
        let mut set = |name: &str, cell: Option<Cell<'_>>| {
            let column = ty.column(name).expect("the column is ours");
            match cell {
                Some(cell) => put(&mut self.state, column, cell),
                None => self.state.set_null(column),
            }
        };
        set("key", Some(Cell::Bytes(key.as_bytes())));
        set("number", number.map(Cell::Number));
        set("value", value.map(|value| Cell::Bytes(value.as_bytes())));
        set("task", Some(Cell::Number(1)));
        set("flags", number.map(|_| Cell::Number(libc::O_RDWR.into())));
        set("offset", number.map(|_| Cell::Number(0)));
        self
    }

    /// Descriptor `number` is open on `target` before the first call.
    pub fn open_before(&mut self, number: i64, target: &str) -> &mut Self {
        self.state(state::DESCRIPTOR, Some(number), Some(target))
    }

    /// The calls that follow were made and returned at these times.
    pub fn at(&mut self, called: i64, returned: i64) -> &mut Self {
        self.times = (called, returned);
        self
    }

    /// `task` makes a call of record type `extent`, which returns something or fails with an error number;
    /// its columns are null, or 0, but for those in `cells`.
    ///
    /// # Panics
    /// If no plugin has the record type, or it has no such columns.
    pub fn call(
        &mut self,
        task: i32,
        extent: &str,
        returned: Result<i64, i32>,
        cells: &[(&str, Cell<'_>)],
    ) -> &mut Self {
        self.last_id += 1;
        let registry = &self.registry;
        let builder = self.types.entry(extent.to_owned()).or_insert_with(|| {
            let call = registry.extent(extent).expect("the plugin loads");
            let call = call.unwrap_or_else(|| panic!("a plugin knows {extent}"));
            let ty = ExtentType::parse(&call.extent_type()).expect("the type is well-formed");
            let mut builder =
                ExtentBuilder::new(Arc::new(ty), EXTENT_SIZE).expect("the type is well-formed");
            builder.set_template_nulls();
            builder
        });
        builder.new_row();
        let ty = builder.extent_type().clone();
        let mut set = |name: &str, cell: Cell<'_>| {
            let column = ty.column(name).unwrap_or_else(|| panic!("{extent} has {name}"));
            put(builder, column, cell);
        };
        let (return_value, errno) = match returned {
            Ok(value) => (value, 0),
            Err(errno) => (-1, errno),
        };
        for (name, number) in [
            (common::UNIQUE_ID, self.last_id),
            (common::EXECUTING_PID, task.into()),
            (common::EXECUTING_TID, task.into()),
            (common::RETURN_VALUE, return_value),
            (common::ERRNO_NUMBER, errno.into()),
            (common::TIME_CALLED, self.times.0),
            (common::TIME_RETURNED, self.times.1),
        ] {
            set(name, Cell::Number(number));
        }
        for (name, cell) in cells {
            set(name, *cell);
        }
        self
    }

    /// How many calls there are so far.
    pub fn last_id(&self) -> i64 {
        self.last_id
    }

    /// The last call was entered when only the first `count` calls had returned.
    pub fn overlapped(&mut self, count: i64) -> &mut Self {
        // It was entered after the last of them returned, and before the next one did.
        let ids = [("called_id", Cell::Number(count)), ("unique_id", Cell::Number(self.last_id))];
        self.row(OVERLAP, &ids)
    }

    /// The kernel told of the end of process `task` after all calls so far.
    pub fn ended(&mut self, task: i32) -> &mut Self {
        let cells = [
            ("last_id", Cell::Number(self.last_id)),
            ("process", task.into()),
            ("task", task.into()),
        ];
        self.row(TASK, &cells)
    }

    /// A row of a record type of the trace's own; its columns are null, or 0, but for those in `cells`.
    ///
    /// # Panics
    /// If it has no such columns.
    pub fn row(&mut self, added: Added, cells: &[(&str, Cell<'_>)]) -> &mut Self {
        let builder = self.types.entry(added.name.to_owned()).or_insert_with(|| {
            let ty = ExtentType::parse(&added.extent_type()).expect("the type is ours");
            let mut builder =
                ExtentBuilder::new(Arc::new(ty), EXTENT_SIZE).expect("the type is ours");
            builder.set_template_nulls();
            builder
        });
        builder.new_row();
        let ty = builder.extent_type().clone();
        for (name, cell) in cells {
            let column = ty.column(name).unwrap_or_else(|| panic!("{} has {name}", added.name));
            put(builder, column, *cell);
        }
        self
    }

    /// Writes the trace to `path`.
    ///
    /// # Panics
    /// If it can't be written.
    pub fn write(&mut self, path: &Path) {
        let mut builders: Vec<_> = self.types.values_mut().collect();
        builders.push(&mut self.state);
        let types: Vec<_> = builders.iter().map(|builder| builder.extent_type().clone()).collect();
        let mut writer = Writer::create(path, &types, WriterOptions::default())
            .expect("the trace's folder is writable");
        for builder in builders {
            let extent = builder.take().compress(&Compression::default());
            writer.write(&extent.expect("an extent can be packed")).expect("the disk isn't full");
        }
        writer.finish().expect("the disk isn't full");
    }
}

fn put(builder: &mut ExtentBuilder, column: &Column, cell: Cell<'_>) {
    match cell {
        Cell::Number(number) => match column.kind {
            FieldKind::Bool => builder.set_bool(column, number != 0),
            FieldKind::Byte => builder.set_byte(column, number as u8),
            FieldKind::Int32 => builder.set_int32(column, number as i32),
            _ => builder.set_int64(column, number),
        },
        Cell::Bytes(bytes) => builder.set_bytes(column, bytes).expect("a value fits"),
        Cell::Path(path) => {
            builder.set_bytes(column, &[path.as_bytes(), b"\0"].concat()).expect("a value fits");
        }
    }
}
