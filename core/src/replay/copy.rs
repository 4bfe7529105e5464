//! The replay as a trace of its own: `--record`.
//!
//! The rows are the trace's, with what came of each call this time: result, times, and of data that was compared
//! and differs the data. A call that wasn't made stands there as it was recorded, at the time at which the replay
//! came to it.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use abi::Outcome;
use crossbeam_channel::{Receiver, Sender, bounded};
use dataseries::{
    Checks, Compression, ExtentBuilder, ExtentType, ParallelWriter, Parts, Row, Writer,
    WriterOptions,
};
use replay_schema::added::{self, info};
use replay_schema::{Observed, Returns, RowRule, Value, common};

use crate::record::Batch;
use crate::replay::Order;
use crate::trace::{RecordType, Trace};
use crate::verify;

/// Size at which an extent is handed on, in bytes of rows and values.
const EXTENT_SIZE: usize = 1 << 20;

/// Records that wait to be written.
const WAITING: usize = 4096;

/// Threads that compress.
const THREADS: usize = 1;

/// Why the trace can't be written.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The file can't be made.
    #[error("cannot write {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Its content.
    #[error("--record: {0}")]
    Content(#[from] dataseries::Error),
    /// A record type that can't be written.
    #[error("--record: record type {name}: {error}")]
    Type {
        /// The type.
        name: String,
        /// Why.
        error: dataseries::TypeError,
    },
    /// The thread that wrote has panicked.
    #[error("--record: the thread that writes broke down; that is a defect of this program")]
    BrokeDown,
}

/// A record that is done.
#[derive(Debug)]
pub struct Done {
    /// Number of its record type.
    pub kind: usize,
    /// The batch that it is one of.
    pub batch: Arc<Batch>,
    /// Its number there.
    pub index: usize,
    /// What came of it, if the call was made.
    pub outcome: Option<Outcome>,
    /// When it was made, in nanoseconds since the epoch.
    pub called: i64,
    /// When it was done.
    pub returned: i64,
    /// What the kernel returned, by fetch, where that differs from what it did.
    pub memory: Option<Vec<Option<Vec<u8>>>>,
}

/// Where records go that are done.
#[derive(Clone, Debug)]
pub struct Recording {
    /// To the thread that writes.
    pub records: Sender<Done>,
    clock: (i64, Instant),
}

impl Recording {
    /// Nanoseconds since the epoch, by a clock that nobody sets meanwhile.
    pub fn now(&self) -> i64 {
        let (epoch, start) = self.clock;
        epoch.saturating_add(i64::try_from(start.elapsed().as_nanos()).unwrap_or(i64::MAX))
    }
}

/// A file that waits for its trace. It is made before the replay enters its place, where it may have no name.
#[derive(Debug)]
pub struct Target {
    path: PathBuf,
    file: File,
}

impl Target {
    /// File `path`, made or emptied.
    ///
    /// # Errors
    /// It can't be made.
    pub fn create(path: &Path) -> Result<Self, CopyError> {
        let file =
            File::create(path).map_err(|error| CopyError::File { path: path.to_owned(), error })?;
        Ok(Self { path: path.to_owned(), file })
    }
}

/// The trace that is being written, by a thread of its own.
#[derive(Debug)]
pub struct Copy {
    thread: JoinHandle<Result<(), CopyError>>,
}

impl Copy {
    /// Starts to write `trace`, replayed in `order`, to `target`; records are to be sent in the order in which
    /// they were done.
    ///
    /// # Errors
    /// Its types can't be written.
    pub fn start(
        target: Target,
        trace: Arc<Trace>,
        order: Order,
    ) -> Result<(Self, Recording), CopyError> {
        let (sender, records) = bounded(WAITING);
        let thread = std::thread::Builder::new().name("record".to_owned());
        let copier = Copier::new(target, trace, order)?;
        let thread = thread
            .spawn(move || copier.run(&records))
            .map_err(|error| CopyError::File { path: PathBuf::from("a thread"), error })?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let epoch = i64::try_from(since.as_nanos()).unwrap_or(i64::MAX);
        Ok((Self { thread }, Recording { records: sender, clock: (epoch, Instant::now()) }))
    }

    /// Waits until all that was sent is written; nobody may hold the sender any more.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn finish(self) -> Result<(), CopyError> {
        self.thread.join().unwrap_or(Err(CopyError::BrokeDown))
    }
}

struct Copier {
    trace: Arc<Trace>,
    writer: ParallelWriter<File>,
    /// By number of the record type.
    types: Vec<OfType>,
    /// The next order id, where the records' own aren't in order.
    next_id: Option<i64>,
}

struct OfType {
    builder: ExtentBuilder,
    /// Columns that get another value, by their number in the type.
    common: HashMap<usize, Common>,
    /// Declared columns, by their number in the type.
    declared: HashMap<usize, usize>,
}

#[derive(Clone, Copy)]
enum Common {
    UniqueId,
    TimeCalled,
    TimeReturned,
    TimeRecorded,
    ReturnValue,
    ErrnoNumber,
}

impl Copier {
    fn new(target: Target, trace: Arc<Trace>, order: Order) -> Result<Self, CopyError> {
        let Target { path, file } = target;
        let mut types: Vec<Arc<ExtentType>> = Vec::new();
        for ty in trace.extent_types() {
            if !ty.is_reserved() && types.iter().all(|known| known.name() != ty.name()) {
                types.push(ty.clone());
            }
        }
        let options = WriterOptions::default();
        let writer = Writer::new(file, &path.display().to_string(), &types, options)?;
        let compression = Compression::new(&[dataseries::Codec::Lz4]);
        let compression = compression.unwrap_or_else(|_| Compression::none());
        let mut copier = Self {
            writer: ParallelWriter::new(writer, compression, THREADS),
            types: Vec::new(),
            next_id: (order != Order::Strict).then_some(0),
            trace: trace.clone(),
        };
        for ty in &trace.types {
            copier.types.push(OfType::new(ty)?);
        }
        copier.copy_the_rest()?;
        Ok(copier)
    }

    /// Copies what isn't of calls: what the trace says of itself. When tasks began and ended is said by order
    /// ids, and so left out where these are new.
    fn copy_the_rest(&mut self) -> Result<(), CopyError> {
        let skipped = [added::TASK.name, added::OVERLAP.name];
        let trace = self.trace.clone();
        for file in trace.files() {
            for entry in file.entries() {
                let name = entry.extent_type.name();
                let is_call = trace.types.iter().any(|ty| ty.is_of(&entry.extent_type));
                if is_call
                    || entry.extent_type.is_reserved()
                    || (self.next_id.is_some() && skipped.contains(&name))
                {
                    continue;
                }
                let extent = file.read(entry)?.unpack(Parts::All, &Checks::ALL)?;
                let mut builder = builder(&entry.extent_type)?;
                for row in extent.rows() {
                    copy_row(&mut builder, &entry.extent_type, &row, |_| None)?;
                }
                if name == added::INFO.name {
                    let version = env!("CARGO_PKG_VERSION");
                    add_info(&mut builder, info::REPLAYER, &format!("replayer {version}"))?;
                }
                self.writer.write(builder.take())?;
            }
        }
        Ok(())
    }

    fn run(mut self, records: &Receiver<Done>) -> Result<(), CopyError> {
        for done in records {
            self.add(&done)?;
        }
        for of_type in &mut self.types {
            if of_type.builder.row_count() > 0 {
                self.writer.write(of_type.builder.take())?;
            }
        }
        Ok(self.writer.finish().map(drop)?)
    }

    fn add(&mut self, done: &Done) -> Result<(), CopyError> {
        let record = &done.batch.records[done.index];
        let ty = &self.trace.types[done.kind];
        let id = self.next_id.unwrap_or(record.unique_id);
        if let Some(next) = &mut self.next_id {
            *next += 1;
        }
        let of_type = &mut self.types[done.kind];
        let memory: Option<Vec<Option<&[u8]>>> =
            done.memory.as_ref().map(|memory| memory.iter().map(Option::as_deref).collect());
        let observed = memory.as_ref().zip(done.outcome).map(|(memory, outcome)| Observed {
            arguments: verify::arguments(ty, &done.batch, record),
            returned: Some((outcome.return_value, outcome.errno_number)),
            memory,
            element: None,
        });
        let elements = elements(ty, observed.as_ref());
        for row in 0..done.batch.rows(record).len() {
            let cells = done.batch.cells(record, row);
            let observed = match row {
                0 => observed,
                row => elements.get(row - 1).copied(),
            };
            let OfType { builder, common, declared } = of_type;
            copy_row(builder, &builder.extent_type().clone(), &cells, |number| {
                if let Some(common) = common.get(&number) {
                    return common.value(id, done, &cells, ty);
                }
                let call = ty.call.as_ref()?;
                let column = &call.columns[*declared.get(&number)?];
                let condition = column.compared.as_ref()?;
                let observed = observed.as_ref().filter(|observed| condition.holds(observed))?;
                match observed.value(column) {
                    Value::Null => None,
                    Value::Bytes(bytes) => Some(New::Bytes(bytes)),
                    Value::Number(value) => Some(New::Number(value)),
                }
            })?;
        }
        if of_type.builder.is_full() {
            self.writer.write(of_type.builder.take())?;
        }
        Ok(())
    }
}

/// What is seen in the rows that follow a record's first one.
fn elements<'a>(ty: &RecordType, observed: Option<&Observed<'a>>) -> Vec<Observed<'a>> {
    let (Some(call), Some(observed)) = (&ty.call, observed) else { return Vec::new() };
    match call.rows {
        RowRule::HeadFirst { fetch, .. } => {
            let Some(Some(items)) = observed.memory.get(fetch) else { return Vec::new() };
            let elements = call.elements(fetch, items);
            elements.map(|element| Observed { element: Some(element), ..*observed }).collect()
        }
        _ => Vec::new(),
    }
}

impl OfType {
    fn new(ty: &RecordType) -> Result<Self, CopyError> {
        let extent_type = ty.extent_type();
        let mut common = HashMap::new();
        for (name, which) in [
            (common::UNIQUE_ID, Common::UniqueId),
            (common::TIME_CALLED, Common::TimeCalled),
            (common::TIME_RETURNED, Common::TimeReturned),
            (common::TIME_RECORDED, Common::TimeRecorded),
            (common::RETURN_VALUE, Common::ReturnValue),
            (common::ERRNO_NUMBER, Common::ErrnoNumber),
        ] {
            common.extend(
                extent_type.columns().iter().position(|c| c.name == name).map(|n| (n, which)),
            );
        }
        let mut declared = HashMap::new();
        for (number, column) in ty.columns.iter().enumerate() {
            let Some(column) = column else { continue };
            let at = extent_type.columns().iter().position(|c| c.name == column.name);
            declared.extend(at.map(|at| (at, number)));
        }
        Ok(Self { builder: builder(extent_type)?, common, declared })
    }
}

impl Common {
    /// The value this time; none keeps what is there.
    fn value(self, id: i64, done: &Done, cells: &Row<'_>, ty: &RecordType) -> Option<New<'static>> {
        // A row without a result is one of a call that never returned, or not a call's last.
        let has =
            |name: &str| ty.extent_type().column(name).is_some_and(|column| !cells.is_null(column));
        let outcome = done.outcome.filter(|_| has(common::RETURN_VALUE));
        Some(New::Number(match self {
            Self::UniqueId => id,
            Self::TimeCalled => done.called,
            Self::TimeReturned if has(common::TIME_RETURNED) => done.returned,
            Self::TimeReturned => return None,
            Self::TimeRecorded => done.returned,
            // Descriptors and tasks have the trace's numbers in all of its records.
            Self::ReturnValue if outcome?.errno_number == 0 && has_own_number(done, ty) => {
                return None;
            }
            Self::ReturnValue => outcome?.return_value,
            Self::ErrnoNumber => outcome?.errno_number.into(),
        }))
    }
}

/// Whether the recorded call returned something whose number is the trace's own.
fn has_own_number(done: &Done, ty: &RecordType) -> bool {
    let record = &done.batch.records[done.index];
    let Some(call) = ty.call.as_ref().filter(|_| record.succeeded()) else { return false };
    verify::returns(ty, call, &done.batch, record) != Returns::Number
}

/// A value that takes another one's place.
enum New<'a> {
    Number(i64),
    Bytes(&'a [u8]),
}

fn builder(ty: &Arc<ExtentType>) -> Result<ExtentBuilder, CopyError> {
    ExtentBuilder::new(ty.clone(), EXTENT_SIZE)
        .map_err(|error| CopyError::Type { name: ty.name().to_owned(), error })
}

/// Adds a copy of `row`, with other values where `other` has them for a column's number.
fn copy_row<'a>(
    builder: &mut ExtentBuilder,
    ty: &ExtentType,
    row: &Row<'_>,
    other: impl Fn(usize) -> Option<New<'a>>,
) -> Result<(), dataseries::Error> {
    builder.new_row();
    for (number, column) in ty.columns().iter().enumerate() {
        match other(number) {
            Some(New::Bytes(bytes)) => builder.set_bytes(column, bytes)?,
            Some(New::Number(value)) if builder.set_number(column, value) => {}
            Some(New::Number(_)) | None => builder.set(column, row.get(column))?,
        }
    }
    Ok(())
}

fn add_info(builder: &mut ExtentBuilder, key: &str, value: &str) -> Result<(), dataseries::Error> {
    builder.new_row();
    let ty = builder.extent_type().clone();
    for (name, text) in [("key", key), ("value", value)] {
        if let Some(column) = ty.column(name) {
            builder.set_bytes(column, text.as_bytes())?;
        }
    }
    Ok(())
}
