//! Makes a captured call of a line's values: what a recorder would have found in registers and memory.

use std::ops::Range;

use abi::{Fetch, Place, fetch, place};
use replay_schema::{Observed, Returns, Value};

use crate::event::{Batch, Blob, CallEvent, Part, Unseen};
use crate::memory;
use crate::plan::Plan;
use crate::strace::memory::{Hint, Shown, address_of};
use crate::strace::number::Values;
use crate::strace::result::{Ready, is_content};
use crate::strace::shape::Shape;
use crate::strace::value::Kind;

/// Bit of a new task's flags by which it is a thread of its creator's process (clone(2)).
const CLONE_THREAD: i64 = libc::CLONE_THREAD as i64;

/// What a line tells of a call.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The declaration.
    pub plan: &'a Plan,
    /// What it says of the text.
    pub shape: &'a Shape,
    /// The line.
    pub values: Values<'a>,
    /// Return value and errno.
    pub returned: Option<(i64, i32)>,
    /// What stands behind the return value.
    pub ready: Ready,
}

/// A task that a call made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child {
    /// Its kernel id.
    pub task: i32,
    /// Whether it is a thread of the same process.
    pub is_thread: bool,
}

/// The arguments, and what isn't known of them.
#[derive(Debug, Default)]
pub struct Registers {
    /// The arguments, made-up addresses among them.
    pub arguments: [u64; 6],
    /// Bits of those that the line doesn't tell.
    pub unseen: u8,
    /// Bits of those that are addresses of what is printed in their place.
    pointers: u8,
}

impl Registers {
    /// The registers of a call of that shape, of which the line tells `values`.
    pub fn new(shape: &Shape, values: Values<'_>) -> Self {
        let mut registers = Registers::default();
        let printed = shape.registers(values.tree, values.text);
        for (register, id) in printed.into_iter().enumerate() {
            let Some(id) = id else {
                registers.unseen |= 1 << register;
                continue;
            };
            let kind = |id| values.tree.node(id).kind;
            let is_pointer = is_content(kind(id))
                || kind(id) == Kind::Changed
                    && values.tree.children(id).any(|part| is_content(kind(part)));
            if is_pointer {
                registers.arguments[register] = address_of(id);
                registers.pointers |= 1 << register;
            } else {
                match values.number(id) {
                    Some(number) => registers.arguments[register] = number,
                    None => registers.unseen |= 1 << register,
                }
            }
        }
        registers
    }
}

impl Told<'_> {
    /// Puts the call into `batch`, as `event` with what the line tells filled in. Returns the task that it
    /// made.
    pub fn capture(&self, event: CallEvent, batch: &mut Batch) -> (CallEvent, Option<Child>) {
        let registers = Registers::new(self.shape, self.values);
        let first = batch.blobs.len();
        let count = self.plan.call.fetches.len();
        batch.blobs.resize(first + count, Blob::Absent);
        let number = batch.events.len();
        let unseen_from = batch.unseen.len();
        for register in 0..6u8 {
            let part = match 1 << register {
                bit if registers.unseen & bit != 0 => Part::Argument(register),
                bit if registers.pointers & bit != 0 => Part::Pointer(register),
                _ => continue,
            };
            batch.unseen.push(Unseen { event: number, part });
        }
        let entry = self.plan.entry.iter().map(|fetch| (fetch, false));
        let exit = self.plan.exit.iter().map(|fetch| (fetch, true));
        for ((place, fetch), is_after) in entry.chain(exit.filter(|_| self.returned.is_some())) {
            let hint = self.shape.hints[*place];
            let blob = self.fetch(fetch, is_after, hint, &registers, first..first + count, batch);
            let (blob, holes) = blob;
            batch.blobs[first + place] = blob;
            for part in parts(fetch, *place, &batch.blobs[first + place], holes) {
                let is_new = batch.unseen[unseen_from..].iter().all(|unseen| unseen.part != part);
                if is_new {
                    batch.unseen.push(Unseen { event: number, part });
                }
            }
        }
        let blobs = first..first + count;
        let child = self.child(&registers, blobs.clone(), batch);
        let event =
            CallEvent { arguments: registers.arguments, returned: self.returned, blobs, ..event };
        (event, child)
    }

    fn fetch(
        &self,
        fetch: &Fetch,
        is_after: bool,
        hint: Hint,
        registers: &Registers,
        blobs: Range<usize>,
        batch: &mut Batch,
    ) -> (Blob, Vec<crate::strace::memory::Hole>) {
        let is_unseen = |place: Place| {
            let is_argument = matches!(
                place.kind,
                place::ARGUMENT | place::ARGUMENT_BITS | place::ARGUMENT_TIMES
            );
            is_argument && registers.unseen & 1 << place.index.min(7) != 0
        };
        let returned = self.returned.filter(|_| is_after);
        let arguments = registers.arguments;
        if [fetch.address, fetch.length, fetch.item.limit].into_iter().any(is_unseen)
            || is_unseen(fetch.when.place)
        {
            let observed = Observed { arguments, returned, memory: &[], element: None };
            let applies = is_unseen(fetch.when.place) || observed.applies(&fetch.when);
            let blob = if applies { Blob::Failed(0..0) } else { Blob::Absent };
            return (blob, Vec::new());
        }
        let shown = Shown {
            values: self.values,
            is_after,
            ready: self.ready,
            hint,
            holes: Default::default(),
        };
        let seen = &batch.blobs[blobs];
        let blob = memory::copy_after(&shown, fetch, arguments, returned, seen, &mut batch.bytes);
        let failed = returned.is_some_and(|(_, errno)| errno != 0);
        match blob {
            // A call that failed filled in nothing, and strace shows nothing.
            Blob::Failed(_) if failed => (Blob::Absent, Vec::new()),
            blob => (blob, shown.holes.into_inner()),
        }
    }

    /// The task that the call made, if it made one.
    fn child(&self, registers: &Registers, blobs: Range<usize>, batch: &Batch) -> Option<Child> {
        let call = &self.plan.call;
        let (task, _) = self.returned.filter(|(value, errno)| *errno == 0 && *value > 0)?;
        if call.returns(registers.arguments) != Returns::Child {
            return None;
        }
        let memory: Vec<_> = batch.blobs[blobs].iter().map(|blob| batch.memory(blob).0).collect();
        let observed = Observed {
            arguments: registers.arguments,
            returned: self.returned,
            memory: &memory,
            element: None,
        };
        let shared = self.shape.shares.map(|column| observed.first(&call.columns[column].sources));
        let is_thread = matches!(shared, Some(Value::Number(flags)) if flags & CLONE_THREAD != 0);
        Some(Child { task: i32::try_from(task).ok()?, is_thread })
    }
}

/// What `holes` mean for the columns that look at the fetch's memory.
fn parts(
    fetch: &Fetch,
    number: usize,
    blob: &Blob,
    holes: Vec<crate::strace::memory::Hole>,
) -> Vec<Part> {
    let (Blob::Copied(range) | Blob::Failed(range)) = blob else { return Vec::new() };
    let mut parts = Vec::new();
    if matches!(fetch.op, fetch::VECTORS | fetch::STRINGS | fetch::STRUCTURES) {
        parts.push(Part::Addresses);
    }
    for hole in holes {
        match fetch.op {
            fetch::STRUCTURES => parts.push(Part::Member(number, hole.inside)),
            fetch::BYTES | fetch::STRING => {
                let start = hole.at.start.max(range.start);
                let end = hole.at.end.min(range.end);
                if start < end {
                    let at = (start - range.start) as u32..(end - range.start) as u32;
                    parts.push(Part::Memory(number, at));
                }
            }
            _ => {}
        }
    }
    parts
}
