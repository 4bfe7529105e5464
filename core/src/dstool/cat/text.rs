//! Rows as the first dump tool of the format printed them.

use std::collections::HashMap;
use std::io::{BufWriter, StdoutLock, Write};
use std::sync::Arc;

use dataseries::text::Printer;
use dataseries::{Column, ExtentType, File, Row, TypeLibrary};

use super::{Plan, Sink};
use crate::dstool::{Result, ToolError, output};

/// What is printed before rows.
#[derive(Clone, Copy, Debug)]
pub struct Headings {
    /// A line with the type.
    pub types: bool,
    /// A line with the columns.
    pub names: bool,
}

/// Attributes that a column is printed with.
#[derive(Clone, Debug)]
pub struct ColumnLook {
    column: String,
    attributes: Vec<(String, String)>,
}

/// `COLUMN:NAME=VALUE,NAME=VALUE`.
///
/// # Errors
/// What is wrong with it.
pub fn look(text: &str) -> Result<ColumnLook, String> {
    let wrong = || format!("{text:?} should look like packet_at:units=nanoseconds,epoch=unix");
    let (column, attributes) = text.split_once(':').ok_or_else(wrong)?;
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').ok_or_else(wrong)?;
        Ok((name.to_owned(), value.to_owned()))
    };
    let attributes = attributes.split(',').map(pair).collect::<Result<_, String>>()?;
    Ok(ColumnLook { column: column.to_owned(), attributes })
}

pub struct Text {
    out: BufWriter<StdoutLock<'static>>,
    headings: Headings,
    /// Headings only where rows follow.
    is_sparse: bool,
    looks: Vec<ColumnLook>,
    separator: Vec<u8>,
    printers: HashMap<Arc<str>, Printer>,
    /// The type of the extent whose headings are still to be printed.
    begun: Option<Arc<ExtentType>>,
    /// The type of the last row.
    last: Option<Arc<ExtentType>>,
    line: Vec<u8>,
}

impl Text {
    pub fn new(
        headings: Headings,
        is_sparse: bool,
        looks: &[ColumnLook],
        separator: Option<&str>,
        types: &TypeLibrary,
    ) -> Result<Self> {
        for look in looks {
            if !types.iter().any(|ty| ty.column(&look.column).is_some()) {
                return Err(ToolError::Usage(format!(
                    "--print: there is no column {}",
                    look.column
                )));
            }
        }
        Ok(Self {
            out: output::out(),
            headings,
            is_sparse,
            looks: looks.to_vec(),
            separator: separator.unwrap_or(" ").into(),
            printers: HashMap::new(),
            begun: None,
            last: None,
            line: Vec::new(),
        })
    }

    fn head(&mut self, ty: &ExtentType, plan: Option<&Plan>) -> Result<()> {
        if self.headings.types {
            writeln!(self.out, "# Extent, type='{}'", ty.name())?;
        }
        if self.headings.names {
            let all = ty.columns();
            let columns = plan.map_or(all, |plan| &plan.columns);
            let names: Vec<&[u8]> = columns.iter().map(|column| column.name.as_bytes()).collect();
            self.out.write_all(&names.join(&self.separator[..]))?;
            writeln!(self.out)?;
        }
        Ok(())
    }

    fn printer(&mut self, ty: &ExtentType, plan: &Plan) -> &mut Printer {
        if !self.printers.contains_key(ty.name()) {
            let columns: Vec<Column> =
                plan.columns.iter().map(|column| self.looking(column)).collect();
            let columns: Vec<&Column> = columns.iter().collect();
            let printer = Printer::of_columns(ty, &columns).with_separator(&self.separator);
            self.printers.insert(Arc::from(ty.name()), printer);
        }
        self.printers.get_mut(ty.name()).expect("it was just put there")
    }

    /// The column with the attributes that were asked for; those that it has give way.
    fn looking(&self, column: &Column) -> Column {
        let mut column = column.clone();
        for look in self.looks.iter().filter(|look| look.column == column.name) {
            let asked = |name: &str| look.attributes.iter().any(|(asked, _)| asked == name);
            column.attributes.retain(|(name, _)| !name.starts_with("print_") && !asked(name));
            column.attributes.extend(look.attributes.iter().cloned());
        }
        column
    }
}

impl Sink for Text {
    fn extent(&mut self, ty: &Arc<ExtentType>) -> Result<()> {
        if let Some(before) = self.begun.take()
            && !self.is_sparse
        {
            // It had no rows.
            self.head(&before, None)?;
        }
        self.begun = Some(ty.clone());
        Ok(())
    }

    fn row(&mut self, ty: &Arc<ExtentType>, plan: &Plan, row: &Row<'_>) -> Result<()> {
        // In call order no extents are told of; then types take turns.
        let changes = self.last.as_ref().is_none_or(|last| last.name() != ty.name());
        if self.begun.take().is_some() || changes {
            self.head(ty, Some(plan))?;
        }
        if changes {
            self.last = Some(ty.clone());
        }
        let mut line = std::mem::take(&mut self.line);
        self.printer(ty, plan).print_row(row, &mut line);
        self.out.write_all(&line)?;
        line.clear();
        self.line = line;
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        if let Some(before) = self.begun.take()
            && !self.is_sparse
        {
            self.head(&before, None)?;
        }
        Ok(self.out.flush()?)
    }
}

/// Prints all type descriptions.
pub fn print_types(types: &TypeLibrary, out: &mut impl Write) -> Result<()> {
    let mut text = Vec::new();
    dataseries::text::print_types(types, &mut text);
    Ok(out.write_all(&text)?)
}

/// Prints the index as a table.
pub fn print_index(file: &File, out: &mut impl Write) -> Result<()> {
    let mut text = Vec::new();
    dataseries::text::print_index(file, &mut text);
    Ok(out.write_all(&text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_pairs() {
        let found = look("packet_at:units=2^-32 seconds,epoch=unix").unwrap();
        assert_eq!(found.column, "packet_at");
        assert_eq!(found.attributes[0], ("units".to_owned(), "2^-32 seconds".to_owned()));
        assert!(look("dest").is_err() && look("dest:ipv4").is_err());
    }
}
