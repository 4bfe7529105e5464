//! Takes mkdir(2)'s place, and breaks down whenever it is to write a row.

use sdk::export::Encoder;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "mkdir", encode = rows)]
struct Panicking<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[arg(1)]
    #[octal]
    mode_value: Option<i32>,
}

fn rows(call: &mut Encoder<'_>) {
    call.row(true).number(1, 7);
    panic!("mode {:o} is too much", call.argument(1));
}

export_plugin!(Panicking);
