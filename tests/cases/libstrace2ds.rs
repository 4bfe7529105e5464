//! Programs in C that write traces with libstrace2ds.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use replay_tests::built::{built, plugins};
use replay_tests::case::{Case, told};
use replay_tests::folder::PluginFolder;
use replay_tests::outside::Crate;
use replay_tests::strace::{kind, rows};
use serde_json::json;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Builds the C program `source` against the library; returns where it is.
fn compiled(source: &Path, folder: &Path) -> PathBuf {
    let program = folder.join(source.file_stem().unwrap());
    let mut cc = Command::new("cc");
    cc.args(["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&program).arg(source);
    cc.arg("-I").arg(repository().join("recorder/libstrace2ds/include"));
    cc.arg("-L").arg(built()).arg("-lstrace2ds").arg(format!("-Wl,-rpath,{}", built().display()));
    let output = cc.output().expect("there is a C compiler");
    assert!(output.status.success(), "{}", told(&output));
    program
}

#[test]
fn a_tracer_in_c_records_what_a_replay_makes_again() {
    let case = Case::new(|folder| {
        std::fs::create_dir_all(folder.join("d/e")).unwrap();
        std::fs::write(folder.join("d/e/small"), "small\n").unwrap();
    });
    let beside = case.trace().parent().unwrap().to_owned();
    let tracer = compiled(&repository().join("recorder/examples/tracer.c"), &beside);
    let script = "cp -a d copy; cat d/e/small d/e/small | tr a-z A-Z > big; exit 7";
    let mut command = Command::new(tracer);
    command.arg(case.trace()).args(["sh", "-c", script]);
    command.current_dir(case.folder()).env("REPLAYER_PLUGINS", plugins());
    let output = command.output().expect("the tracer runs");
    assert_eq!(output.status.code(), Some(7), "{}", told(&output));
    assert_eq!(told(&output), "");
    let traced = case.tree();
    assert_eq!(traced.entry("big").content, b"SMALL\nSMALL\n");
    case.reset();
    let replay = case.replay(&["--verify", "--abort"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    assert_eq!(traced.differences(&case.tree()), Vec::<String>::new());
}

#[test]
fn records_are_written_whole_by_name_with_memory_or_columns() {
    let case = Case::new(|_| {});
    let beside = case.trace().parent().unwrap().to_owned();
    let source = beside.join("writer.c");
    std::fs::write(&source, WRITER).unwrap();
    let mut writer = Command::new(compiled(&source, &beside));
    writer.arg(case.trace()).env("REPLAYER_PLUGINS", plugins()).current_dir(case.folder());
    let output = writer.output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let rows = rows(&case.trace());
    let kinds: Vec<_> = rows.iter().map(kind).collect();
    assert_eq!(kinds, ["openat", "write", "close"]);
    assert_eq!(rows[0]["given_pathname"], "made");
    assert_eq!(rows[1]["data_written"], "by name");
    assert_eq!(rows[2]["descriptor"], 3);
    let replay = case.replay(&["--verify", "--abort", "--cwd", &case.folder().to_string_lossy()]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    assert_eq!(case.tree().entry("made").content, b"by name");
}

/// The plugin was built elsewhere, and has columns that nothing else knows.
#[test]
fn a_third_partys_records_are_written_by_name_and_replayed_by_several_threads() {
    let sizes = Crate::new("acme-sizes", "statx").with_source(include_str!("../outside/sizes.rs"));
    let folder = PluginFolder::without(&["statx"]);
    let library = sizes.build();
    std::fs::copy(&library, folder.path().join(library.file_name().unwrap())).unwrap();
    let case = Case::new(|folder| std::fs::write(folder.join("a"), "ten bytes\n").unwrap());
    let case = case.with_plugins(folder.path());
    let beside = case.trace().parent().unwrap().to_owned();
    let source = replay_tests::folder::source("programs/third_party.c");
    let mut writer = Command::new(compiled(&source, &beside));
    writer.arg(case.trace()).env("REPLAYER_PLUGINS", folder.path()).current_dir(case.folder());
    let output = writer.output().unwrap();
    assert!(output.status.success(), "{:?} {}", output.status, told(&output));
    let rows = rows(&case.trace());
    assert_eq!(rows.len(), 4 * 1000);
    for row in &rows {
        assert_eq!(kind(row), "file_sizes");
        assert_eq!((&row["name"], &row["size_in_bytes"]), (&json!("a\0"), &json!(10)));
        assert_eq!((&row["wanted"], &row["changed"]), (&json!(0x200), &json!(null)));
    }
    let tasks: BTreeSet<_> = rows.iter().map(|row| row["executing_tid"].as_i64()).collect();
    assert_eq!(tasks.len(), 4);
    let ids: Vec<_> = rows.iter().map(|row| row["unique_id"].as_i64().unwrap()).collect();
    assert!(ids.is_sorted_by(|one, next| one < next), "each id is given once");

    let at = case.folder().to_string_lossy().into_owned();
    let replay = case.replay(&["--verify", "--cwd", &at]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    assert!(
        told(&replay).contains("4000 of 4000 calls made again, by 4 tasks"),
        "{}",
        told(&replay)
    );
    std::fs::write(case.folder().join("a"), "other").unwrap();
    let replay = case.replay(&["--verify", "--quiet", "--abort", "--cwd", &at]);
    assert_eq!(replay.status.code(), Some(1), "{}", told(&replay));
    assert!(told(&replay).contains("size_in_bytes: expected 10, got 5"), "{}", told(&replay));
}

/// Writes three records.
const WRITER: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "strace2ds.h"

static strace2ds_trace *trace;

static strace2ds_record record_of(const char *name, int64_t value)
{
    strace2ds_record record;
    memset(&record, 0, sizeof record);
    record.size = sizeof record;
    record.name = name;
    record.task = 100;
    record.time_called = record.time_returned = -1;
    record.returned = 1;
    record.return_value = value;
    return record;
}

static int wrote(const strace2ds_record *record)
{
    if (strace2ds_write(trace, record) == STRACE2DS_OK)
        return 1;
    fprintf(stderr, "%s\n", strace2ds_message());
    return 0;
}

int main(int count, char **words)
{
    if (count < 2 || strace2ds_create(words[1], NULL, &trace) != STRACE2DS_OK)
        return 2;
    strace2ds_memory path = { 0x1000, "made", 5, STRACE2DS_BEFORE };
    strace2ds_record open = record_of("openat", 3);
    open.arguments[0] = (uint64_t) AT_FDCWD;
    open.arguments[1] = 0x1000;
    open.arguments[2] = O_WRONLY | O_CREAT;
    open.arguments[3] = 0644;
    open.memory = &path;
    open.memory_count = 1;

    strace2ds_field data = { "data_written", STRACE2DS_BYTES, 0, "by name", 7 };
    strace2ds_record write = record_of("write", 7);
    write.arguments[0] = 3;
    write.arguments[2] = 7;
    write.fields = &data;
    write.field_count = 1;

    strace2ds_record close = record_of("close", 0);
    close.arguments[0] = 3;

    strace2ds_field wrong = { "no_such_column", STRACE2DS_NUMBER, 0, NULL, 0 };
    strace2ds_record refused = close;
    refused.fields = &wrong;
    refused.field_count = 1;
    if (strace2ds_write(trace, &refused) != STRACE2DS_NO_COLUMN)
        return 3;
    if (!wrote(&open) || !wrote(&write) || !wrote(&close))
        return 4;
    return strace2ds_close(trace) == STRACE2DS_OK ? 0 : 5;
}
"#;
