//! What a plugin costs beyond its call: `dispatch WHAT …` is timed by `cargo xtask bench plugins`.
//!
//! * `dispatch direct N`: N records by code that is linked in,
//! * `dispatch plugin FILE N`: the same by the plugin in FILE, as a replayer asks it,
//! * `dispatch headers FOLDER`, `dispatch load FOLDER`: the plugins in FOLDER, listed or loaded.

use std::ffi::c_void;
use std::hint::black_box;
use std::path::Path;

use replay_core::loader::{Loader, read_header};
use replay_core::registry::{PluginOptions, Registry};
use replay_schema::ReplayFn;
use sdk::abi::abi_stable::prefix_type::PrefixTypeTrait;
use sdk::abi::{Host, Outcome, Record, Row, Slot, kind};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["direct", count] => repeat(count, direct),
        ["plugin", file, count] => by_plugin(Path::new(file), count),
        ["headers", folder] => drop(registry(folder)),
        ["load", folder] => {
            let registry = registry(folder);
            let extents = registry.extents().expect("the plugins can be loaded");
            println!("{}", extents.len());
        }
        _ => panic!("dispatch direct N | plugin FILE N | headers FOLDER | load FOLDER"),
    }
}

fn registry(folder: &str) -> Registry {
    let options = PluginOptions { plugins: vec![folder.into()], ..Default::default() };
    Registry::open(&options).expect("the plugins can be listed")
}

/// A row of the columns that the plugin `idle` has.
#[repr(C)]
struct Idle {
    offset: i64,
    descriptor: i32,
    whence: i32,
}

/// Lets `replay` have as many records as `count` says.
fn repeat(count: &str, mut replay: impl FnMut(&Record, &mut Outcome)) {
    let slot = |offset: usize, kind: u32| Slot {
        offset: offset as u32,
        null_offset: u32::MAX,
        mask: 0,
        null_mask: 0,
        kind: kind as u8,
        reserved: 0,
        size: 0,
    };
    let slots = [
        slot(std::mem::offset_of!(Idle, descriptor), kind::INT32),
        slot(std::mem::offset_of!(Idle, offset), kind::INT64),
        slot(std::mem::offset_of!(Idle, whence), kind::INT32),
    ];
    let count: i64 = count.parse().expect("N is a number");
    let mut sum = 0i64;
    for number in 0..count {
        let row = Idle { offset: number, descriptor: 3, whence: 0 };
        let row = Row { fixed: std::ptr::from_ref(black_box(&row)).cast(), pool: std::ptr::null() };
        let record = Record {
            slots: slots.as_ptr(),
            rows: &raw const row,
            slot_count: slots.len() as u32,
            row_count: 1,
            unique_id: number,
            return_value: number,
            errno_number: 0,
            task: 1,
            wants: 0,
            memory: 1,
        };
        let mut outcome = Outcome { return_value: 0, errno_number: 0, reserved: 0 };
        replay(black_box(&record), black_box(&mut outcome));
        sum = sum.wrapping_add(outcome.return_value);
    }
    println!("{sum}");
}

/// What the plugin does, without a plugin.
#[inline(never)]
fn direct(record: &Record, outcome: &mut Outcome) {
    // SAFETY: the record has the row and the slots that `repeat` gave it.
    let (row, slots) = unsafe {
        (&*record.rows, std::slice::from_raw_parts(record.slots, record.slot_count as usize))
    };
    // SAFETY: as above, and unaligned numbers may be read so.
    let (fd, offset, whence) = unsafe {
        let at = |slot: &Slot| row.fixed.add(slot.offset as usize);
        (
            at(&slots[0]).cast::<i32>().read_unaligned(),
            at(&slots[1]).cast::<i64>().read_unaligned(),
            at(&slots[2]).cast::<i32>().read_unaligned(),
        )
    };
    let value = offset + i64::from(stands_for(fd)) + i64::from(whence);
    *outcome = Outcome { return_value: value, errno_number: 0, reserved: 0 };
}

#[inline(never)]
fn stands_for(traced: i32) -> i32 {
    black_box(traced) + 4
}

unsafe extern "C" fn descriptor(_context: *mut c_void, traced: i32) -> i32 {
    stands_for(traced)
}

extern "C" fn never() {
    unreachable!("the plugin asks for descriptors only");
}

/// A function that isn't called.
macro_rules! never {
    () => {
        // SAFETY: nobody calls it, whatever it is taken for.
        unsafe { std::mem::transmute::<extern "C" fn(), _>(never as extern "C" fn()) }
    };
}

#[expect(clippy::missing_transmute_annotations, reason = "each function has a type of its own")]
fn by_plugin(file: &Path, count: &str) {
    let host = Host {
        descriptor,
        is_stream: never!(),
        adopt: never!(),
        release: never!(),
        alias: never!(),
        scratch: never!(),
        returned: never!(),
        payload: never!(),
        path: never!(),
        note: never!(),
        create_task: never!(),
        execute: never!(),
        exit: never!(),
        diverged: never!(),
        unshare: never!(),
        remember: never!(),
        recall: never!(),
        log: never!(),
        descriptor_of: never!(),
        expect: never!(),
        counterpart: never!(),
    };
    let host = host.leak_into_prefix();
    let header = read_header(file, file, Path::is_file).expect("it is a plugin");
    let loaded = Loader::default().load(file, &header).expect("it can be loaded");
    let ReplayFn::Described(replay) = loaded.calls[0].replay else { panic!("it is by the SDK") };
    repeat(count, |record, outcome| {
        // SAFETY: the record is whole, and the only function that the plugin calls needs no context.
        let status = unsafe { replay(record, host, std::ptr::null_mut(), outcome) };
        assert_eq!(status, 0);
    });
}
