//! Rows as people read them: calls in the manner of strace, with names for flags and errors.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufWriter, StdoutLock, Write};
use std::rc::Rc;
use std::sync::Arc;

use dataseries::{Column, ExtentType, FieldKind, Row, Value};
use replay_schema::{Call, Returns, common};

use super::{Plan, Sink};
use crate::dstool::look::Paint;
use crate::dstool::names::Names;
use crate::dstool::shape::{self, Rows, number, short};
use crate::dstool::{Result, cell, output, time};
use crate::show;
use crate::verify::returned;

/// Values that are shown of a list.
const LISTED: usize = 8;

pub struct Calls<'n> {
    out: BufWriter<StdoutLock<'static>>,
    names: &'n Names,
    paint: Paint,
    string_size: usize,
    shapes: HashMap<Arc<str>, Rc<Shape>>,
    /// Values of calls whose last row is still to come, by type and task.
    begun: BTreeMap<(String, i64), Vec<(String, String)>>,
}

/// What is known of a type.
struct Shape {
    calls: Option<shape::Calls>,
    declared: Option<Arc<Call>>,
}

impl<'n> Calls<'n> {
    pub fn new(names: &'n Names, paint: Paint, string_size: usize) -> Self {
        Self {
            out: output::out(),
            names,
            paint,
            string_size,
            shapes: HashMap::new(),
            begun: BTreeMap::new(),
        }
    }

    fn shape(&mut self, ty: &ExtentType) -> Rc<Shape> {
        if let Some(shape) = self.shapes.get(ty.name()) {
            return shape.clone();
        }
        let shape = Shape { calls: shape::Calls::of(ty), declared: self.names.call(ty.name()) };
        let shape = Rc::new(shape);
        self.shapes.insert(Arc::from(ty.name()), shape.clone());
        shape
    }

    /// Names and values of the columns that say something.
    fn cells(&self, shape: &Shape, plan: &Plan, row: &Row<'_>) -> Vec<(String, String)> {
        let mut columns: Vec<_> =
            plan.columns.iter().filter(|column| shape.shows(column)).collect();
        if let Some(declared) = &shape.declared {
            // The file has them by name, the plugin as the call's manual page does.
            let place = |name: &str| declared.columns.iter().position(|one| one.name == name);
            columns.sort_by_key(|column| place(&column.name).unwrap_or(usize::MAX));
        }
        let cells = columns
            .into_iter()
            .map(|column| Some((column.name.clone(), self.value(shape, column, row)?)));
        cells.flatten().collect()
    }

    /// `name=value, …`; several values of one name are a list.
    fn joined(&self, cells: &[(String, String)]) -> String {
        let mut lists: Vec<(&str, Vec<&str>)> = Vec::new();
        for (name, value) in cells {
            match lists.iter_mut().find(|(known, _)| known == name) {
                Some((_, values)) => values.push(value),
                None => lists.push((name, vec![value])),
            }
        }
        let lists = lists.iter().map(|(name, values)| {
            let shown = values.iter().take(LISTED).copied().collect::<Vec<_>>().join(", ");
            let value = match values.len() {
                1 => shown,
                ..=LISTED => format!("[{shown}]"),
                many => format!("[{shown}, … {} more]", many - LISTED),
            };
            format!("{}={value}", self.paint.dim(name))
        });
        lists.collect::<Vec<_>>().join(", ")
    }

    fn value(&self, shape: &Shape, column: &Column, row: &Row<'_>) -> Option<String> {
        let declared = shape.declared.as_ref();
        let declared =
            declared.and_then(|call| call.columns.iter().find(|d| d.name == column.name));
        let integer = |value: i64| match declared {
            Some(declared) => show::number(declared, value),
            None if value == i64::from(libc::AT_FDCWD) && column.name.ends_with("descriptor") => {
                "AT_FDCWD".to_owned()
            }
            None => value.to_string(),
        };
        Some(match row.get(column) {
            Value::Null => return None,
            Value::Bool(value) => value.to_string(),
            Value::Byte(value) => integer(value.into()),
            Value::Int32(value) => integer(value.into()),
            Value::Int64(value) => integer(value),
            Value::Double(value) => value.to_string(),
            Value::Bytes(bytes) => self.bytes(column, bytes),
        })
    }

    fn bytes(&self, column: &Column, bytes: &[u8]) -> String {
        let bytes = cell::trimmed(column, bytes);
        let is_whole = cell::ends_in_nul(column) || bytes.len() <= self.string_size;
        let shown = if is_whole { bytes } else { &bytes[..self.string_size] };
        let more = if is_whole { "" } else { "…" };
        format!("\"{}\"{more}", shown.escape_ascii())
    }

    /// The line of a call, made of the values of all its rows.
    fn line(
        &self,
        ty: &ExtentType,
        shape: &Shape,
        cells: &[(String, String)],
        row: &Row<'_>,
    ) -> Option<String> {
        let (calls, declared) = (shape.calls.as_ref()?, shape.declared.as_deref());
        let called = number(row, calls.time_called.as_ref()).map(time::nanoseconds);
        let when = called.map_or_else(String::new, time::seconds);
        let task = number(row, calls.task.as_ref());
        let task = task.map_or_else(|| "?".to_owned(), |id| id.to_string());
        let result = match number(row, calls.return_value.as_ref()) {
            None => "?".to_owned(),
            Some(value) => {
                let errno = number(row, calls.errno_number.as_ref()).unwrap_or(0) as i32;
                let is_address = declared.is_some_and(|call| call.returns == Returns::Address);
                match errno {
                    0 if is_address => format!("{value:#x}"),
                    0 => value.to_string(),
                    _ => self.paint.red(&returned(value, errno)),
                }
            }
        };
        let spent = number(row, calls.time_returned.as_ref()).map(time::nanoseconds).zip(called);
        let spent = spent.and_then(|(end, start)| u64::try_from(end.checked_sub(start)?).ok());
        let spent = spent.map_or_else(String::new, |spent| format!(" <{}>", time::duration(spent)));
        Some(format!(
            "{:>8} {} [{task}] {}({}) = {result}{}",
            row.int64(&calls.unique_id),
            self.paint.dim(&when),
            self.paint.bold(short(ty.name())),
            self.joined(cells),
            self.paint.dim(&spent)
        ))
    }
}

impl Shape {
    fn shows(&self, column: &Column) -> bool {
        let Some(calls) = &self.calls else { return true };
        let is_own = !common::FIELDS.iter().any(|field| field.name == column.name);
        let is_number = match &calls.rows {
            Rows::TailLast(number) => number.name == column.name,
            _ => false,
        };
        // The bits of a number are shown by name, there.
        is_own && !is_number && column.kind != FieldKind::Bool
    }
}

impl Sink for Calls<'_> {
    fn row(&mut self, ty: &Arc<ExtentType>, plan: &Plan, row: &Row<'_>) -> Result<()> {
        let shape = self.shape(ty);
        let mut cells = self.cells(&shape, plan, row);
        let Some(calls) = &shape.calls else {
            let name = self.paint.cyan(ty.name());
            return Ok(writeln!(self.out, "{name}: {}", self.joined(&cells))?);
        };
        if calls.is_element(row) {
            return Ok(writeln!(self.out, "{:>42}{}", "", self.joined(&cells))?);
        }
        // The result comes last, and the rows before it can be mixed with those of other tasks.
        if let Rows::TailLast(_) = calls.rows {
            let task = number(row, calls.task.as_ref()).unwrap_or(0);
            let key = (ty.name().to_owned(), task);
            if !calls.is_main(row) {
                self.begun.entry(key).or_default().extend(cells);
                return Ok(());
            }
            let mut all = self.begun.remove(&key).unwrap_or_default();
            all.append(&mut cells);
            cells = all;
        }
        let line = self.line(ty, &shape, &cells, row).expect("the shape is one of calls");
        Ok(writeln!(self.out, "{line}")?)
    }

    fn finish(&mut self) -> Result<()> {
        for ((name, task), cells) in std::mem::take(&mut self.begun) {
            let (name, cells) = (self.paint.bold(short(&name)), self.joined(&cells));
            writeln!(self.out, "{:>27} [{task}] {name}({cells}) = ?", "")?;
        }
        Ok(self.out.flush()?)
    }
}
