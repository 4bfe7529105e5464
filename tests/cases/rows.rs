//! Calls with more than one row: what each call has, rows that straddle extents, and rows that other tasks'
//! rows come between.

use dataseries::Value;
use replay_tests::case::told;
use replay_tests::families::Family;
use replay_tests::families::recorded::Recorded;
use replay_tests::trace::{At, Changes, Trace};

fn recorded(name: &str) -> Recorded {
    Recorded::new(Family::named(name).expect("it is one of the families"))
}

/// Replays what is in the trace's file by now: with every check, to the same tree.
#[track_caller]
fn assert_faithful(recorded: &Recorded, of: &str) {
    let tree = recorded.case.tree();
    recorded.case.reset();
    let replay = recorded.case.replay(&["--verify", "--warn"]);
    assert_eq!(replay.status.code(), Some(0), "{of}: {}", told(&replay));
    assert_eq!(tree.differences(&recorded.case.tree()), Vec::<String>::new(), "{of}");
}

#[test]
fn rows_of_a_call_straddle_extents() {
    for family in ["files", "sockets", "descriptors", "processes"] {
        for most in [1, 2, 3] {
            let recorded = recorded(family);
            recorded.trace.write_in_extents_of(most, &recorded.case.trace(), &Changes::new());
            assert_faithful(&recorded, &format!("{family} in extents of {most} rows"));
        }
    }
}

#[test]
fn rows_of_other_tasks_come_between_those_of_a_call() {
    for (family, names) in [("files", &["writev", "preadv"][..]), ("processes", &["execve"])] {
        let recorded = recorded(family);
        let trace = Trace::open(&recorded.case.trace());
        let trace = names.iter().fold(trace, |trace, name| trace.interleaved(name));
        trace.write(&recorded.case.trace(), &Changes::new());
        assert_faithful(&recorded, &format!("{family} with {names:?} interleaved"));
    }
}

#[test]
fn rows_whose_first_one_is_lost_are_counted_and_left_out() {
    let recorded = recorded("files");
    let first = recorded.trace.rows_of("writev").into_iter().find(|at| {
        recorded.trace.number(*at, "iov_number") == Some(-1)
            && recorded.trace.number(*at, "return_value") == Some(14)
    });
    let change = ("iov_number".to_owned(), replay_tests::trace::Cell::Number(77));
    let changes = Changes::from([(first.expect("it was made"), vec![change])]);
    recorded.trace.write_in_extents_of(1, &recorded.case.trace(), &changes);
    recorded.case.reset();
    let replay = recorded.case.replay(&["--quiet"]);
    assert!(matches!(replay.status.code(), Some(0 | 1)), "{}", told(&replay));
}

/// The values of `column` in the rows of the first call of `name` that returned `returned`, its first row
/// left out.
fn elements<'t>(trace: &'t Trace, name: &str, returned: i64, column: &str) -> Vec<Value<'t>> {
    let number = |at: At| {
        let numbering = if name.ends_with("mmsg") || name == "io_submit" {
            "item_number"
        } else {
            "iov_number"
        };
        trace.number(at, numbering)
    };
    let rows = trace.rows_of(name).into_iter();
    let rows = rows.skip_while(|at| {
        number(*at) != Some(-1) || trace.outcome(*at).is_none_or(|(value, _)| value != returned)
    });
    rows.skip(1)
        .take_while(|at| number(*at) != Some(-1))
        .map(|at| trace.value(at, column))
        .collect()
}

#[test]
fn several_messages_have_a_row_each() {
    let recorded = recorded("sockets");
    let bytes = |name, column| elements(&recorded.trace, name, 3, column);
    let expected = [&b"a few"[..], b" messages", b"a"].map(Value::Bytes);
    assert_eq!(bytes("sendmmsg", "data_written"), expected);
    assert_eq!(bytes("recvmmsg", "data_read"), expected);
    assert_eq!(bytes("recvmmsg", "bytes_received"), [5, 9, 1].map(Value::Int32));
}

#[test]
fn requests_have_a_row_each() {
    let recorded = recorded("descriptors");
    let data = elements(&recorded.trace, "io_submit", 1, "data_written");
    assert_eq!(data, [Value::Bytes(b"asynchronous data")]);
}

#[test]
fn a_program_has_a_row_for_each_argument_and_variable() {
    let recorded = recorded("processes");
    let trace = &recorded.trace;
    let texts = |column: &str| -> Vec<String> {
        let rows = trace.rows_of("execve").into_iter();
        let values = rows.filter_map(|at| match trace.value(at, column) {
            Value::Bytes(text) => Some(String::from_utf8_lossy(text).into_owned()),
            _ => None,
        });
        values.collect()
    };
    let arguments = texts("argument");
    let own: Vec<_> = arguments.iter().skip_while(|word| *word != "family\0").take(3).collect();
    assert_eq!(own, ["family\0", "processes\0", "first\0"]);
    let environment = texts("environment");
    assert!(environment.windows(2).any(|pair| pair == ["ONE=1\0", "EMPTY=\0"]), "{environment:?}");
}
