//! Reading rows allocates nothing: neither going through them, nor unpacking into buffers that were used
//! before.

mod common;

use std::alloc::GlobalAlloc;
use std::alloc::Layout;
use std::alloc::System;
use std::cell::Cell;

use dataseries::Checks;
use dataseries::Extent;
use dataseries::ExtentType;
use dataseries::Parts;
use dataseries::StoredExtent;

/// Counts allocations, and leaves them to the system.
struct Counting;

thread_local! {
    /// Those of one thread: the test's own, and not what the harness does beside it.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    ALLOCATIONS.set(ALLOCATIONS.get() + 1);
}

// SAFETY: every call goes on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the promises that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn rows_are_read_without_allocation() {
    let file = common::open("nfs-2.set-1.20k.ds");
    let stored: Vec<StoredExtent> =
        file.entries().iter().map(|entry| file.read(entry).unwrap()).collect();
    let mut extent = Extent::empty(ExtentType::index_type());
    let mut values = 0;
    let mut read = |in_rows_only: bool| {
        let before = ALLOCATIONS.get();
        let mut unpacking = 0;
        for stored in &stored {
            let start = ALLOCATIONS.get();
            stored.unpack_into(&mut extent, Parts::All, &Checks::ALL).unwrap();
            unpacking += ALLOCATIONS.get() - start;
            let ty = extent.extent_type();
            for row in extent.rows() {
                for column in ty.columns() {
                    values += usize::from(!matches!(row.get(column), dataseries::Value::Null));
                }
            }
        }
        let all = ALLOCATIONS.get() - before;
        if in_rows_only { all - unpacking } else { unpacking }
    };
    assert_eq!(read(true), 0, "going through rows");
    // What zlib's own state and the batch of length words take, whatever the number of rows.
    let unpacking = read(false);
    assert!(unpacking <= 8 * stored.len(), "{unpacking} allocations for {} extents", stored.len());
    assert!(values > 100_000);
}
