//! execve(2): run another program in this process.

use sdk::export::Encoder;
use sdk::prelude::*;

/// A first row with the path, a row per argument, a row per environment string, and a last row
/// (`continuation_number` = −1) with what came of it.
#[derive(Record)]
#[record(
    syscall = "execve",
    encode = rows,
    strings(1, 2),
    tail_last = "continuation_number",
    looks,
    changes = program,
    class = "process"
)]
struct Execve<'t> {
    #[unset]
    continuation_number: i32,
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[unset]
    argument: Option<&'t [u8]>,
    #[unset]
    #[environment]
    environment: Option<&'t [u8]>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

/// Numbers of the columns, in the order above.
const NUMBER: u32 = 0;
const PATHNAME: u32 = 1;
const ARGUMENT: u32 = 2;
const ENVIRONMENT: u32 = 3;

fn rows(call: &mut Encoder<'_>) {
    call.row(false).number(NUMBER, 0);
    if let Some(path) = call.fetched(0) {
        call.bytes(PATHNAME, path);
    }
    let arguments = call.items(1).map(|string| (ARGUMENT, string));
    let environment = call.items(2).map(|string| (ENVIRONMENT, string));
    for (number, (column, string)) in (1..).zip(arguments.chain(environment)) {
        call.row(false).number(NUMBER, number).bytes(column, string);
    }
    call.row(call.returned().is_some()).number(NUMBER, -1);
}

impl<'t> Replay<'t> for Execve<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        if !process.recorded().succeeded() {
            return Err(Skip::SIMULATED);
        }
        process.execute();
        Ok(Ok(0))
    }
}

export_plugin!(Execve);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::{EncodedRow, Stage, encoded, items};

    fn row(complete: bool, number: i64, strings: &[(u32, &[u8])]) -> EncodedRow {
        let bytes = strings.iter().map(|(column, string)| (*column, string.to_vec())).collect();
        EncodedRow { complete, numbers: [(NUMBER, number)].into(), bytes }
    }

    #[test]
    fn each_string_has_a_row() {
        let arguments = items(&[b"cp\0", b"a\0"]);
        let environment = items(&[b"HOME=/\0"]);
        let rows = encoded::<Execve<'_>>(
            [1, 2, 3, 0, 0, 0],
            &[b"/bin/cp\0", &arguments, &environment],
            Some((0, 0)),
        );
        let expected = [
            row(false, 0, &[(PATHNAME, b"/bin/cp\0")]),
            row(false, 1, &[(ARGUMENT, b"cp\0")]),
            row(false, 2, &[(ARGUMENT, b"a\0")]),
            row(false, 3, &[(ENVIRONMENT, b"HOME=/\0")]),
            row(true, -1, &[]),
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_call_that_did_not_return_still_has_a_last_row() {
        let rows = encoded::<Execve<'_>>([0; 6], &[b"/bin/cp\0", b"", b""], None);
        assert_eq!(rows.last(), Some(&row(false, -1, &[])));
    }

    const EXECVE: Execve<'_> = Execve {
        continuation_number: 0,
        given_pathname: Some(Path(b"/bin/cp\0")),
        argument: None,
        environment: None,
        full_pathname: None,
    };

    #[test]
    fn runs_nothing_but_has_the_effect_on_descriptors() {
        let mut stage = Stage::new();
        assert!(stage.recorded(0, 0).replay(&EXECVE).returns(0).executed());
    }

    #[test]
    fn a_failure_changes_nothing() {
        let mut stage = Stage::new();
        let played = stage.recorded(-1, libc::ENOENT).replay(&EXECVE).is_not_made();
        assert!(!played.executed());
    }
}
