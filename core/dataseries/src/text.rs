//! Files as text, the way the first dump tool of this format prints them (FORMAT.md §20).
//!
//! Attributes of a field (`print_format`, `units`, …) say how its values look. One that makes no
//! sense is ignored, so that every file can be printed.

use std::io::Write;
use std::sync::Arc;

use crate::error::Error;
use crate::extent::Extent;
use crate::extent::Row;
use crate::extent_type::Column;
use crate::extent_type::ExtentType;
use crate::extent_type::XML_TYPE;
use crate::file::File;
use crate::library::TypeLibrary;
use crate::stored::Parts;

mod field;
mod printf;

use field::FieldPrinter;

/// Text is handed on in pieces of about this size, in bytes.
const PIECE: usize = 64 << 10;

/// What a dump has besides the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DumpOptions {
    /// The type descriptions, before everything else.
    pub types: bool,
    /// The index: as a table before the first extent, and once more as an extent at the end.
    pub index: bool,
    /// Before every extent, a line with its type and one with the names of its fields.
    pub headings: bool,
}

impl Default for DumpOptions {
    /// Everything.
    fn default() -> DumpOptions {
        DumpOptions { types: true, index: true, headings: true }
    }
}

/// Writes a whole file as text: its [`entries`](File::entries), one after the other.
///
/// # Errors
/// An extent cannot be read; then everything before it is written. Or `out` fails
/// ([`Error::Output`]).
pub fn dump(file: &File, out: &mut impl Write, options: DumpOptions) -> Result<(), Error> {
    let mut text = Vec::new();
    if options.types {
        print_types(file.types(), &mut text);
    }
    if options.index {
        print_index(file, &mut text);
    }
    out.write_all(&text).map_err(Error::Output)?;

    let printed = |ty: &ExtentType| !ty.is_reserved() || (options.index && ty.name() != XML_TYPE);
    let mut printers = Printers::default();
    let mut extent = Extent::empty(ExtentType::index_type());
    let mut buffer = Vec::new();
    for entry in file.entries().iter().filter(|entry| printed(&entry.extent_type)) {
        let stored = file.read_with(entry, buffer)?;
        stored.unpack_into(&mut extent, Parts::All, file.checks())?;
        buffer = stored.into_bytes();
        print_extent(&extent, printers.of(&entry.extent_type), options.headings, out)?;
    }
    Ok(())
}

/// Writes one extent as [`dump`] does.
///
/// # Errors
/// `out` fails.
pub fn print_extent(
    extent: &Extent,
    printer: &mut Printer,
    headings: bool,
    out: &mut impl Write,
) -> Result<(), Error> {
    let mut text = Vec::new();
    if headings {
        text.extend_from_slice(b"# Extent, type='");
        text.extend_from_slice(extent.extent_type().name().as_bytes());
        text.extend_from_slice(b"'\n");
        printer.print_names(&mut text);
    }
    for row in extent.rows() {
        printer.print_row(&row, &mut text);
        if text.len() > PIECE {
            out.write_all(&text).map_err(Error::Output)?;
            text.clear();
        }
    }
    out.write_all(&text).map_err(Error::Output)
}

/// Appends all type descriptions, those of the format itself included.
pub fn print_types(library: &TypeLibrary, text: &mut Vec<u8>) {
    text.extend_from_slice(b"# Extent Types ...\n");
    let built_in = [ExtentType::xml_type(), ExtentType::index_type()];
    let mut types: Vec<&Arc<ExtentType>> =
        library.iter().filter(|ty| ExtentType::built_in(ty.name()).is_none()).collect();
    types.extend(built_in);
    types.sort_by(|a, b| a.name().cmp(b.name()));
    for ty in types {
        text.extend_from_slice(ty.text().as_bytes());
        text.push(b'\n');
    }
}

/// Appends a table of the file's extents.
pub fn print_index(file: &File, text: &mut Vec<u8>) {
    text.extend_from_slice(b"extent offset  ExtentType\n");
    for entry in file.entries() {
        text.extend_from_slice(
            format!("{:<13}  {}\n", entry.offset, entry.extent_type.name()).as_bytes(),
        );
    }
}

/// One printer for each type. Values relative to the first one printed are so across extents.
#[derive(Debug, Default)]
struct Printers(Vec<(Arc<ExtentType>, Printer)>);

impl Printers {
    fn of(&mut self, ty: &Arc<ExtentType>) -> &mut Printer {
        let known = self.0.iter().position(|(known, _)| Arc::ptr_eq(known, ty));
        let index = known.unwrap_or_else(|| {
            self.0.push((Arc::clone(ty), Printer::new(ty)));
            self.0.len() - 1
        });
        &mut self.0[index].1
    }
}

/// Prints rows of one type: values with a blank between them, and a newline.
#[derive(Debug, Clone)]
pub struct Printer {
    fields: Vec<FieldPrinter>,
    separator: Vec<u8>,
}

impl Printer {
    /// Prints all fields.
    pub fn new(ty: &ExtentType) -> Printer {
        let columns: Vec<&Column> = ty.columns().iter().collect();
        Printer::of_columns(ty, &columns)
    }

    /// Prints these fields of the type, in this order.
    pub fn of_columns(ty: &ExtentType, columns: &[&Column]) -> Printer {
        let fields = columns.iter().map(|column| FieldPrinter::new(ty, column)).collect();
        Printer { fields, separator: b" ".to_vec() }
    }

    /// Puts this between values in place of a blank.
    pub fn with_separator(self, separator: &[u8]) -> Printer {
        Printer { separator: separator.to_vec(), ..self }
    }

    /// Appends a line with the names of the fields.
    pub fn print_names(&self, text: &mut Vec<u8>) {
        for (index, field) in self.fields.iter().enumerate() {
            if index > 0 {
                text.extend_from_slice(&self.separator);
            }
            text.extend_from_slice(field.column().name.as_bytes());
        }
        text.push(b'\n');
    }

    /// Appends a line with the values of a row.
    ///
    /// # Panics
    /// The row is of another type, or a variable32 is printed of an extent whose variable part
    /// was not unpacked.
    pub fn print_row(&mut self, row: &Row<'_>, text: &mut Vec<u8>) {
        for (index, field) in self.fields.iter_mut().enumerate() {
            if index > 0 {
                text.extend_from_slice(&self.separator);
            }
            field.print(row, text);
        }
        text.push(b'\n');
    }
}
