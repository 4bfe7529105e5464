//! Rows as comma-separated values.

use std::collections::HashMap;
use std::io::StdoutLock;
use std::sync::Arc;

use csv::{ByteRecord, Writer, WriterBuilder};
use dataseries::{ExtentType, Row};

use super::{Plan, Sink};
use crate::dstool::{Result, ToolError, cell, output};

pub struct Csv {
    out: Writer<std::io::BufWriter<StdoutLock<'static>>>,
    exact: bool,
    /// Whether the first field is the row's type.
    has_types: bool,
    width: usize,
    /// Where each column of a type goes.
    places: HashMap<Arc<str>, Vec<usize>>,
}

impl Csv {
    pub fn new(
        plans: &[(Arc<ExtentType>, Plan)],
        exact: bool,
        has_header: bool,
        separator: Option<&str>,
    ) -> Result<Self> {
        let delimiter = match separator.unwrap_or(",").replace("\\t", "\t").as_bytes() {
            [delimiter] => *delimiter,
            _ => return Err(ToolError::Usage("--separator: CSV takes a single byte".to_owned())),
        };
        let has_types = plans.len() > 1;
        let mut names: Vec<&str> = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::new();
        let mut places = HashMap::new();
        for (ty, plan) in plans {
            let columns = plan.columns.iter().map(|column| {
                *known.entry(&column.name).or_insert_with(|| {
                    names.push(&column.name);
                    names.len() - 1
                })
            });
            places.insert(Arc::from(ty.name()), columns.collect());
        }
        let mut out = WriterBuilder::new().delimiter(delimiter).from_writer(output::out());
        if has_header && !names.is_empty() {
            let first = has_types.then_some("extent_type");
            out.write_record(first.into_iter().chain(names.iter().copied())).map_err(failed)?;
        }
        Ok(Self { out, exact, has_types, width: names.len(), places })
    }
}

fn failed(error: csv::Error) -> ToolError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => ToolError::Output(error),
        other => ToolError::Usage(format!("{other:?}")),
    }
}

impl Sink for Csv {
    fn row(&mut self, ty: &Arc<ExtentType>, plan: &Plan, row: &Row<'_>) -> Result<()> {
        let mut fields = vec![Vec::new(); self.width];
        for (column, place) in plan.columns.iter().zip(&self.places[ty.name()]) {
            cell::csv(row, column, self.exact, &mut fields[*place]);
        }
        let mut record = ByteRecord::new();
        if self.has_types {
            record.push_field(ty.name().as_bytes());
        }
        fields.iter().for_each(|field| record.push_field(field));
        self.out.write_byte_record(&record).map_err(failed)
    }

    fn finish(&mut self) -> Result<()> {
        Ok(self.out.flush()?)
    }
}
