//! The text of an extent type (trace schema, §2).

use std::fmt::Write;
use std::sync::LazyLock;

use crate::{Field, NAMESPACE};

/// The original schema's column names, sorted: a name's `field_id` is its place here.
static COLUMN_NAMES: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("column_names.txt").lines().collect());

/// The id that the original schema gave to a column's name, shared by all calls that use it; none for
/// names that it didn't know. Readers ignore it.
pub fn field_id(name: &str) -> Option<usize> {
    COLUMN_NAMES.binary_search(&name).ok()
}

/// The XML of extent type `name` with columns `fields`.
pub fn extent_type(name: &str, version: &str, fields: &[Field<'_>]) -> String {
    let mut xml =
        format!("<ExtentType name=\"{name}\" namespace=\"{NAMESPACE}\" version=\"{version}\">\n");
    for field in fields {
        xml.push_str("  <field ");
        if let Some(id) = field_id(field.name) {
            let _ = write!(xml, "field_id=\"{id}\" ");
        }
        let Field { name, kind, nullable } = field;
        let (kind, nullable) = (kind.name(), if *nullable { "yes" } else { "no" });
        let _ = writeln!(xml, "name=\"{name}\" type=\"{kind}\" opt_nullable=\"{nullable}\"/>");
    }
    xml.push_str("</ExtentType>\n");
    xml
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, common};

    #[test]
    fn names_are_sorted_so_that_ids_are_places() {
        assert!(COLUMN_NAMES.is_sorted());
        assert_eq!(COLUMN_NAMES.len(), 325);
        assert_eq!(field_id("unique_id"), Some(314));
        assert_eq!(field_id("no such column"), None);
    }

    #[test]
    fn a_type_reads_as_the_original_wrote_it() {
        let own = Field { name: "descriptor", kind: Kind::Int32, nullable: false };
        let fields: Vec<_> = common::FIELDS.into_iter().chain([own]).collect();
        let xml = extent_type("IOTTAFSL::Trace::Syscall::fsync", "1.00", &fields);
        assert!(xml.starts_with(
            "<ExtentType name=\"IOTTAFSL::Trace::Syscall::fsync\" namespace=\"iotta.snia.org\" \
             version=\"1.00\">\n  <field field_id=\"34\" name=\"buffer_not_captured\" type=\"bool\" \
             opt_nullable=\"yes\"/>\n"
        ));
        assert!(xml.ends_with(
            "  <field field_id=\"59\" name=\"descriptor\" type=\"int32\" opt_nullable=\"no\"/>\n\
             </ExtentType>\n"
        ));
    }
}
