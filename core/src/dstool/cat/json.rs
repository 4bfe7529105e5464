//! Rows as JSON lines.

use std::io::{BufWriter, StdoutLock, Write};
use std::sync::Arc;

use dataseries::{ExtentType, Row};

use super::{Plan, Sink};
use crate::dstool::{Result, cell, output};

pub struct Json {
    out: BufWriter<StdoutLock<'static>>,
    exact: bool,
    line: Vec<u8>,
}

impl Json {
    pub fn new(exact: bool) -> Self {
        Self { out: output::out(), exact, line: Vec::new() }
    }
}

impl Sink for Json {
    fn row(&mut self, ty: &Arc<ExtentType>, plan: &Plan, row: &Row<'_>) -> Result<()> {
        self.line.clear();
        self.line.extend(b"{\"extent_type\":");
        cell::string(ty.name(), &mut self.line);
        for column in &plan.columns {
            self.line.push(b',');
            cell::string(&column.name, &mut self.line);
            self.line.push(b':');
            cell::json(row, column, self.exact, &mut self.line);
        }
        self.line.extend(b"}\n");
        Ok(self.out.write_all(&self.line)?)
    }

    fn finish(&mut self) -> Result<()> {
        Ok(self.out.flush()?)
    }
}
