//! Extent types: the schemas of records (FORMAT.md §7).

use std::sync::Arc;
use std::sync::LazyLock;

use crate::layout::Bit;
use crate::layout::FieldKind;
use crate::layout::FieldOrdering;
use crate::layout::Layout;
use crate::layout::PadRecord;
use crate::pack::Transforms;

mod declared;
mod xml;

pub use declared::Declared;

/// Names with this beginning belong to the format itself.
pub const RESERVED_PREFIX: &str = "DataSeries: ";
/// Name of the type of the type library.
pub const XML_TYPE: &str = "DataSeries: XmlType";
/// Name of the type of the index.
pub const INDEX_TYPE: &str = "DataSeries: ExtentIndex";

/// Longest name of a type or a field, in bytes.
pub(crate) const MAX_NAME: usize = 255;

/// Why a text does not describe an extent type, or a type cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TypeError {
    /// The type library holds bytes that are not UTF-8.
    #[error("a type description is not UTF-8")]
    NotUtf8,
    /// The text is not well-formed XML.
    #[error("a type description is not well-formed: {0}")]
    Xml(String),
    /// The text is longer than any sensible description, or has an element with thousands of
    /// attributes.
    #[error("a type description is too long")]
    TooLong,
    /// The document is about something else.
    #[error("a type description has the root element '{0}' instead of 'ExtentType'")]
    Root(String),
    /// Something other than fields and white space stands in the root element.
    #[error("extent type '{extent_type}': only field elements may stand in it, not {found}")]
    Content {
        /// Name of the type.
        extent_type: String,
        /// What was found.
        found: String,
    },
    /// An attribute of the root element is wrong.
    #[error("extent type '{extent_type}': attribute '{attribute}' {problem}")]
    Attribute {
        /// Name of the type, as far as it is known.
        extent_type: String,
        /// Name of the attribute.
        attribute: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// An attribute of a field is wrong.
    #[error("extent type '{extent_type}', field '{field}': attribute '{attribute}' {problem}")]
    FieldAttribute {
        /// Name of the type.
        extent_type: String,
        /// Name of the field, as far as it is known.
        field: String,
        /// Name of the attribute.
        attribute: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A record would take 2 GiB or more.
    #[error("extent type '{0}': its records are too large")]
    RecordSize(String),
    /// Two different texts under one name.
    #[error("extent type '{0}' has two different descriptions")]
    Conflict(String),
    /// The name belongs to the format itself.
    #[error("extent type '{0}': the name is reserved")]
    Reserved(String),
    /// The options contradict each other, so no extent of the type can be packed.
    #[error("extent type '{extent_type}': {problem}")]
    Unpackable {
        /// Name of the type.
        extent_type: String,
        /// The contradiction.
        problem: &'static str,
    },
}

/// A type lacks a field, or has it with another kind of values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("extent type '{extent_type}' has no {} field '{field}'{}", expected.name(), otherwise(*found))]
pub struct NoColumn {
    /// Name of the type.
    pub extent_type: String,
    /// Name of the field.
    pub field: String,
    /// What its values should be.
    pub expected: FieldKind,
    /// What they are, if there is a field of that name.
    pub found: Option<FieldKind>,
}

fn otherwise(found: Option<FieldKind>) -> String {
    found.map_or_else(String::new, |kind| format!(": it is {}", kind.name()))
}

/// A schema's version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Version {
    /// Changes when old readers would be wrong.
    pub major: u32,
    /// Changes when fields are added.
    pub minor: u32,
}

impl Version {
    /// Whether records of this version can be read by what was written for `expected`.
    pub fn serves(self, expected: Version) -> bool {
        self.major == expected.major && self.minor >= expected.minor
    }
}

/// What a column's values are stored relative to (FORMAT.md §11).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Packing {
    /// Equal values share one entry of the pool.
    pub unique: bool,
    /// Values are stored as multiples of this.
    pub scale: Option<f64>,
    /// Index of the column that values are relative to: this one itself for the record before.
    pub relative: Option<usize>,
}

/// A visible field, and where it lies in a record.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Position among the type's columns, in the order of the description.
    pub index: usize,
    /// Type of its values.
    pub kind: FieldKind,
    /// Bytes that a value takes in the record: 1, 4, 8 or the width of a fixedwidth field.
    pub size: u32,
    /// Offset of the value in the record; for a bool, of the byte that its bit is in.
    pub offset: u32,
    /// The bit of a bool; 0 for other kinds.
    pub mask: u8,
    /// Whether values may be null.
    pub nullable: bool,
    /// The flag that says that the value is null.
    pub null: Option<Bit>,
    /// The stored number stands for itself plus this. Nothing but text output of offsets uses it.
    pub double_base: f64,
    /// How values are stored.
    pub packing: Packing,
    /// The other attributes of the field element, as written: those that say how values are
    /// printed, and what no rule of the format is about. Prefixes are left off.
    pub attributes: Vec<(String, String)>,
}

impl Column {
    /// Panics unless values of this column are of `kind`.
    #[inline]
    pub(crate) fn expect(&self, kind: FieldKind) {
        if self.kind != kind {
            self.other_kind(kind);
        }
    }

    #[cold]
    #[inline(never)]
    fn other_kind(&self, kind: FieldKind) -> ! {
        panic!("column '{}' is {}, not {}", self.name, self.kind.name(), kind.name());
    }

    /// The value of one of the other attributes, if the field has it.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// An extent type: its text, what the text says, and the layout of records that follows from it.
///
/// Two types are the same if their texts are, byte for byte.
#[derive(Debug)]
pub struct ExtentType {
    text: String,
    name: Arc<str>,
    namespace: String,
    version: Version,
    null_compact: bool,
    pad_record: PadRecord,
    field_ordering: FieldOrdering,
    layout: Layout,
    columns: Vec<Column>,
    transforms: Transforms,
}

impl ExtentType {
    /// Reads a type description (FORMAT.md §7).
    ///
    /// # Errors
    /// The text is not well-formed or breaks a rule of the format.
    pub fn parse(text: &str) -> Result<ExtentType, TypeError> {
        xml::parse(text)
    }

    /// The description, as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name, at most 255 bytes.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn shared_name(&self) -> &Arc<str> {
        &self.name
    }

    /// Whether the type belongs to the format itself: the type library's and the index's.
    pub fn is_reserved(&self) -> bool {
        is_reserved(&self.name)
    }

    /// The namespace; empty if there is none.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The version; 0.0 if there is none.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Whether null values take no room in the stored records (FORMAT.md §12).
    pub fn null_compact(&self) -> bool {
        self.null_compact
    }

    /// How records are padded.
    pub fn pad_record(&self) -> PadRecord {
        self.pad_record
    }

    /// How fields are placed.
    pub fn field_ordering(&self) -> FieldOrdering {
        self.field_ordering
    }

    /// Sizes of a record and of its bits.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Bytes of one record.
    #[inline]
    pub fn record_size(&self) -> usize {
        self.layout.record_size as usize
    }

    /// The visible fields, in the order of the description.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The field of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The field of that name, which is of that kind: what the accessors of a
    /// [`Row`](crate::Row) ask for.
    ///
    /// # Errors
    /// There is no such field, or it is of another kind.
    pub fn column_of(&self, name: &str, kind: FieldKind) -> Result<&Column, NoColumn> {
        let refuse = |found| NoColumn {
            extent_type: self.name().to_owned(),
            field: name.to_owned(),
            expected: kind,
            found,
        };
        match self.column(name) {
            Some(column) if column.kind == kind => Ok(column),
            found => Err(refuse(found.map(|column| column.kind))),
        }
    }

    pub(crate) fn transforms(&self) -> &Transforms {
        &self.transforms
    }

    /// Why records of this type cannot be null-compacted although they should be (FORMAT.md §12).
    pub(crate) fn unpackable(&self) -> Option<&'static str> {
        let wide = |column: &Column| column.kind == FieldKind::FixedWidth && column.size > 1;
        match self.null_compact {
            true if self.field_ordering == FieldOrdering::BigToSmallSepVar32 => {
                Some("null compaction together with big_to_small_sep_var32")
            }
            true if self.columns.iter().any(wide) => {
                Some("null compaction together with a fixedwidth field of more than one byte")
            }
            _ => None,
        }
    }

    /// The type of the type library (FORMAT.md §13).
    pub fn xml_type() -> &'static Arc<ExtentType> {
        static XML: LazyLock<Arc<ExtentType>> = LazyLock::new(|| {
            built_in(
                "<ExtentType name=\"DataSeries: XmlType\">\n  \
                 <field type=\"variable32\" name=\"xmltype\" />\n\
                 </ExtentType>\n",
            )
        });
        &XML
    }

    /// The type of the index (FORMAT.md §14).
    pub fn index_type() -> &'static Arc<ExtentType> {
        static INDEX: LazyLock<Arc<ExtentType>> = LazyLock::new(|| {
            built_in(
                "<ExtentType name=\"DataSeries: ExtentIndex\">\n  \
                 <field type=\"int64\" name=\"offset\" />\n  \
                 <field type=\"variable32\" name=\"extenttype\" />\n\
                 </ExtentType>\n",
            )
        });
        &INDEX
    }

    /// The format's own type of that name.
    pub(crate) fn built_in(name: &str) -> Option<&'static Arc<ExtentType>> {
        match name {
            XML_TYPE => Some(ExtentType::xml_type()),
            INDEX_TYPE => Some(ExtentType::index_type()),
            _ => None,
        }
    }
}

/// Whether a type of that name belongs to the format itself.
pub(crate) fn is_reserved(name: &str) -> bool {
    name.starts_with(RESERVED_PREFIX)
}

impl PartialEq for ExtentType {
    fn eq(&self, other: &ExtentType) -> bool {
        self.text == other.text
    }
}

impl Eq for ExtentType {}

fn built_in(text: &str) -> Arc<ExtentType> {
    Arc::new(ExtentType::parse(text).expect("the built-in types are correct"))
}
