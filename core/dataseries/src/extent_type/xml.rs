//! From the text of a type description to an [`ExtentType`] (FORMAT.md §7.1, §7.2).

use std::collections::HashMap;
use std::sync::Arc;

use roxmltree::Document;
use roxmltree::Node;

use super::Column;
use super::ExtentType;
use super::MAX_NAME;
use super::Packing;
use super::TypeError;
use super::Version;
use crate::layout;
use crate::layout::FieldKind;
use crate::layout::FieldOrdering;
use crate::layout::PadRecord;
use crate::layout::Shape;
use crate::pack::Transforms;

/// Longest description, in bytes: a hundred times what a type with a hundred fields takes.
const MAX_TEXT: usize = 1 << 20;
/// Most attributes of an element. The parser compares each with all others.
const MAX_ATTRIBUTES: usize = 1000;

type Attributes<'t> = Vec<(&'t str, &'t str)>;

pub(super) fn parse(text: &str) -> Result<ExtentType, TypeError> {
    let crowded = |tag: &str| tag.bytes().filter(|&byte| byte == b'=').count() > MAX_ATTRIBUTES;
    if text.len() > MAX_TEXT || text.split('<').any(crowded) {
        return Err(TypeError::TooLong);
    }
    let document = Document::parse(text).map_err(|error| TypeError::Xml(error.to_string()))?;
    let root = document.root_element();
    if root.tag_name().name() != "ExtentType" {
        return Err(TypeError::Root(root.tag_name().name().to_owned()));
    }
    let attributes = attributes_of(root);
    let options = Options::parse(&attributes)?;
    let fields = fields_of(root, &options.name)?;

    let too_large = || TypeError::RecordSize(options.name.clone());
    let shapes: Vec<Shape> = fields.iter().map(|field| field.shape).collect();
    let (layout, slots) =
        layout::place(&shapes, options.pad_record, options.field_ordering).ok_or_else(too_large)?;
    if options.null_compact && layout.bool_bytes == 0 {
        return Err(TypeError::Attribute {
            extent_type: options.name,
            attribute: "pack_null_compact".to_owned(),
            problem: "needs a bool or a nullable field",
        });
    }
    let columns: Vec<Column> = fields
        .into_iter()
        .zip(slots)
        .enumerate()
        .map(|(index, (field, slot))| Column {
            name: field.name,
            index,
            kind: field.shape.kind,
            size: slot.size,
            offset: slot.offset,
            mask: slot.mask,
            nullable: field.shape.nullable,
            null: slot.null,
            double_base: field.double_base,
            packing: field.packing,
            attributes: field.others,
        })
        .collect();
    Ok(ExtentType {
        text: text.to_owned(),
        name: Arc::from(options.name),
        namespace: options.namespace,
        version: options.version,
        null_compact: options.null_compact,
        pad_record: options.pad_record,
        field_ordering: options.field_ordering,
        layout,
        transforms: Transforms::of(&columns, options.null_compact),
        columns,
    })
}

fn attributes_of<'t>(node: Node<'t, '_>) -> Attributes<'t> {
    // A prefix on an attribute's name does not count.
    node.attributes().map(|attribute| (attribute.name(), attribute.value())).collect()
}

fn value_of<'t>(attributes: &Attributes<'t>, name: &str) -> Option<&'t str> {
    attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

fn fields_of(root: Node<'_, '_>, extent_type: &str) -> Result<Vec<Field>, TypeError> {
    let mut fields: Vec<Field> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for child in root.children() {
        // Others refuse comments here; they change nothing.
        let is_nothing = child.is_comment() || child.is_pi();
        if is_nothing || (child.is_text() && child.text().is_some_and(is_blank)) {
            continue;
        }
        if !child.is_element() || child.tag_name().name() != "field" {
            let found = match child.tag_name().name() {
                "" => "text".to_owned(),
                name => format!("'{name}'"),
            };
            return Err(TypeError::Content { extent_type: extent_type.to_owned(), found });
        }
        let earlier = |name: &str| known.get(name).map(|&index| (index, &fields[index]));
        let attributes = attributes_of(child);
        let field = Field::parse(&attributes, extent_type, fields.len(), earlier)?;
        known.insert(value_of(&attributes, "name").unwrap_or_default(), fields.len());
        fields.push(field);
    }
    Ok(fields)
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// What the root element's attributes say.
struct Options {
    name: String,
    namespace: String,
    version: Version,
    null_compact: bool,
    pad_record: PadRecord,
    field_ordering: FieldOrdering,
}

impl Options {
    fn parse(attributes: &Attributes<'_>) -> Result<Options, TypeError> {
        let name = value_of(attributes, "name").unwrap_or_default().to_owned();
        let wrong = |attribute: &str, problem| TypeError::Attribute {
            extent_type: name.clone(),
            attribute: attribute.to_owned(),
            problem,
        };
        check_name(&name).map_err(|problem| wrong("name", problem))?;
        let mut options = Options {
            name: name.clone(),
            namespace: String::new(),
            version: Version::default(),
            null_compact: false,
            pad_record: PadRecord::default(),
            field_ordering: FieldOrdering::default(),
        };
        for &(attribute, value) in attributes {
            let unknown = || wrong(attribute, "has a value that means nothing");
            match attribute {
                "namespace" => value.clone_into(&mut options.namespace),
                "version" => options.version = parse_version(value).ok_or_else(unknown)?,
                "pack_null_compact" => {
                    options.null_compact = match value {
                        "no" => false,
                        "non_bool" => true,
                        _ => return Err(unknown()),
                    }
                }
                "pack_pad_record" => {
                    options.pad_record = match value {
                        "original" => PadRecord::Original,
                        "max_column_size" => PadRecord::MaxColumnSize,
                        _ => return Err(unknown()),
                    }
                }
                "pack_field_ordering" => {
                    options.field_ordering = match value {
                        "small_to_big_sep_var32" => FieldOrdering::SmallToBigSepVar32,
                        "big_to_small_sep_var32" => FieldOrdering::BigToSmallSepVar32,
                        _ => return Err(unknown()),
                    }
                }
                other if changes_meaning(other) => {
                    return Err(wrong(other, "is not known"));
                }
                _ => {}
            }
        }
        Ok(options)
    }
}

/// What a field element's attributes say.
struct Field {
    name: String,
    shape: Shape,
    double_base: f64,
    packing: Packing,
    /// Attributes that say nothing of the above.
    others: Vec<(String, String)>,
}

impl Field {
    /// Field number `index` of the type; `earlier` finds the ones before it.
    fn parse<'a>(
        attributes: &Attributes<'_>,
        extent_type: &str,
        index: usize,
        earlier: impl Fn(&str) -> Option<(usize, &'a Field)>,
    ) -> Result<Field, TypeError> {
        let name = value_of(attributes, "name").unwrap_or_default().to_owned();
        let wrong = |attribute: &str, problem| TypeError::FieldAttribute {
            extent_type: extent_type.to_owned(),
            field: name.clone(),
            attribute: attribute.to_owned(),
            problem,
        };
        check_name(&name).map_err(|problem| wrong("name", problem))?;
        if name.starts_with(' ') {
            return Err(wrong("name", "begins with a blank"));
        }
        if earlier(&name).is_some() {
            return Err(wrong("name", "is used twice"));
        }
        let kind = value_of(attributes, "type").ok_or_else(|| wrong("type", "is missing"))?;
        let kind = FieldKind::from_name(kind).ok_or_else(|| wrong("type", "is no known type"))?;

        let mut shape = Shape { kind, width: 0, nullable: false };
        let mut double_base = 0.0;
        let mut packing = Packing { unique: false, scale: None, relative: None };
        let mut others = Vec::new();
        for &(attribute, value) in attributes {
            let unknown = || wrong(attribute, "has a value that means nothing");
            let only_for = |kinds: &[FieldKind]| match kinds.contains(&kind) {
                true => Ok(()),
                false => Err(wrong(attribute, "does not fit the field's type")),
            };
            match attribute {
                "name" | "type" => {}
                "size" => {
                    only_for(&[FieldKind::FixedWidth])?;
                    shape.width = parse_size(value).ok_or_else(unknown)?;
                }
                "opt_nullable" => shape.nullable = parse_yes_no(value).ok_or_else(unknown)?,
                "opt_doublebase" => {
                    only_for(&[FieldKind::Double])?;
                    double_base = parse_number(value).ok_or_else(unknown)?;
                }
                "pack_unique" => {
                    only_for(&[FieldKind::Variable32])?;
                    packing.unique = parse_yes_no(value).ok_or_else(unknown)?;
                }
                "pack_scale" => {
                    only_for(&[FieldKind::Double])?;
                    let scale = parse_number(value).filter(|&scale| scale != 0.0);
                    packing.scale = Some(scale.ok_or_else(unknown)?);
                }
                "pack_scale_warn" => {
                    parse_yes_no(value).ok_or_else(unknown)?;
                    if value_of(attributes, "pack_scale").is_none() {
                        return Err(wrong(attribute, "needs pack_scale"));
                    }
                }
                "pack_relative" => {
                    only_for(&[FieldKind::Int32, FieldKind::Int64, FieldKind::Double])?;
                    packing.relative = match earlier(value) {
                        _ if value == name => Some(index),
                        Some((base, field)) if field.shape.kind == kind => Some(base),
                        Some(_) => return Err(wrong(attribute, "names a field of another type")),
                        None => return Err(wrong(attribute, "names no earlier field")),
                    };
                }
                other if changes_meaning(other) => {
                    return Err(wrong(other, "is not known"));
                }
                other => others.push((other.to_owned(), value.to_owned())),
            }
        }
        if kind == FieldKind::FixedWidth && shape.width == 0 {
            return Err(wrong("size", "is missing"));
        }
        let self_relative = packing.relative == Some(index);
        if self_relative && kind == FieldKind::Double && packing.scale.is_none() {
            return Err(wrong(
                "pack_relative",
                "needs pack_scale on a double that is its own base",
            ));
        }
        Ok(Field { name, shape, double_base, packing, others })
    }
}

/// Whether an attribute that is not known must be refused, since it could change the layout.
fn changes_meaning(attribute: &str) -> bool {
    attribute.starts_with("pack_") || attribute.starts_with("opt_")
}

fn check_name(name: &str) -> Result<(), &'static str> {
    match name.len() {
        0 => Err("is missing or empty"),
        1..=MAX_NAME => Ok(()),
        _ => Err("is longer than 255 bytes"),
    }
}

fn parse_yes_no(value: &str) -> Option<bool> {
    match value {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn parse_decimal(value: &str) -> Option<u32> {
    // `parse` alone would also take a leading plus sign.
    value.bytes().all(|byte| byte.is_ascii_digit()).then(|| value.parse().ok()).flatten()
}

fn parse_size(value: &str) -> Option<u32> {
    parse_decimal(value).filter(|&size| size > 0 && size <= i32::MAX as u32)
}

fn parse_version(value: &str) -> Option<Version> {
    let (major, minor) = value.split_once('.')?;
    Some(Version { major: parse_decimal(major)?, minor: parse_decimal(minor)? })
}

fn parse_number(value: &str) -> Option<f64> {
    value.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests;
