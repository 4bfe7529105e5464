//! What `dstool` prints of files by other writers.

use std::path::Path;
use std::process::Stdio;

use replay_tests::built::plugins;
use replay_tests::tool::{dstool, dump, piped, prints, ran, sample, trace};
use serde_json::Value;
use sha2::{Digest, Sha256};

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The JSON objects that dstool prints.
#[track_caller]
fn objects(words: &[&str], file: &Path) -> Vec<Value> {
    let text = prints(words, file);
    text.lines().map(|line| serde_json::from_str(line).expect("each line is an object")).collect()
}

#[test]
fn text_equals_the_original_dumps() {
    for name in
        ["cp", "dd", "ln", "lslr", "mkdirp", "mv", "pipe", "rmdir", "sqlite", "tarc", "touch"]
    {
        let output = ran(dstool(&["cat"]).arg(trace(&format!("{name}.ds"))));
        assert!(output.stdout == dump(name), "{name}");
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{name}");
    }
}

#[test]
fn text_is_the_same_from_a_pipe() {
    let bytes = std::fs::read(trace("lslr.ds")).unwrap();
    assert!(piped(&["cat", "-"], &bytes).stdout == dump("lslr"));
}

#[test]
fn both_byte_orders_print_the_reference_text() {
    for name in ["complex.ds-littleend", "complex.ds-bigend"] {
        let text = prints(&["cat", "--skip-index"], &sample(name));
        let expected = "627aa674f29c149f8d74b80aae24522ef558ba5a4d57632bb698d823547980a0";
        assert_eq!(sha256(text.as_bytes()), expected, "{name}");
    }
}

#[test]
fn columns_and_rows_print_as_the_reference_texts() {
    let file = sample("nfs-2.set-1.20k.ds");
    let time = "packet_at:print_format=sec.nsec,epoch=unix,units=2^-32 seconds";
    let look = ["--no-header", "--print", time, "--print", "dest:print_format=ipv4"];
    let columns = ["cat", "-t", "Trace::NFS::common", "-c", "record_id,packet_at,dest"];
    let first = prints(&[&columns[..], &look, &["-n", "30"]].concat(), &file);
    assert_eq!(first, std::fs::read_to_string(sample("ds2txt.test.ref")).unwrap());
    let condition = ["-w", "record_id < 38549988050"];
    let chosen = prints(&[&columns[..], &look, &condition].concat(), &file);
    assert_eq!(chosen, std::fs::read_to_string(sample("ds2txt-where.test.ref")).unwrap());
}

#[test]
fn process_samples_print_as_the_rows_they_were_made_from() {
    for name in ["pss5.ds-littleend", "pss5.ds-bigend"] {
        let columns = "sampletime,username,pid,ppid,cputime,command,args";
        let whole =
            ["--print", "sampletime:print_format=%.0f", "--print", "cputime:print_format=%.0f"];
        let words = [&["cat", "-t", "*", "--no-header", "-c", columns][..], &whole].concat();
        let expected = "afe64538e6c844b1b206d4e72ba06379469ad6edeb55e6dcf38d6c495c9ac536";
        assert_eq!(sha256(prints(&words, &sample(name)).as_bytes()), expected, "{name}");
    }
}

#[test]
fn json_has_the_calls_in_their_order_and_integers_as_integers() {
    let calls = objects(&["cat", "--json"], &trace("sqlite.ds"));
    assert_eq!(calls.len(), 415);
    let ids: Vec<i64> = calls.iter().map(|call| call["unique_id"].as_i64().unwrap()).collect();
    assert!(ids.is_sorted() && ids[0] == 0);
    let open = calls.iter().find(|call| call["given_pathname"] == "/etc/ld.so.cache").unwrap();
    assert_eq!(open["extent_type"], "IOTTAFSL::Trace::Syscall::openat");
    assert_eq!(open["descriptor"], -100);
    assert!(open["open_value"].is_i64() && open["mode_value"].is_null());
    let exact = objects(&["cat", "--json", "--exact", "-t", "openat"], &trace("sqlite.ds"));
    assert!(exact.iter().any(|call| call["given_pathname"] == "/etc/ld.so.cache\0"));
    let read = calls.iter().find(|call| call["data_read"].is_object()).unwrap();
    assert!(read["data_read"]["hex"].as_str().unwrap().starts_with("7f454c46"), "an ELF file");
}

#[test]
fn csv_is_one_table_whatever_the_types() {
    let words = ["cat", "--csv", "-t", "openat,close", "-c", "unique_id,given_pathname", "-n", "3"];
    assert_eq!(
        prints(&words, &trace("lslr.ds")),
        "extent_type,unique_id,given_pathname\n\
         IOTTAFSL::Trace::Syscall::openat,13,/etc/ld.so.cache\n\
         IOTTAFSL::Trace::Syscall::close,16,\n\
         IOTTAFSL::Trace::Syscall::openat,17,/lib/x86_64-linux-gnu/libselinux.so.1\n"
    );
    let words = ["cat", "--csv", "-t", "close", "-c", "unique_id,descriptor", "--rows", "1..2"];
    assert_eq!(prints(&words, &trace("lslr.ds")), "unique_id,descriptor\n25,3\n");
}

#[test]
fn calls_have_names_where_plugins_know_them() {
    let words = ["cat", "--calls", "-t", "openat,access", "-n", "2"];
    let without = prints(&words, &trace("lslr.ds"));
    let lines: Vec<&str> = without.lines().collect();
    assert!(
        lines[0].ends_with(
            "access(given_pathname=\"/etc/ld.so.preload\", mode_value=4) = ENOENT (No such file or \
             directory) <15.0 µs>"
        ),
        "{without}"
    );
    assert!(lines[1].contains("openat(descriptor=AT_FDCWD, given_pathname=\"/etc/ld.so.cache\", "));
    let plugins = plugins().to_string_lossy().into_owned();
    let with = [&words[..], &["--plugins", &plugins]].concat();
    let with = prints(&with, &trace("lslr.ds"));
    assert!(with.contains("open_value=O_RDONLY|O_CLOEXEC) = 3"), "{with}");
}

#[test]
fn the_rows_of_a_call_are_one_line() {
    let text = prints(&["cat", "--calls", "-t", "execve"], &trace("lslr.ds"));
    assert_eq!(text.lines().count(), 1, "{text}");
    let expected =
        "execve(given_pathname=\"/usr/bin/ls\", argument=[\"ls\", \"-lR\", \"t\"], environment=";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn conditions_choose_rows_of_any_type() {
    let count = |condition: &str| {
        prints(&["cat", "--json", "-w", condition], &trace("sqlite.ds")).lines().count()
    };
    assert_eq!(count("call == 'fdatasync'"), 20);
    let failed = objects(&["cat", "--json"], &trace("sqlite.ds"));
    let failed = failed.iter().filter(|call| call["errno_number"] == 2 && call["mode_value"] != 18);
    assert_eq!(count("errno_number == ENOENT and not call == 'umask'"), failed.count());
    assert_eq!(count("given_pathname =~ \"journal$\" and return_value >= 0"), {
        let all = objects(&["cat", "--json"], &trace("sqlite.ds"));
        let journal = |call: &&Value| {
            call["given_pathname"].as_str().is_some_and(|path| path.ends_with("journal"))
                && call["return_value"].as_i64().is_some_and(|value| value >= 0)
        };
        all.iter().filter(journal).count()
    });
}

#[test]
fn what_cannot_be_meant_is_refused_with_a_way_on() {
    for (words, told) in [
        (&["cat", "-w", "descripter == 3"][..], "did you mean descriptor?"),
        (&["cat", "-w", "descriptor =="], "condition, column 14"),
        (&["cat", "-t", "opneat"], "did you mean openat?"),
        (&["cat", "-c", "unique_idd"], "did you mean unique_id?"),
        (&["cat", "-t", "xattr"], "for all of them write '*xattr*'"),
        (&["cat", "--plugins", "/nonexistent", "--calls"], "/nonexistent"),
        (
            &["repack", "--codec", "zip", "-o", "/dev/null"],
            "there is no codec 'zip'; there are none, lzo",
        ),
        (&["cat", "--print", "nothing:print_format=%x"], "there is no column nothing"),
    ] {
        let output = ran(dstool(words).arg(trace("lslr.ds")));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {stderr}");
        assert!(stderr.starts_with("dstool: ") && stderr.contains(told), "{words:?}: {stderr}");
        assert!(output.stdout.is_empty(), "{words:?}");
    }
}

#[test]
fn old_traces_are_normalised_on_request() {
    let columns = "time_called,time_returned,flag_close_on_exec,flag_create,mode_W_user";
    let words = ["cat", "--json", "-t", "umask,openat", "-c", columns];
    let raw = objects(&words, &trace("lslr.ds"));
    assert_eq!(raw[0]["time_called"], 1_795_485_936);
    assert_eq!((&raw[1]["flag_create"], &raw[1]["mode_W_user"]), (&true.into(), &true.into()));
    let plugins = plugins().to_string_lossy().into_owned();
    let normal = [&words[..], &["--normalize", "--plugins", &plugins]].concat();
    let normal = objects(&normal, &trace("lslr.ds"));
    assert_eq!(normal[0]["time_called"], 1_795_485_936_000_000_000i64);
    assert_eq!(normal[1]["time_called"], raw[1]["time_called"]);
    assert_eq!(normal[1]["flag_close_on_exec"], true);
    assert_eq!(
        (&normal[1]["flag_create"], &normal[1]["mode_W_user"]),
        (&false.into(), &false.into())
    );
}

#[test]
fn info_tells_what_is_there() {
    let info = objects(&["info", "--json"], &trace("pipe.ds"));
    let total = &info[0]["total"];
    assert_eq!(
        (&info[0]["finished"], &total["rows"], &total["extents"]),
        (&true.into(), &297.into(), &16.into())
    );
    assert_eq!(info[0]["first_id"], 0);
    let clone = info[0]["types"]
        .as_array()
        .unwrap()
        .iter()
        .find(|ty| ty["name"].as_str().unwrap().ends_with("::clone"));
    assert_eq!(clone.unwrap()["rows"], 5);
    let text = prints(&["info"], &sample("complex.ds-bigend"));
    assert!(text.contains("big-endian") && text.contains("bz2 42, zlib 42"), "{text}");
    assert!(!text.contains('\x1b'), "no colour in a pipe");
    let coloured = prints(&["info", "--color", "always"], &sample("complex.ds-bigend"));
    assert!(coloured.contains("\x1b[1m"), "{coloured}");
}

#[test]
fn stats_count_calls_errors_and_bytes() {
    let by_call = objects(&["stats", "--json", "--sort", "name"], &trace("sqlite.ds"));
    let pwrite = by_call.iter().find(|line| line["call"] == "pwrite").unwrap();
    assert_eq!((&pwrite["calls"], &pwrite["errors"]), (&141.into(), &0.into()));
    let written: i64 = objects(&["cat", "--json", "-t", "pwrite"], &trace("sqlite.ds"))
        .iter()
        .map(|call| call["return_value"].as_i64().unwrap())
        .sum();
    assert_eq!(pwrite["bytes"], written);
    let by_process = objects(&["stats", "--json", "--by", "process"], &trace("pipe.ds"));
    assert_eq!(by_process.len(), 6);
    let columns = objects(&["stats", "--json"], &sample("nfs-2.set-0.ip.ds"));
    let length = columns.iter().find(|line| line["column"] == "wire-length").unwrap();
    assert_eq!((&length["smallest"], &length["largest"]), (&64.into(), &1518.into()));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let mut command = dstool(&["cat"]);
    let mut child = command
        .arg(trace("sqlite.ds"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

#[test]
fn every_command_explains_itself() {
    for command in ["info", "cat", "check", "recover", "repack", "merge", "slice", "stats"] {
        let output = ran(&mut dstool(&[command, "--help"]));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("Examples:") && text.contains("Usage: dstool"), "{command}");
    }
}
