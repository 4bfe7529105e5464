//! `dstool diff`: how the calls of two traces differ.

mod align;
mod print;

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;

use dataseries::{Column, ExtentType, Parts, Row, TypeLibrary, Value};
use replay_schema::{Returns, Role, common};

use super::declared::Declared;
use super::input::Input;
use super::look::Look;
use super::names::{self, Names};
use super::order::Ordered;
use super::output::plural;
use super::select::{Plan, Selected, Selection, fits};
use super::shape::{Calls, Rows, short};
use super::{Finding, Result, ToolError};

/// Tell how the calls of two traces differ
///
/// Tasks are compared in the order in which they appear, call by call; where one has calls that the other
/// hasn't, the comparison goes on behind them. What differs between any two runs is left out: times, order ids,
/// ids of processes, addresses, inode numbers; --exact compares that too. Where plugins know the calls,
/// results that a replay wouldn't compare are left out too, and ids of processes count by which process it is.
///
/// Exit status: 0 the calls are the same, 1 they differ.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dstool diff monday.ds tuesday.ds
  dstool diff -t openat,read -c given_pathname,return_value a.ds b.ds
  dstool diff --ignore 'stat_result_*,data_read' a.ds b.ds
  dstool diff --json a.ds b.ds | jq .")]
pub struct Arguments {
    /// The one trace
    a: PathBuf,
    /// The other
    b: PathBuf,
    #[command(flatten)]
    selection: Selection,
    /// Columns that may differ; * is a pattern
    #[arg(long, value_name = "COLUMN", value_delimiter = ',', help_heading = "What")]
    ignore: Vec<String>,
    /// Compare all columns, also those that differ between any two runs
    #[arg(long, help_heading = "What")]
    exact: bool,
    /// Tell no more than N differences; all are counted
    #[arg(short = 'n', long, value_name = "N", default_value = "100", help_heading = "How")]
    limit: usize,
    /// Print an object for each difference
    #[arg(long, help_heading = "How")]
    json: bool,
    #[command(flatten)]
    names: names::Options,
}

/// Columns that differ between any two runs.
const VOLATILE: [&str; 9] = [
    "time_*",
    "executing_*",
    common::UNIQUE_ID,
    "errno_string",
    "*address",
    "*_ino",
    "*_dev",
    "*_[amc]time",
    "stat_result_raw",
];

/// A call, as far as comparing needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Call {
    /// Number of its type's name.
    kind: u32,
    /// Hash of what is compared.
    content: u64,
    unique_id: i64,
}

/// The calls of one task.
#[derive(Debug, Default)]
struct Task {
    id: i32,
    calls: Vec<Call>,
}

/// A difference: a call of either trace, or one of each that should be the same.
#[derive(Clone, Copy, Debug)]
struct Difference {
    /// The task's number, from 0, and its id in both traces.
    task: usize,
    ids: [Option<i32>; 2],
    calls: [Option<i64>; 2],
}

/// How many calls are the same, and how many aren't.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    same: u64,
    changed: u64,
    only: [u64; 2],
}

impl Arguments {
    /// Compares them.
    pub fn run(self, look: &Look) -> Result<Finding> {
        if self.a.as_os_str() == "-" && self.b.as_os_str() == "-" {
            return Err(ToolError::Usage("only one of them can be standard input".to_owned()));
        }
        let a = Input::open(std::slice::from_ref(&self.a), look)?;
        let b = Input::open(std::slice::from_ref(&self.b), look)?;
        let names = Names::open(&self.names)?;
        let libraries = [a.files.types(), b.files.types()];
        for (library, path) in libraries.iter().zip([&self.a, &self.b]) {
            if !library.iter().any(|ty| Ordered::takes(ty)) {
                let problem = format!("{}: it has no calls to compare", path.display());
                return Err(ToolError::Usage(problem));
            }
        }
        let for_a = self.comparison(&names, libraries[0], libraries[1])?;
        let for_b = self.comparison(&names, libraries[1], libraries[0])?;
        let mut kinds = Kinds::default();
        let (of_a, of_b) = (read(&a, &for_a, &mut kinds)?, read(&b, &for_b, &mut kinds)?);
        let (counts, differences) = self.compare(&of_a, &of_b);
        let wanted = |side: usize| differences.iter().filter_map(|one| one.calls[side]).collect();
        let shown = [
            print::Shown::read(&a, &for_a, &wanted(0))?,
            print::Shown::read(&b, &for_b, &wanted(1))?,
        ];
        print::print(&self, look, counts, &differences, &shown)?;
        let all = counts.changed + counts.only[0] + counts.only[1];
        if let Some(more) = all.checked_sub(differences.len() as u64).filter(|more| *more > 0) {
            look.note(&format!("{} more; -n shows more of them", plural(more, "difference")));
        }
        Ok(if all == 0 { Finding::Good } else { Finding::Bad })
    }

    /// What is compared of a trace with types `library`, which is compared with one with `other`.
    fn comparison(
        &self,
        names: &Names,
        library: &TypeLibrary,
        other: &TypeLibrary,
    ) -> Result<Comparison> {
        let selected = self.selection.among(library);
        let selected = match selected {
            // Only the other one has such a type or column.
            Err(ToolError::Usage(_)) if self.selection.among(other).is_ok() => None,
            selected => Some(selected?),
        };
        let mut shapes = HashMap::new();
        for ty in library.iter() {
            let Some(calls) = Calls::of(ty) else { continue };
            let Some(selected) = selected.as_ref().filter(|selected| selected.wants(ty)) else {
                continue;
            };
            let shape = self.shape(names, selected, ty, calls, other)?;
            shapes.insert(Arc::from(ty.name()), shape);
        }
        Ok(Comparison { shapes })
    }

    fn shape(
        &self,
        names: &Names,
        selected: &Selected,
        ty: &Arc<ExtentType>,
        calls: Calls,
        other: &TypeLibrary,
    ) -> Result<Shape> {
        let plan = selected.plan(ty)?;
        let declared = Declared::of(ty, names);
        let call = declared.as_ref().map(Declared::call);
        // What even a replay doesn't compare differs between any two runs.
        let is_result_of_moment = |name: &str| {
            call.is_some_and(|call| match name {
                common::RETURN_VALUE => call.returns == Returns::Address || call.is_simulated(),
                name => call.columns.iter().any(|declared| {
                    declared.name == name
                        && call.is_result(declared)
                        && declared.compared.is_none()
                        && matches!(declared.role, Role::None | Role::Payload)
                }),
            })
        };
        let is_compared = |column: &Column| {
            let is_volatile = VOLATILE.iter().any(|pattern| matches(pattern, &column.name))
                || is_result_of_moment(&column.name);
            let is_known =
                other.get(ty.name()).is_none_or(|other| other.column(&column.name).is_some());
            is_known
                && (self.exact || !is_volatile)
                && !self.ignore.iter().any(|pattern| fits(pattern, &column.name))
        };
        let mut columns: Vec<Column> =
            plan.columns.iter().filter(|column| is_compared(column)).cloned().collect();
        columns.sort_by(|a, b| a.name.cmp(&b.name));
        let is_task = |column: &Column| {
            let mut known = declared.iter().flat_map(|declared| &declared.call().columns);
            column.name == common::RETURN_VALUE
                || known.any(|known| known.name == column.name && known.role == Role::Task)
        };
        let tasks = columns.iter().map(|column| !self.exact && is_task(column)).collect();
        Ok(Shape { calls, plan, declared, columns, tasks, translates: !self.exact })
    }

    fn compare(&self, a: &[Task], b: &[Task]) -> (Counts, Vec<Difference>) {
        let mut counts = Counts::default();
        let mut differences = Vec::new();
        let none = Task::default();
        for task in 0..a.len().max(b.len()) {
            let sides = [a.get(task), b.get(task)];
            let ids = sides.map(|side| side.map(|task| task.id));
            let [one, other] = sides.map(|side| &side.unwrap_or(&none).calls);
            align::align(one, other, |calls: [Option<&Call>; 2]| {
                match calls {
                    [Some(one), Some(other)] if one.content == other.content => {
                        counts.same += 1;
                        return;
                    }
                    [Some(_), Some(_)] => counts.changed += 1,
                    [one, _] => counts.only[usize::from(one.is_none())] += 1,
                }
                if differences.len() < self.limit {
                    let calls = calls.map(|call| call.map(|call| call.unique_id));
                    differences.push(Difference { task, ids, calls });
                }
            });
        }
        (counts, differences)
    }
}

/// Whether a name fits a pattern with `*`, and with `[amc]` for one of these letters.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once("[amc]") {
        Some((before, after)) => {
            ["a", "m", "c"].iter().any(|letter| fits(&[before, letter, after].concat(), name))
        }
        None => fits(pattern, name),
    }
}

/// What is compared of a trace.
struct Comparison {
    shapes: HashMap<Arc<str>, Shape>,
}

/// What is compared of one type.
struct Shape {
    calls: Calls,
    plan: Plan,
    declared: Option<Declared>,
    /// Sorted by name.
    columns: Vec<Column>,
    /// Which of them hold ids of tasks.
    tasks: Vec<bool>,
    translates: bool,
}

/// Numbers for the names of types, the same for both traces.
#[derive(Debug, Default)]
struct Kinds(HashMap<String, u32>);

impl Kinds {
    fn of(&mut self, name: &str) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(name.to_owned()).or_insert(next)
    }
}

/// The calls of a trace, by task in the order of appearance.
fn read(input: &Input, comparison: &Comparison, kinds: &mut Kinds) -> Result<Vec<Task>> {
    let mut ordered = Ordered::new(&input.files, None, |ty| {
        Ok(comparison.shapes.get(ty.name()).map(|_| Parts::All))
    })?;
    let mut tasks: Vec<Task> = Vec::new();
    let mut numbers: HashMap<i32, usize> = HashMap::new();
    // Hashes of calls whose last row is still to come.
    let mut begun: HashMap<(u32, i32), u64> = HashMap::new();
    while let Some(at) = ordered.next()? {
        let (ty, calls, row) = ordered.call(at);
        let shape = &comparison.shapes[ty.name()];
        let id = calls.task.as_ref().map_or(0, |column| row.int32(column));
        let number = *numbers.entry(id).or_insert_with(|| {
            tasks.push(Task { id, calls: Vec::new() });
            tasks.len() - 1
        });
        let kind = kinds.of(short(ty.name()));
        let content = shape.hash(&row, &numbers);
        if calls.is_element(&row) {
            if let Some(head) = tasks[number].calls.last_mut() {
                head.content = mixed(head.content, content);
            }
            continue;
        }
        if matches!(calls.rows, Rows::TailLast(_)) && !calls.is_main(&row) {
            let before = begun.entry((kind, id)).or_default();
            *before = mixed(*before, content);
            continue;
        }
        let content = match begun.remove(&(kind, id)) {
            Some(before) => mixed(before, content),
            None => content,
        };
        if !shape.plan.wants(&row) {
            continue;
        }
        let unique_id = row.int64(&calls.unique_id);
        tasks[number].calls.push(Call { kind, content, unique_id });
        if let Some(child) = shape.child(&row) {
            // A child has its number by its creation, not by who of two runs first.
            numbers.insert(child, tasks.len());
            tasks.push(Task { id: child, calls: Vec::new() });
        }
    }
    Ok(tasks)
}

fn mixed(a: u64, b: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (a, b).hash(&mut hasher);
    hasher.finish()
}

impl Shape {
    /// The task that the call created.
    fn child(&self, row: &Row<'_>) -> Option<i32> {
        let declared = self.declared.as_ref()?;
        let value = super::shape::number(row, self.calls.return_value.as_ref())?;
        let errno = super::shape::number(row, self.calls.errno_number.as_ref()).unwrap_or(0);
        let is_child = errno == 0 && value > 0 && declared.returns(row) == Returns::Child;
        i32::try_from(value).ok().filter(|_| is_child)
    }

    /// A hash of what is compared. Ids of tasks count by which task it is, and addresses don't count.
    fn hash(&self, row: &Row<'_>, numbers: &HashMap<i32, usize>) -> u64 {
        let mut hasher = DefaultHasher::new();
        let makes_child = self.translates && self.child(row).is_some();
        for (column, is_task) in self.columns.iter().zip(&self.tasks) {
            let number = super::declared::integer(row, column);
            let task = number.filter(|id| *is_task && *id >= LOWEST_TASK);
            let task = task.and_then(|id| numbers.get(&i32::try_from(id).ok()?));
            let is_child = makes_child && column.name == common::RETURN_VALUE;
            let is_address = number.is_some_and(|number| ADDRESSES.contains(&number));
            match task {
                _ if is_child => "child".hash(&mut hasher),
                Some(task) => task.hash(&mut hasher),
                None if self.translates && is_address => "address".hash(&mut hasher),
                None => hash_value(row.get(column), &mut hasher),
            }
        }
        hasher.finish()
    }
}

/// Ids below are those of a system's first processes, or of a container's: there they could as well be
/// descriptors or counts.
const LOWEST_TASK: i64 = 300;

/// Where programs on x86-64 have their memory; no size or count is as large.
const ADDRESSES: std::ops::Range<i64> = 0x5000_0000_0000..0x8000_0000_0000;

fn hash_value(value: Value<'_>, hasher: &mut DefaultHasher) {
    match value {
        Value::Null => 0_u8.hash(hasher),
        Value::Bool(value) => value.hash(hasher),
        Value::Byte(value) => i64::from(value).hash(hasher),
        Value::Int32(value) => i64::from(value).hash(hasher),
        Value::Int64(value) => value.hash(hasher),
        Value::Double(value) => value.to_bits().hash(hasher),
        Value::Bytes(value) => value.hash(hasher),
    }
}

/// The ids that are wanted of a trace.
type Wanted = BTreeSet<i64>;
