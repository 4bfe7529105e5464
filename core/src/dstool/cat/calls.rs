//! Rows as people read them: calls in the manner of strace, with names for flags and errors.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufWriter, StdoutLock, Write};
use std::rc::Rc;
use std::sync::Arc;

use dataseries::{Column, ExtentType, FieldKind, Row, Value};
use replay_schema::{Call, common};

use super::{Plan, Sink};
use crate::dstool::look::Paint;
use crate::dstool::names::Names;
use crate::dstool::shape::{self, number, short};
use crate::dstool::{Result, cell, output, time};
use crate::show;
use crate::verify::returned;

pub struct Calls<'n> {
    out: BufWriter<StdoutLock<'static>>,
    names: &'n Names,
    paint: Paint,
    string_size: usize,
    shapes: HashMap<Arc<str>, Rc<Shape>>,
}

/// What is known of a type.
struct Shape {
    calls: Option<shape::Calls>,
    declared: Option<Arc<Call>>,
}

impl<'n> Calls<'n> {
    pub fn new(names: &'n Names, paint: Paint, string_size: usize) -> Self {
        Self { out: output::out(), names, paint, string_size, shapes: HashMap::new() }
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

    /// `name=value, …` of the columns that say something.
    fn columns(&self, shape: &Shape, plan: &Plan, row: &Row<'_>) -> String {
        let mut text = String::new();
        for column in &plan.columns {
            // The bits of a number are shown by name, there.
            let is_own = !common::FIELDS.iter().any(|field| field.name == column.name);
            let is_shown = shape.calls.is_none() || (is_own && column.kind != FieldKind::Bool);
            if !is_shown {
                continue;
            }
            if let Some(value) = self.value(shape, column, row) {
                let separator = if text.is_empty() { "" } else { ", " };
                let _ = write!(text, "{separator}{}={value}", self.paint.dim(&column.name));
            }
        }
        text
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

    fn call(&self, ty: &ExtentType, shape: &Shape, plan: &Plan, row: &Row<'_>) -> Option<String> {
        let calls = shape.calls.as_ref()?;
        let called = number(row, calls.time_called.as_ref()).map(time::nanoseconds);
        let arguments = self.columns(shape, plan, row);
        if calls.is_element(row) {
            return Some(format!("{:>42}{arguments}", ""));
        }
        let when = called.map_or_else(String::new, time::seconds);
        let task =
            number(row, calls.task.as_ref()).map_or_else(|| "?".to_owned(), |id| id.to_string());
        let result = match number(row, calls.return_value.as_ref()) {
            None => "?".to_owned(),
            Some(value) => {
                let errno = number(row, calls.errno_number.as_ref()).unwrap_or(0) as i32;
                let text = returned(value, errno);
                if errno == 0 { text } else { self.paint.red(&text) }
            }
        };
        let spent = number(row, calls.time_returned.as_ref()).map(time::nanoseconds).zip(called);
        let spent = spent.and_then(|(end, start)| u64::try_from(end.checked_sub(start)?).ok());
        let spent = spent.map_or_else(String::new, |spent| format!(" <{}>", time::duration(spent)));
        let id = row.int64(&calls.unique_id);
        Some(format!(
            "{id:>8} {} [{task}] {}({arguments}) = {result}{}",
            self.paint.dim(&when),
            self.paint.bold(short(ty.name())),
            self.paint.dim(&spent)
        ))
    }
}

impl Sink for Calls<'_> {
    fn row(&mut self, ty: &Arc<ExtentType>, plan: &Plan, row: &Row<'_>) -> Result<()> {
        let shape = self.shape(ty);
        let line = self.call(ty, &shape, plan, row).unwrap_or_else(|| {
            format!("{}: {}", self.paint.cyan(ty.name()), self.columns(&shape, plan, row))
        });
        Ok(writeln!(self.out, "{line}")?)
    }

    fn finish(&mut self) -> Result<()> {
        Ok(self.out.flush()?)
    }
}
