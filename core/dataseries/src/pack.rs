//! The transforms between records as they are meant and records as they are stored
//! (FORMAT.md §11).
//!
//! Each works on one field through all records of an extent; that gives the same result as
//! record by record, since no transform of a step looks at a field that the step still changes.
//! Records are in host order here.

use crate::extent_type::Column;
use crate::layout::Bit;
use crate::layout::FieldKind;

pub(crate) mod null_compact;
pub(crate) mod relative;
pub(crate) mod scale;
pub(crate) mod unique;

use relative::OtherRelative;
use relative::SelfRelative;
use scale::Scaled;

/// What has to be done to the records of a type, worked out once.
#[derive(Debug)]
pub(crate) struct Transforms {
    /// Offset and width of every number, for files of the other byte order.
    numbers: Vec<(u32, u32)>,
    /// Columns that hold string offsets.
    pub strings: Vec<StringColumn>,
    scaled: Vec<Scaled>,
    self_relative: Vec<SelfRelative>,
    other_relative: Vec<OtherRelative>,
    /// Fields that null compaction leaves out where they are null, in the order of their offsets.
    pub compactable: Vec<Compactable>,
}

/// A column of string offsets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StringColumn {
    pub offset: u32,
    pub index: usize,
    pub unique: bool,
}

/// A field that is not a bool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Compactable {
    pub offset: usize,
    pub size: usize,
    pub alignment: usize,
    pub null: Option<Bit>,
}

impl Transforms {
    pub fn of(columns: &[Column], null_compact: bool) -> Transforms {
        // Only null compaction makes the transforms pass over nulls.
        let skip = |column: &Column| column.null.filter(|_| null_compact);
        let mut transforms = Transforms {
            numbers: Vec::new(),
            strings: Vec::new(),
            scaled: Vec::new(),
            self_relative: Vec::new(),
            other_relative: Vec::new(),
            compactable: Vec::new(),
        };
        for column in columns {
            if matches!(column.size, 4 | 8) && column.kind != FieldKind::FixedWidth {
                transforms.numbers.push((column.offset, column.size));
            }
            if column.kind == FieldKind::Variable32 {
                let unique = column.packing.unique;
                let string = StringColumn { offset: column.offset, index: column.index, unique };
                transforms.strings.push(string);
            }
            if let Some(scale) = column.packing.scale {
                transforms.scaled.push(Scaled::new(column.offset, scale, skip(column)));
            }
            match column.packing.relative {
                Some(base) if base == column.index => {
                    transforms.self_relative.push(SelfRelative::new(column, skip(column)));
                }
                Some(base) => {
                    let relative = OtherRelative::new(column, &columns[base], skip(column));
                    transforms.other_relative.push(relative);
                }
                None => {}
            }
            if column.kind != FieldKind::Bool {
                let alignment = match column.kind {
                    FieldKind::Byte | FieldKind::FixedWidth => 1,
                    _ => column.size as usize,
                };
                transforms.compactable.push(Compactable {
                    offset: column.offset as usize,
                    size: column.size as usize,
                    alignment,
                    null: column.null,
                });
            }
        }
        transforms.compactable.sort_by_key(|field| field.offset);
        transforms
    }

    /// From stored numbers to the ones that are meant (FORMAT.md §11.2, steps 3 to 5).
    pub fn undo(&self, records: &mut [u8], record_size: usize) {
        self.scaled.iter().for_each(|field| field.undo(records, record_size));
        self.self_relative.iter().for_each(|field| field.undo(records, record_size));
        self.other_relative.iter().for_each(|field| field.undo(records, record_size));
    }

    /// From the numbers that are meant to stored ones (FORMAT.md §11.1, steps 2 to 4).
    pub fn apply(&self, records: &mut [u8], record_size: usize) {
        // In reverse, so that every base is still in plain form.
        self.other_relative.iter().rev().for_each(|field| field.apply(records, record_size));
        self.self_relative.iter().for_each(|field| field.apply(records, record_size));
        self.scaled.iter().for_each(|field| field.apply(records, record_size));
    }

    /// Brings every number into the other byte order (FORMAT.md §16).
    pub fn swap(&self, records: &mut [u8], record_size: usize) {
        if self.numbers.is_empty() {
            return;
        }
        for record in records.chunks_exact_mut(record_size) {
            for &(offset, width) in &self.numbers {
                let start = offset as usize;
                match width {
                    4 => record[start..start + 4].reverse(),
                    _ => record[start..start + 8].reverse(),
                }
            }
        }
    }
}
