//! The same for people at a terminal.

use std::fmt::Write as _;
use std::io::Write as _;

use super::describe::{Entry, OptionLine, Page, RecordType};

/// A line for each plugin.
pub fn list(entries: &[Entry]) {
    let lines: Vec<[String; 4]> = entries
        .iter()
        .map(|entry| {
            let calls = entry.provides.iter().flat_map(|provides| &provides.calls);
            let calls: Vec<&str> = calls.map(String::as_str).collect();
            let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "?".to_owned());
            let calls = if calls.is_empty() { "-".to_owned() } else { calls.join(",") };
            [name(&entry.name), name(&entry.version), calls, status(entry)]
        })
        .collect();
    let heads = ["NAME", "VERSION", "CALLS", "STATUS"].map(str::to_owned);
    let all = || std::iter::once(&heads).chain(&lines);
    let widths: [usize; 4] =
        std::array::from_fn(|i| all().map(|line| line[i].len()).max().unwrap_or(0).min(32));
    let mut text = String::new();
    let paths = entries.iter().map(|entry| entry.path.display().to_string());
    let paths = std::iter::once("PATH".to_owned()).chain(paths);
    for ([name, version, calls, status], path) in all().zip(paths) {
        let [a, b, c, d] = widths;
        let _ = writeln!(text, "{name:a$}  {version:b$}  {calls:c$}  {status:d$}  {path}");
    }
    say(&text);
}

fn status(entry: &Entry) -> String {
    match &entry.why {
        Some(why) => format!("{} ({why})", entry.status),
        None => {
            let mut others = entry.provides.iter().filter(|provides| provides.why.is_some());
            match others.next() {
                Some(other) => {
                    let why = other.why.as_deref().unwrap_or_default();
                    format!("{}, but {} {} ({why})", entry.status, other.record_type, other.status)
                }
                None => entry.status.to_owned(),
            }
        }
    }
}

/// All of a plugin.
pub fn page(page: &Page) {
    let Page { entry, sha256, options, record_types } = page;
    let unknown = || "?".to_owned();
    let mut text = format!(
        "{} {}\n  path    {}\n  sha256  {}\n  ABI     {}, record schema {}\n  status  {}\n",
        entry.name.clone().unwrap_or_else(unknown),
        entry.version.clone().unwrap_or_else(unknown),
        entry.path.display(),
        sha256.clone().unwrap_or_else(unknown),
        entry.abi.clone().unwrap_or_else(unknown),
        entry.schema.clone().unwrap_or_else(unknown),
        status(entry),
    );
    if !options.is_empty() {
        text += "\noptions\n";
        options.iter().for_each(|option| line(&mut text, option));
    }
    for record_type in record_types {
        of_type(&mut text, record_type);
    }
    say(&text);
}

fn line(text: &mut String, option: &OptionLine) {
    let OptionLine { name, takes, value, from, default, help, .. } = option;
    let _ = write!(text, "  {name} = {value}");
    let _ = match from.as_str() {
        "default" => writeln!(text, "  (default)"),
        from => writeln!(text, "  ({from}; default {default})"),
    };
    let _ = writeln!(text, "      {help}{}{takes}", if help.is_empty() { "" } else { ": " });
}

fn of_type(text: &mut String, record_type: &RecordType) {
    let RecordType { name, calls, on_replay, roles, classes, columns, bit_columns, warnings } =
        record_type;
    let _ = writeln!(text, "\nrecord type {name}");
    if !calls.is_empty() {
        let _ = writeln!(text, "  of         {}", calls.join(", "));
    }
    let _ = writeln!(text, "  on replay  {on_replay}");
    if !roles.is_empty() {
        let _ = writeln!(text, "  roles      {}", roles.join(", "));
    }
    if !classes.is_empty() {
        let _ = writeln!(text, "  classes    {}", classes.join(", "));
    }
    if !columns.is_empty() {
        text.push_str("  columns\n");
    }
    let kinds: Vec<String> = columns
        .iter()
        .map(|column| format!("{}{}", column.kind, if column.nullable { "?" } else { "" }))
        .collect();
    let width = columns.iter().map(|column| column.name.len()).max().unwrap_or(0);
    let kind_width = kinds.iter().map(String::len).max().unwrap_or(0);
    for (column, kind) in columns.iter().zip(&kinds) {
        let mut notes = vec![column.capture.clone()];
        notes.extend(column.role.map(article));
        notes.extend(column.compared.as_ref().map(|when| match when.as_str() {
            "always" => "compared".to_owned(),
            when => format!("compared {when}"),
        }));
        notes.extend(column.added.then(|| "not in the original schema".to_owned()));
        let _ =
            writeln!(text, "    {:width$}  {kind:kind_width$}  {}", column.name, notes.join("; "));
    }
    if !bit_columns.is_empty() {
        let _ = writeln!(text, "  bits       {}", bit_columns.join(", "));
    }
    for warning in warnings {
        let _ = writeln!(text, "  warning: {warning}");
    }
}

/// `role` with its article, if it has one.
fn article(role: &str) -> String {
    if role.starts_with("what") || role.starts_with("data") || role.starts_with("text") {
        role.to_owned()
    } else {
        format!("a {role}")
    }
}

/// Prints `text`; a pager that was closed doesn't want the rest.
pub fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
