//! execveat(2): run another program in this process, its path looked up from a directory.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::export::Encoder;
use sdk::prelude::*;

/// A first row with the path, a row per argument, a row per environment string, and a last row
/// (`continuation_number` = −1) with what came of it.
#[derive(Record)]
#[record(
    syscall = "execveat",
    encode = rows,
    strings(2, 3),
    tail_last = "continuation_number",
    looks,
    changes = program,
    class = "process"
)]
struct Execveat<'t> {
    #[unset]
    continuation_number: i32,
    #[arg(0)]
    descriptor: Option<DirFd>,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[unset]
    argument: Option<&'t [u8]>,
    #[unset]
    #[environment]
    environment: Option<&'t [u8]>,
    #[arg(4)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "AT_EMPTY_PATH", libc::AT_EMPTY_PATH as i64),
    bit("", "AT_SYMLINK_NOFOLLOW", libc::AT_SYMLINK_NOFOLLOW as i64),
    bit("", "AT_EXECVE_CHECK", CHECK_ONLY as i64),
];

/// With this flag nothing is run (AT_EXECVE_CHECK, which the libc crate lacks).
const CHECK_ONLY: i32 = 0x10000;

/// Numbers of the columns, in the order above.
const NUMBER: u32 = 0;
const DESCRIPTOR: u32 = 1;
const PATHNAME: u32 = 2;
const ARGUMENT: u32 = 3;
const ENVIRONMENT: u32 = 4;
const FLAGS_VALUE: u32 = 5;

fn rows(call: &mut Encoder<'_>) {
    let (descriptor, flags) = (call.argument(0) as i32, call.argument(4) as i32);
    call.row(false).number(NUMBER, 0);
    call.number(DESCRIPTOR, descriptor.into()).number(FLAGS_VALUE, flags.into());
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

impl<'t> Replay<'t> for Execveat<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let checks_only = self.flags_value.is_some_and(|flags| flags & CHECK_ONLY != 0);
        if checks_only || !process.recorded().succeeded() {
            return Err(Skip::SIMULATED);
        }
        process.execute();
        Ok(Ok(0))
    }
}

export_plugin!(Execveat);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::{Stage, encoded, items};

    #[test]
    fn the_first_row_has_the_directory_and_the_flags() {
        let arguments = items(&[b"cp\0"]);
        let words = [libc::AT_FDCWD as u32 as u64, 1, 2, 3, libc::AT_EMPTY_PATH as u64, 0];
        let rows = encoded::<Execveat<'_>>(words, &[b"cp\0", &arguments, b""], Some((0, 0)));
        let [first, argument, last] = rows.as_slice() else { panic!("there are three rows") };
        let numbers = [(NUMBER, 0), (DESCRIPTOR, -100), (FLAGS_VALUE, 0x1000)];
        assert_eq!(first.numbers, numbers.into());
        assert_eq!(first.bytes, [(PATHNAME, b"cp\0".to_vec())].into());
        assert_eq!(argument.bytes, [(ARGUMENT, b"cp\0".to_vec())].into());
        assert_eq!((last.complete, &last.numbers), (true, &[(NUMBER, -1)].into()));
    }

    const EXECVEAT: Execveat<'_> = Execveat {
        continuation_number: 0,
        given_pathname: Some(Path(b"\0")),
        argument: None,
        environment: None,
        descriptor: Some(DirFd(3)),
        flags_value: Some(libc::AT_EMPTY_PATH),
    };

    #[test]
    fn runs_nothing_but_has_the_effect_on_descriptors() {
        let mut stage = Stage::new();
        assert!(stage.recorded(0, 0).replay(&EXECVEAT).returns(0).executed());
    }

    #[test]
    fn a_failure_or_a_mere_check_changes_nothing() {
        let check = Execveat { flags_value: Some(CHECK_ONLY), ..EXECVEAT };
        for (record, errno) in [(EXECVEAT, libc::ENOENT), (check, 0)] {
            let mut stage = Stage::new();
            let returned = if errno == 0 { 0 } else { -1 };
            assert!(!stage.recorded(returned, errno).replay(&record).is_not_made().executed());
        }
    }
}
