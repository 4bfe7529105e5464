//! Sizes and offsets of C structures, computed from their declarations.

use std::fmt::Write as _;

use syn::{Expr, ItemStruct, Lit, Type};

use super::c_name;
use crate::Result;

/// Fields that are keywords in C; cbindgen puts an underscore behind those.
const KEYWORDS: [&str; 4] = ["default", "register", "signed", "unsigned"];

/// Where a structure's fields are.
struct Layout {
    name: String,
    size: u64,
    align: u64,
    fields: Vec<(String, u64)>,
}

/// The layouts of all structures.
pub struct Layouts {
    layouts: Vec<Layout>,
}

impl Layouts {
    /// Of `structs`, in whatever order they are.
    ///
    /// # Errors
    /// A type that isn't understood.
    pub fn new(structs: &[ItemStruct]) -> Result<Self> {
        let mut made = Self { layouts: Vec::new() };
        let mut left: Vec<&ItemStruct> = structs.iter().collect();
        while !left.is_empty() {
            let before = left.len();
            left.retain(|item| match made.layout(item) {
                Some(layout) => {
                    made.layouts.push(layout);
                    false
                }
                None => true,
            });
            if left.len() == before {
                return Err(format!("the layout of {} isn't understood", left[0].ident));
            }
        }
        // In the order of the sources, as readers look for them.
        let place = |name: &str| structs.iter().position(|item| item.ident == name);
        made.layouts.sort_by_key(|layout| place(&layout.name));
        Ok(made)
    }

    fn layout(&self, item: &ItemStruct) -> Option<Layout> {
        let (mut at, mut align, mut fields) = (0u64, 1u64, Vec::new());
        for field in &item.fields {
            let (size, field_align) = self.of(&field.ty)?;
            at = at.next_multiple_of(field_align);
            align = align.max(field_align);
            fields.push((field.ident.as_ref()?.to_string(), at));
            at += size;
        }
        let size = at.next_multiple_of(align);
        Some(Layout { name: item.ident.to_string(), size, align, fields })
    }

    /// Size and alignment of `ty`.
    fn of(&self, ty: &Type) -> Option<(u64, u64)> {
        match ty {
            Type::Ptr(_) | Type::BareFn(_) => Some((8, 8)),
            Type::Array(array) => {
                let (size, align) = self.of(&array.elem)?;
                let Expr::Lit(literal) = &array.len else { return None };
                let Lit::Int(count) = &literal.lit else { return None };
                Some((size * count.base10_parse::<u64>().ok()?, align))
            }
            Type::Path(path) => {
                let name = path.path.segments.last()?.ident.to_string();
                Some(match name.as_str() {
                    "u8" => (1, 1),
                    "u16" => (2, 2),
                    "u32" | "i32" => (4, 4),
                    // Of functions only.
                    "u64" | "i64" | "usize" | "Option" => (8, 8),
                    _ => {
                        let layout = self.layouts.iter().find(|layout| layout.name == name)?;
                        (layout.size, layout.align)
                    }
                })
            }
            _ => None,
        }
    }

    /// Assertions in C.
    pub fn assertions(&self) -> String {
        let mut text = "\
// A compiler that lays these out in another way can't make plugins.
#ifdef __cplusplus
#define REPLAY_ASSERT(CONDITION) static_assert(CONDITION, #CONDITION)
#else
#define REPLAY_ASSERT(CONDITION) _Static_assert(CONDITION, #CONDITION)
#endif
"
        .to_owned();
        for layout in &self.layouts {
            let name = c_name(&layout.name);
            let _ = writeln!(text, "REPLAY_ASSERT(sizeof(struct {name}) == {});", layout.size);
            for (field, offset) in &layout.fields {
                let keyword = if KEYWORDS.contains(&field.as_str()) { "_" } else { "" };
                let _ = writeln!(
                    text,
                    "REPLAY_ASSERT(offsetof(struct {name}, {field}{keyword}) == {offset});"
                );
            }
        }
        text
    }

    /// The same in Rust; structures that end in `list` are one generic type there.
    pub fn pins(&self, list: &str) -> String {
        let mut text = "\
//! Sizes and offsets of what crosses, as the header for C asserts them too. Written by `cargo xtask header`;
//! a change in here that isn't an addition at a structure's end breaks every plugin there is.

use std::mem::offset_of;

use replay_abi as abi;

#[test]
#[rustfmt::skip]
fn what_crosses_has_the_layout_that_the_header_for_c_asserts() {
"
        .to_owned();
        for layout in &self.layouts {
            let name = match layout.name.strip_suffix(list) {
                Some(of) => format!("{list}<abi::{of}>"),
                None => layout.name.clone(),
            };
            let _ = writeln!(text, "    assert_eq!(size_of::<abi::{name}>(), {});", layout.size);
            for (field, offset) in &layout.fields {
                let _ = writeln!(
                    text,
                    "    assert_eq!(offset_of!(abi::{name}, {field}), {offset}, \"{name}.{field}\");"
                );
            }
        }
        text.push_str("}\n");
        text
    }
}
