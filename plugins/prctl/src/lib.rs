//! prctl(2): set or tell one of many properties of this thread or process.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "prctl", simulated = "it would change the replayer", class = "creds")]
struct Prctl<'t> {
    #[arg(0)]
    #[names(OPTIONS)]
    option: i32,
    #[arg(1)]
    #[hex]
    argument_value: Option<i64>,
    #[arg(2)]
    #[hex]
    argument_2: i64,
    #[arg(3)]
    #[hex]
    argument_3: i64,
    #[arg(4)]
    #[hex]
    argument_4: i64,
    #[string(1, limit = 16)]
    #[when(arg(0).is(libc::PR_SET_NAME))]
    given_name: Option<&'t [u8]>,
}

const OPTIONS: &[Bit] = &[
    constant("", "PR_SET_PDEATHSIG", libc::PR_SET_PDEATHSIG as i64),
    constant("", "PR_GET_PDEATHSIG", libc::PR_GET_PDEATHSIG as i64),
    constant("", "PR_GET_DUMPABLE", libc::PR_GET_DUMPABLE as i64),
    constant("", "PR_SET_DUMPABLE", libc::PR_SET_DUMPABLE as i64),
    constant("", "PR_GET_KEEPCAPS", libc::PR_GET_KEEPCAPS as i64),
    constant("", "PR_SET_KEEPCAPS", libc::PR_SET_KEEPCAPS as i64),
    constant("", "PR_SET_NAME", libc::PR_SET_NAME as i64),
    constant("", "PR_GET_NAME", libc::PR_GET_NAME as i64),
    constant("", "PR_GET_SECCOMP", libc::PR_GET_SECCOMP as i64),
    constant("", "PR_SET_SECCOMP", libc::PR_SET_SECCOMP as i64),
    constant("", "PR_CAPBSET_READ", libc::PR_CAPBSET_READ as i64),
    constant("", "PR_CAPBSET_DROP", libc::PR_CAPBSET_DROP as i64),
    constant("", "PR_GET_SECUREBITS", libc::PR_GET_SECUREBITS as i64),
    constant("", "PR_SET_SECUREBITS", libc::PR_SET_SECUREBITS as i64),
    constant("", "PR_SET_TIMERSLACK", libc::PR_SET_TIMERSLACK as i64),
    constant("", "PR_GET_TIMERSLACK", libc::PR_GET_TIMERSLACK as i64),
    constant("", "PR_SET_MM", libc::PR_SET_MM as i64),
    constant("", "PR_SET_PTRACER", libc::PR_SET_PTRACER as i64),
    constant("", "PR_SET_CHILD_SUBREAPER", libc::PR_SET_CHILD_SUBREAPER as i64),
    constant("", "PR_GET_CHILD_SUBREAPER", libc::PR_GET_CHILD_SUBREAPER as i64),
    constant("", "PR_SET_NO_NEW_PRIVS", libc::PR_SET_NO_NEW_PRIVS as i64),
    constant("", "PR_GET_NO_NEW_PRIVS", libc::PR_GET_NO_NEW_PRIVS as i64),
    constant("", "PR_SET_THP_DISABLE", libc::PR_SET_THP_DISABLE as i64),
    constant("", "PR_CAP_AMBIENT", libc::PR_CAP_AMBIENT as i64),
    constant("", "PR_SET_VMA", libc::PR_SET_VMA as i64),
];

export_plugin!(Prctl);
