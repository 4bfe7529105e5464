//! The record types that plugins declare, beside those of the original recorder: existing tools read our
//! traces, and we theirs, only as long as the types are the same to the byte.

use dataseries::{Checks, ExtentType, File};
use replay_core::registry::{PluginOptions, Registry};
use replay_schema::{PREFIX, extent_type};
use replay_tests::built::plugins;

/// A trace by the original recorder, which puts all its types into each.
const ORIGINAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/reference/rmdir.ds");

#[test]
fn every_original_record_type_is_declared_to_the_byte() {
    let original = File::open(ORIGINAL, Checks::ALL).expect("the sample is a whole trace");
    let options = PluginOptions { plugins: vec![plugins()], ..PluginOptions::default() };
    let registry = Registry::open(&options).expect("the plugins are taken");

    let mut compared = 0;
    let mut differences = Vec::new();
    for ty in original.types().iter() {
        let Some(name) = ty.name().strip_prefix(PREFIX) else { continue };
        compared += 1;
        let call = registry.extent(name).expect("the plugin is loaded");
        let Some(call) = call else {
            differences.push(format!("{name}: no plugin declares it"));
            continue;
        };
        // What was added to the original's columns comes last, and in another version of the type.
        let is_added = |name: &str| call.columns.iter().any(|c| c.added && c.name == name);
        let fields = call.fields().into_iter().filter(|field| !is_added(field.name));
        let declared = extent_type(&call.type_name(), "1.00", &fields.collect::<Vec<_>>());
        if let Some(difference) = difference(ty.text(), &declared) {
            differences.push(format!("{name}: {difference}"));
        }
    }
    assert_eq!(compared, 103, "record types in the sample");
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn a_record_type_that_no_call_makes_can_be_switched_off() {
    let mut options = PluginOptions { plugins: vec![plugins()], ..PluginOptions::default() };
    let enabled = |options: &PluginOptions| {
        let registry = Registry::open(options).expect("the plugins are taken");
        registry.extent_enabled("mmappread").is_ok()
    };
    assert!(enabled(&options));
    options.disable = vec!["mmappread".to_owned()];
    assert!(!enabled(&options));
}

#[test]
fn every_declaration_is_taken_as_it_stands() {
    let options = PluginOptions { plugins: vec![plugins()], ..PluginOptions::default() };
    let registry = Registry::open(&options).expect("the plugins are taken");
    for call in registry.extents().expect("the plugins are loaded") {
        assert!(call.warnings.is_empty(), "{}: {:?}", call.extent, call.warnings);
        assert!(!call.fields().is_empty(), "{} has its columns", call.extent);
    }
}

#[test]
fn a_plugin_has_the_name_of_its_call() {
    let options = PluginOptions { plugins: vec![plugins()], ..PluginOptions::default() };
    let registry = Registry::open(&options).expect("the plugins are taken");
    for plugin in registry.plugins() {
        let name = &plugin.header.name;
        let mut claims = plugin.header.claims.iter();
        let claimed = claims.any(|claim| {
            claim.extent == *name || claim.syscalls.iter().any(|claimed| claimed.call == *name)
        });
        assert!(claimed, "plugin {name} has no call of its name");
    }
}

/// What a field element says of its column, beside the name.
fn attributes(column: &dataseries::Column) -> Vec<(String, String)> {
    let yes_or_no = |is_so: bool| if is_so { "yes" } else { "no" };
    let known = [
        ("type", column.kind.name()),
        ("opt_nullable", yes_or_no(column.nullable)),
        ("pack_unique", yes_or_no(column.packing.unique)),
    ];
    let known = known.map(|(name, value)| (name.to_owned(), value.to_owned()));
    known.into_iter().chain(column.attributes.iter().cloned()).collect()
}

/// The first difference between the texts of two types, by column and attribute.
fn difference(original: &str, declared: &str) -> Option<String> {
    if original == declared {
        return None;
    }
    let parse = |text| ExtentType::parse(text).expect("a type is well-formed");
    let (original_type, declared_type) = (parse(original), parse(declared));
    for column in original_type.columns() {
        let name = &column.name;
        let Some(ours) = declared_type.column(name) else {
            return Some(format!("column {name} is missing"));
        };
        let (theirs, ours) = (attributes(column), attributes(ours));
        for (attribute, value) in &theirs {
            let ours = ours.iter().find(|(name, _)| name == attribute);
            let ours = ours.map(|(_, value)| value);
            if ours != Some(value) {
                let ours = ours.map_or("nothing", String::as_str);
                return Some(format!(
                    "column {name}: {attribute} is {ours}, the original's {value}"
                ));
            }
        }
    }
    let unknown = |name: &str| original_type.column(name).is_none();
    if let Some(extra) = declared_type.columns().iter().find(|column| unknown(&column.name)) {
        return Some(format!("column {} isn't the original's", extra.name));
    }
    let lines = original.lines().zip(declared.lines());
    let (theirs, ours) =
        lines.into_iter().find(|(theirs, ours)| theirs != ours).unwrap_or(("its end", "its end"));
    Some(format!("it says `{}`, the original `{}`", ours.trim(), theirs.trim()))
}

#[test]
fn a_difference_is_told_by_column_and_attribute() {
    let ty = |fields: &str| {
        format!("<ExtentType name=\"x\" namespace=\"n\" version=\"1.0\">{fields}</ExtentType>\n")
    };
    let column = |name: &str, kind: &str| format!("<field name=\"{name}\" type=\"{kind}\"/>");
    let original = ty(&(column("a", "int32") + &column("b", "int64")));
    let told = |fields: String| difference(&original, &ty(&fields));
    assert_eq!(told(column("a", "int32") + &column("b", "int64")), None);
    let expected = "column b: type is int32, the original's int64";
    assert_eq!(told(column("a", "int32") + &column("b", "int32")).as_deref(), Some(expected));
    assert_eq!(told(column("a", "int32")).as_deref(), Some("column b is missing"));
    let extra = column("a", "int32") + &column("b", "int64") + &column("c", "byte");
    assert_eq!(told(extra).as_deref(), Some("column c isn't the original's"));
    assert!(told(column("b", "int64") + &column("a", "int32")).is_some(), "the order counts");
}
