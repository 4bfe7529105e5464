//! Where each field lies in a record (FORMAT.md §8).

use crate::bytes::round_up;

/// The type of a field's values (FORMAT.md §8.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// One bit.
    Bool,
    /// An unsigned 8-bit number.
    Byte,
    /// A signed 32-bit number.
    Int32,
    /// A signed 64-bit number.
    Int64,
    /// An IEEE 754 double.
    Double,
    /// A byte string in the variable part.
    Variable32,
    /// Raw bytes of a fixed number.
    FixedWidth,
}

impl FieldKind {
    const NAMES: [(&'static str, FieldKind); 7] = [
        ("bool", FieldKind::Bool),
        ("byte", FieldKind::Byte),
        ("int32", FieldKind::Int32),
        ("int64", FieldKind::Int64),
        ("double", FieldKind::Double),
        ("variable32", FieldKind::Variable32),
        ("fixedwidth", FieldKind::FixedWidth),
    ];

    /// The kind that a type description calls `name`.
    pub fn from_name(name: &str) -> Option<FieldKind> {
        FieldKind::NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// The name that type descriptions use.
    pub fn name(self) -> &'static str {
        FieldKind::NAMES
            .iter()
            .find(|(_, kind)| *kind == self)
            .map(|(name, _)| *name)
            .expect("every kind has a name")
    }
}

/// Whether records are padded for any host or only as far as their fields need
/// (`pack_pad_record`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PadRecord {
    /// Always to a multiple of 8.
    #[default]
    Original,
    /// To the size of the widest field present.
    MaxColumnSize,
}

/// In which order the groups of fields are placed (`pack_field_ordering`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FieldOrdering {
    /// Bits first, 8-byte fields last.
    #[default]
    SmallToBigSepVar32,
    /// 8-byte fields first, bits last.
    BigToSmallSepVar32,
}

/// One bit of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bit {
    /// Offset of its byte in the record.
    pub byte: u32,
    /// The byte with only this bit set.
    pub mask: u8,
}

impl Bit {
    /// Whether the bit is set in a record.
    #[inline]
    pub fn is_set(self, record: &[u8]) -> bool {
        record[self.byte as usize] & self.mask != 0
    }
}

/// The size of a record and of the group of bits in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Bytes of one record.
    pub record_size: u32,
    /// Bytes that the bools and null flags take.
    pub bool_bytes: u32,
}

/// A field as the layout sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub kind: FieldKind,
    /// Bytes of a fixedwidth value.
    pub width: u32,
    pub nullable: bool,
}

/// Where a field was placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    pub offset: u32,
    /// Bytes that the value takes; for a bool, 1: the byte that its bit is in.
    pub size: u32,
    /// The bit of a bool, 0 for the other kinds.
    pub mask: u8,
    pub null: Option<Bit>,
}

/// The four groups that fields are placed in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Bits,
    Small,
    Int32,
    Strings,
    Eight,
}

fn group(kind: FieldKind) -> (Group, u32) {
    match kind {
        FieldKind::Bool => (Group::Bits, 1),
        FieldKind::Byte | FieldKind::FixedWidth => (Group::Small, 1),
        FieldKind::Int32 => (Group::Int32, 4),
        FieldKind::Variable32 => (Group::Strings, 4),
        FieldKind::Int64 | FieldKind::Double => (Group::Eight, 8),
    }
}

/// Places fields that stand in this order in the type description.
///
/// Returns `None` if a record would not fit into 2 GiB.
pub(crate) fn place(
    shapes: &[Shape],
    pad: PadRecord,
    ordering: FieldOrdering,
) -> Option<(Layout, Vec<Slot>)> {
    let mut slots: Vec<Slot> = shapes
        .iter()
        .map(|shape| {
            let size = match shape.kind {
                FieldKind::FixedWidth => shape.width,
                kind => group(kind).1,
            };
            Slot { offset: 0, size, mask: 0, null: None }
        })
        .collect();
    let has = |wanted| shapes.iter().any(|shape| group(shape.kind).0 == wanted);
    let has4 = has(Group::Int32) || has(Group::Strings);
    let has8 = has(Group::Eight);
    let original = pad == PadRecord::Original;

    let mut end = 0_usize;
    let bool_bytes;
    match ordering {
        FieldOrdering::SmallToBigSepVar32 => {
            bool_bytes = place_bits(shapes, &mut slots, end)?;
            end += bool_bytes;
            end = place_group(Group::Small, shapes, &mut slots, end)?;
            end = round_up(end, if original || has4 { 4 } else { 1 });
            end = place_group(Group::Int32, shapes, &mut slots, end)?;
            end = place_group(Group::Strings, shapes, &mut slots, end)?;
            end = round_up(end, if original || has8 { 8 } else { 1 });
            end = place_group(Group::Eight, shapes, &mut slots, end)?;
        }
        FieldOrdering::BigToSmallSepVar32 => {
            for group in [Group::Eight, Group::Int32, Group::Strings, Group::Small] {
                end = place_group(group, shapes, &mut slots, end)?;
            }
            bool_bytes = place_bits(shapes, &mut slots, end)?;
            end += bool_bytes;
            let alignment = match () {
                () if original || has8 => 8,
                () if has4 => 4,
                () => 1,
            };
            end = round_up(end, alignment);
        }
    }
    let record_size = u32::try_from(i32::try_from(end).ok()?).ok()?;
    Some((Layout { record_size, bool_bytes: bool_bytes as u32 }, slots))
}

fn place_group(
    wanted: Group,
    shapes: &[Shape],
    slots: &mut [Slot],
    mut end: usize,
) -> Option<usize> {
    for (slot, _) in slots.iter_mut().zip(shapes).filter(|(_, shape)| group(shape.kind).0 == wanted)
    {
        slot.offset = i32::try_from(end).ok()? as u32;
        end += slot.size as usize;
    }
    Some(end)
}

/// Places every bool and every null flag from byte `start` on; returns how many bytes they take.
fn place_bits(shapes: &[Shape], slots: &mut [Slot], start: usize) -> Option<usize> {
    let start = i32::try_from(start).ok()? as u32;
    let mut bits = 0_u32;
    let mut next = || {
        let bit = Bit { byte: start + bits / 8, mask: 1 << (bits % 8) };
        bits += 1;
        bit
    };
    // A field's null flag follows the field itself, so bools and flags interleave.
    for (slot, shape) in slots.iter_mut().zip(shapes) {
        if shape.kind == FieldKind::Bool {
            let bit = next();
            (slot.offset, slot.mask) = (bit.byte, bit.mask);
        }
        slot.null = shape.nullable.then(&mut next);
    }
    Some(bits.div_ceil(8) as usize)
}

#[cfg(test)]
mod tests {
    use FieldKind::*;

    use super::*;

    fn plain(kinds: &[FieldKind]) -> Vec<Shape> {
        kinds.iter().map(|&kind| Shape { kind, width: 0, nullable: false }).collect()
    }

    fn nullable(kind: FieldKind) -> Shape {
        Shape { kind, width: 0, nullable: true }
    }

    fn fixed(width: u32) -> Shape {
        Shape { kind: FixedWidth, width, nullable: false }
    }

    fn size(kinds: &[FieldKind], pad: PadRecord) -> u32 {
        place(&plain(kinds), pad, FieldOrdering::default()).unwrap().0.record_size
    }

    #[test]
    fn default_order_puts_small_fields_first() {
        let kinds = [Int64, Variable32, Bool, Int32, Double, Byte];
        let (layout, slots) =
            place(&plain(&kinds), PadRecord::Original, FieldOrdering::default()).unwrap();
        let offsets: Vec<u32> = slots.iter().map(|slot| slot.offset).collect();
        assert_eq!(offsets, [16, 8, 0, 4, 24, 1]);
        assert_eq!(slots[2].mask, 1);
        assert_eq!(layout, Layout { record_size: 32, bool_bytes: 1 });
    }

    #[test]
    fn the_other_order_puts_big_fields_first() {
        let kinds = [Variable32, Bool, Int32, Byte, Double, Int64];
        let ordering = FieldOrdering::BigToSmallSepVar32;
        for pad in [PadRecord::Original, PadRecord::MaxColumnSize] {
            let (layout, slots) = place(&plain(&kinds), pad, ordering).unwrap();
            let offsets: Vec<u32> = slots.iter().map(|slot| slot.offset).collect();
            assert_eq!(offsets, [20, 25, 16, 24, 0, 8]);
            assert_eq!(layout.record_size, 32);
        }
    }

    #[test]
    fn records_are_padded_as_asked() {
        use PadRecord::*;
        let cases: [(&[FieldKind], u32, u32); 5] = [
            (&[Bool, Bool], 8, 1),
            (&[Bool, Bool, Byte, Byte], 8, 3),
            (&[Bool, Bool, Byte, Byte, Int32], 8, 8),
            (&[Bool, Bool, Byte, Byte, Int32, Variable32], 16, 12),
            (&[Bool, Bool, Byte, Byte, Int32, Variable32, Double], 24, 24),
        ];
        for (kinds, original, max) in cases {
            assert_eq!(size(kinds, Original), original, "{kinds:?}");
            assert_eq!(size(kinds, MaxColumnSize), max, "{kinds:?}");
        }
        assert_eq!(size(&[Bool; 9], MaxColumnSize), 2);
        assert_eq!(size(&[], Original), 0);
    }

    #[test]
    fn bits_and_null_flags_interleave() {
        let w20 = Shape { kind: FixedWidth, width: 20, nullable: true };
        let mut shapes = vec![fixed(7)];
        shapes.extend(plain(&[Byte]));
        shapes.push(w20);
        shapes.extend(plain(&[Bool]));
        shapes.extend([nullable(Bool); 4]);
        shapes.extend(plain(&[Int32]));

        let ordering = FieldOrdering::SmallToBigSepVar32;
        let (layout, slots) = place(&shapes, PadRecord::MaxColumnSize, ordering).unwrap();
        let bit = |byte, number: u32| Bit { byte, mask: 1 << number };
        assert_eq!(slots[2].null, Some(bit(0, 0)));
        let bools: Vec<(u32, u8)> =
            slots[3..8].iter().map(|slot| (slot.offset, slot.mask)).collect();
        assert_eq!(bools, [(0, 2), (0, 4), (0, 16), (0, 64), (1, 1)]);
        let flags: Vec<Option<Bit>> = slots[3..8].iter().map(|slot| slot.null).collect();
        let expected = [bit(0, 3), bit(0, 5), bit(0, 7), bit(1, 1)].map(Some);
        assert_eq!((flags[0], &flags[1..]), (None, &expected[..]));
        assert_eq!([0, 1, 2, 8].map(|i: usize| slots[i].offset), [2, 9, 10, 32]);
        assert_eq!(layout, Layout { record_size: 36, bool_bytes: 2 });

        let (layout, _) = place(&shapes, PadRecord::Original, ordering).unwrap();
        assert_eq!(layout.record_size, 40);

        let ordering = FieldOrdering::BigToSmallSepVar32;
        let (layout, slots) = place(&shapes, PadRecord::MaxColumnSize, ordering).unwrap();
        assert_eq!([8, 0, 1, 2, 3].map(|i: usize| slots[i].offset), [0, 4, 11, 12, 32]);
        assert_eq!(layout.record_size, 36);
    }

    #[test]
    fn a_record_that_is_too_large_is_refused() {
        let shapes = [fixed(i32::MAX as u32), fixed(i32::MAX as u32)];
        assert!(place(&shapes, PadRecord::default(), FieldOrdering::default()).is_none());
    }
}
