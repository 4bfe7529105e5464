//! `docs/syscalls.md`: every call that a plugin has, and what becomes of it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use dataseries::{Checks, File};
use replay_core::registry::{Registry, RegistryError};
use replay_schema::{Call, Column, PREFIX, Role, Touch};
use syscalls::SysnoSet;

use crate::tool::trace;

const HEAD: &str = "\
# System calls

Every call that a plugin has, as the plugins themselves declare it. `cargo xtask docs` writes this page.

* **record type**: the last part of its name in a trace, where it isn't the call's own name; *new* if the original
  schema doesn't have it.
* **on replay**: *made* again, or *simulated*: taken to have had its recorded outcome, for the reason that is given.
  Of a call with both, the plugin decides from the call's arguments and descriptors. What can't be made for other
  reasons (a file of `/proc`, a standard stream, a descriptor that is simulated) is told at a replay's end.
* **roles**: what the call is to its process and to the order of a replay. `returns …` is how its result is compared:
  numbers must be equal, of descriptors, tasks and addresses only success counts. `looks`: changes no file and no
  name. `changes …`: what it changes where it does more than look, else anything. `waits`: may wait for another
  process. `rows`: more than one row.
* **columns**: beside those that all calls have. `=` before a name: `--verify` compares it. After it: `fd` a
  descriptor, `fd+` one that the call makes, `fd−` one that it closes, `path` a path, `path+` one that it
  makes, `path−` one that it takes away, `owner` a file's user or group, `task` a process or thread, `¹` a column that
  the original schema's type doesn't have. `+n`: so many boolean columns, made from the bits of others. In
  brackets: columns of the rows that follow the first.
";

/// The page.
pub fn page(registry: &Registry) -> Result<String, RegistryError> {
    let calls = registry.syscalls()?;
    let types = registry.extents()?;
    let original = original();
    let mut page = HEAD.to_owned();
    let of_calls: BTreeSet<&str> = calls.iter().map(|(_, call)| call.extent.as_str()).collect();
    let simulated = calls.iter().filter(|(_, call)| call.is_simulated()).count();
    let _ = writeln!(
        page,
        "\n{} calls in {} record types: {} are made again, {simulated} are simulated.\n",
        calls.len(),
        of_calls.len(),
        calls.len() - simulated,
    );
    page += "| call | what it does | record type | on replay | roles | columns |\n";
    page += "|---|---|---|---|---|---|\n";
    for (name, call) in &calls {
        line(&mut page, name, call, &original);
    }
    page += "\n## Record types that no x86-64 call makes\n\n";
    page += "Some are calls of other machines, the others are told by a recorder of the kernel's own.\n\n";
    page += "| record type | what it is | on replay | columns |\n|---|---|---|---|\n";
    for call in
        types.iter().filter(|call| !calls.iter().any(|(_, known)| known.extent == call.extent))
    {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} |",
            call.extent,
            summary(&call.extent, call),
            call.on_replay(),
            columns(call)
        );
    }
    page += "\n## Calls without a plugin\n\n";
    page += "A recorder counts them and says so at the end. ";
    let missing: Vec<_> =
        SysnoSet::all().iter().map(|call| call.name()).filter(|name| !has(&calls, name)).collect();
    let _ = writeln!(page, "Of the calls of x86-64 these have none ({}):\n", missing.len());
    page += &missing.join(", ");
    page += ".\n";
    Ok(page)
}

fn has(calls: &[(&str, std::sync::Arc<Call>)], name: &str) -> bool {
    calls.iter().any(|(known, _)| *known == name)
}

fn line(page: &mut String, name: &str, call: &Call, original: &BTreeSet<String>) {
    let is_new = !original.contains(&call.extent);
    let record_type = match (call.extent == name, is_new) {
        (true, true) => "*new*".to_owned(),
        (true, false) => String::new(),
        (false, true) => format!("{}, *new*", call.extent),
        (false, false) => call.extent.clone(),
    };
    let (summary, on_replay) = (summary(name, call), call.on_replay());
    let (roles, columns) = (call.roles().join(", "), columns(call));
    let _ = writeln!(
        page,
        "| {name} | {summary} | {record_type} | {on_replay} | {roles} | {columns} |"
    );
}

/// The original schema's record types: the original recorder puts all of them into each trace.
fn original() -> BTreeSet<String> {
    let trace = trace("rmdir.ds");
    let trace = File::open(&trace, Checks::ALL).expect("the sample is a whole trace");
    let names = trace.types().iter().filter_map(|ty| ty.name().strip_prefix(PREFIX));
    names.map(str::to_owned).collect()
}

/// What the man page's line says, from the head of the plugin's source: that of the call's own folder, or
/// of the record type that it shares.
fn summary(name: &str, call: &Call) -> String {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
    let source = |name: &str| fs::read_to_string(plugins.join(name).join("src/lib.rs")).ok();
    let source = source(name).or_else(|| source(&call.extent)).unwrap_or_default();
    let head = source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    let head: Vec<_> = head.take_while(|line| !line.is_empty()).collect();
    let head = head.join(" ");
    let said = head.split_once(": ").map_or(head.as_str(), |(_, said)| said);
    said.trim_end_matches('.').replace('|', "\\|")
}

fn columns(call: &Call) -> String {
    let of_head = call.columns.iter().filter(|column| column.elements.is_empty());
    let mut head: Vec<_> = of_head.map(self::column).collect();
    if !call.bit_columns.is_empty() {
        head.push(format!("+{}", call.bit_columns.len()));
    }
    let of_rows = call.columns.iter().filter(|column| !column.elements.is_empty());
    let rows: Vec<_> = of_rows.map(self::column).collect();
    match (head.join(", "), rows.join(", ")) {
        (head, rows) if rows.is_empty() => head,
        (head, rows) => format!("{head} [{rows}]"),
    }
}

fn column(column: &Column) -> String {
    let mut text = if column.compared.is_some() { "=".to_owned() } else { String::new() };
    text += &column.name;
    text += match column.role {
        Role::None | Role::Shares | Role::Payload | Role::Environment => "",
        Role::Descriptor => " fd",
        Role::NewDescriptor => " fd+",
        Role::ClosedDescriptor => " fd−",
        Role::Path | Role::Target => " path",
        Role::Task => " task",
        Role::Owner => " owner",
    };
    text += match column.touch {
        Touch::Call => "",
        Touch::Makes => "+",
        Touch::Removes => "−",
        Touch::Looks => " (source)",
    };
    if column.added {
        text.push('¹');
    }
    text
}
