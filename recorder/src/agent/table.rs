//! The plugins' declarations as the hook reads them, and how its records are read.

use std::collections::BTreeMap;

use abi::{Condition, Fetch, Place, condition, effect, fetch as op, place};

use replay_schema::Returns;

use crate::plan::{Plan, Plans};

use super::x86_64::hook::{self, area, call, fetch};
use super::x86_64::supervised::{guards, is_supervised};

/// Calls that have to stop for what else is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stops {
    /// Those that name files, or list them.
    pub names: bool,
    /// Those that map files.
    pub mappings: bool,
}

/// What is in a record of one call, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The plan.
    pub plan: usize,
    /// Fetches at entry.
    pub early: Vec<usize>,
    /// Fetches at exit, and the rest of those at entry.
    pub late: Vec<usize>,
    /// Those of both that are I/O vectors: their size, themselves, and the bytes of their buffers.
    pub vectors: Vec<usize>,
}

/// The table, and the layouts by call number.
#[derive(Debug)]
pub struct Table {
    /// As the hook reads it.
    pub bytes: Vec<u8>,
    /// Calls that the hook records.
    pub layouts: Vec<Option<Layout>>,
}

impl Table {
    /// The table for `plans`. Calls that `wanted` says are left to the tracer.
    pub fn new(plans: &Plans, wanted: Stops) -> Self {
        let mut bytes = vec![0; (4 * hook::CALLS) as usize];
        let mut layouts = vec![None; hook::CALLS as usize];
        for number in 0..hook::CALLS {
            let Some(index) = plans.by_number(number) else { continue };
            let plan = plans.plan(index);
            let effects = plan.call.effects;
            let names = !plan.paths.is_empty() || effects & effect::LISTS != 0;
            let is_wanted =
                wanted.names && names || wanted.mappings && effects & effect::LOADS != 0;
            // Which plan a call is of that several plugins share is for the tracer to see.
            let is_shared = plans.deciding(number) != 0;
            if is_supervised(number as u32) || is_wanted || is_shared {
                continue;
            }
            if let Some((described, layout)) = describe(number as u32, index, plan) {
                let at = bytes.len().next_multiple_of(hook::CALL_ALIGN as usize);
                if at + described.len() > hook::TABLE_SIZE as usize {
                    continue;
                }
                bytes[4 * number as usize..][..4].copy_from_slice(&(at as u32).to_le_bytes());
                bytes.resize(at, 0);
                bytes.extend(described);
                layouts[number as usize] = Some(layout);
            }
        }
        Self { bytes, layouts }
    }
}

/// A call as the hook reads it; none if it has to be left to the tracer.
fn describe(number: u32, index: usize, plan: &Plan) -> Option<(Vec<u8>, Layout)> {
    let declared = &plan.call;
    // What was stored through a mapping is looked at before it is synced.
    let syncs = declared.effects & effect::SYNCS != 0;
    let is_tracers = plan.is_refused || declared.hides.is_some() || syncs;
    if is_tracers || declared.at_entry || declared.cpus || plan.creates_task() || !plan.returns() {
        return None;
    }
    let mut layout = Layout { plan: index, ..Layout::default() };
    let (mut early, mut late) = (Vec::new(), Vec::new());
    let mut scratch = 0;
    let mut kept = Kept::new(plan);
    for (number, fetch) in &plan.entry {
        let described = entry_fetch(fetch, *number, &mut kept)?;
        let (rest, most) = match described.op {
            fetch::SMALL_COUNTED => (Some(fetch::REST), fetch::SMALL),
            fetch::VECTORS => (Some(fetch::VECTORS_REST), 8 + 2 * fetch::SMALL),
            _ => (None, described.limit.into()),
        };
        if let Some(op) = rest {
            late.push(Described { op, ..described });
            layout.late.push(*number);
        }
        scratch += 16 + most;
        early.push(described);
        layout.early.push(*number);
    }
    for (number, fetch) in &plan.exit {
        late.push(exit_fetch(fetch, *number, &mut kept)?);
        layout.late.push(*number);
    }
    let all = plan.entry.iter().chain(&plan.exit);
    layout.vectors = all.filter(|(_, fetch)| fetch.op == op::VECTORS).map(|(n, _)| *n).collect();
    let fits = early.len() as u64 <= call::MOST_EARLY && late.len() as u64 <= call::MOST_LATE;
    if !fits || scratch > area::SCRATCH_SIZE {
        return None;
    }
    let late_at = call::EARLY_FETCHES + call::FETCH_SIZE * early.len() as u64;
    let mut bytes = vec![0; (late_at + call::FETCH_SIZE * late.len() as u64) as usize];
    let mut put =
        |at: u64, value: &[u8]| bytes[at as usize..][..value.len()].copy_from_slice(value);
    put(call::LATE_AT, &(late_at as u32).to_le_bytes());
    put(call::EARLY, &(early.len() as u16).to_le_bytes());
    put(call::LATE, &(late.len() as u16).to_le_bytes());
    let (second, third) = guards(number);
    put(call::GUARD_2, &second.to_le_bytes());
    put(call::GUARD_3, &third.to_le_bytes());
    for (word, at) in on(plan).into_iter().zip([call::ON, call::ON + 4]) {
        put(at, &word.to_le_bytes());
    }
    for (first, fetches) in [(call::EARLY_FETCHES, &early), (late_at, &late)] {
        for (number, described) in fetches.iter().enumerate() {
            put(first + call::FETCH_SIZE * number as u64, &described.bytes());
        }
    }
    Some((bytes, layout))
}

/// Which words of the area are the descriptors that a call is on; [`call::LEFT`] if it may make one, if it changes
/// files by their paths, or if there is more to it.
fn on(plan: &Plan) -> [u32; 2] {
    let left = [call::LEFT; 2];
    let changes = !plan.paths.is_empty() && !plan.call.looks.always_holds();
    if plan.call.returns == Returns::Descriptor || changes {
        return left;
    }
    let word = |number| (number < 6).then(|| area::ARGUMENTS as u32 + 8 * number as u32);
    let words = plan.descriptor_arguments().map(|number| number.and_then(word));
    match words.collect::<Option<Vec<_>>>().as_deref() {
        Some([]) => [0; 2],
        Some([one]) => [*one, 0],
        Some([one, other]) => [*one, *other],
        _ => left,
    }
}

/// A fetch as the hook reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Described {
    op: u32,
    address: u32,
    length: u32,
    limit: u32,
    when: u32,
    word: u32,
    mask: u64,
    value: u64,
    keep: u32,
    width: u32,
}

impl Described {
    fn bytes(&self) -> [u8; call::FETCH_SIZE as usize] {
        let mut bytes = [0; call::FETCH_SIZE as usize];
        let mut put =
            |at: u64, value: &[u8]| bytes[at as usize..][..value.len()].copy_from_slice(value);
        put(fetch::OP, &self.op.to_le_bytes());
        put(fetch::ADDRESS, &self.address.to_le_bytes());
        put(fetch::LENGTH, &self.length.to_le_bytes());
        put(fetch::LIMIT, &self.limit.to_le_bytes());
        put(fetch::WHEN, &self.when.to_le_bytes());
        put(fetch::WORD, &self.word.to_le_bytes());
        put(fetch::MASK, &self.mask.to_le_bytes());
        put(fetch::VALUE, &self.value.to_le_bytes());
        put(fetch::KEEP, &self.keep.to_le_bytes());
        put(fetch::WIDTH, &self.width.to_le_bytes());
        bytes
    }

    /// The same with the length that `from` is.
    fn counted(self, from: Place, kept: &Kept) -> Option<Self> {
        let (length, width) = match from.kind {
            place::MEMORY => {
                let width = match (from.width, from.signed) {
                    (8, _) => fetch::WHOLE,
                    (4, 0) => fetch::HALF,
                    (4, _) => fetch::SIGNED_HALF,
                    _ => return None,
                };
                (kept.word(from)?, width)
            }
            _ => (argument(from)?, fetch::WHOLE),
        };
        Some(Self { length, width, ..self })
    }
}

/// Where the hook keeps what other fetches of a call need.
#[derive(Debug, Default)]
struct Kept {
    /// Fetches that others have an address or a length from.
    needed: Vec<usize>,
    /// Where those that are made are: the word of the area, and the size.
    made: BTreeMap<usize, (u32, u32)>,
    used: u64,
}

impl Kept {
    fn new(plan: &Plan) -> Self {
        let fetches = plan.call.fetches.iter();
        let places = fetches.flat_map(|fetch| [fetch.address, fetch.length]);
        let needed = places.filter(|from| from.kind == place::MEMORY);
        Self { needed: needed.map(|from| from.index.into()).collect(), ..Self::default() }
    }

    /// Room for `size` bytes.
    fn room(&mut self, size: u64) -> Option<u32> {
        let at = area::KEPT + self.used;
        self.used += size.next_multiple_of(8);
        (self.used <= area::KEPT_SIZE).then_some(at as u32)
    }

    /// Where fetch `number` of `size` bytes is to be kept; 0 if nobody needs it.
    fn keep(&mut self, number: usize, size: u32) -> Option<u32> {
        if !self.needed.contains(&number) {
            return Some(0);
        }
        let at = self.room(size.into())?;
        self.made.insert(number, (at, size));
        Some(at)
    }

    /// The word that `from` is, if it is kept by then.
    fn word(&self, from: Place) -> Option<u32> {
        let (at, size) = self.made.get(&from.index.into())?;
        (from.offset.checked_add(from.width.into())? <= *size).then_some(at + from.offset)
    }

    /// The word that holds the address which `from` is.
    fn address(&self, from: Place) -> Option<u32> {
        match (from.kind, from.width) {
            (place::MEMORY, 8) => self.word(from),
            _ => argument(from),
        }
    }
}

fn entry_fetch(declared: &Fetch, number: usize, kept: &mut Kept) -> Option<Described> {
    let address = kept.address(declared.address)?;
    let described = when(&declared.when, false, Described { address, ..Described::default() })?;
    let limit = u32::try_from(declared.limit).ok()?;
    match (declared.op, declared.length.kind) {
        (op::STRING, _) if (1..=4096).contains(&limit) => {
            Some(Described { op: fetch::STRING, limit, ..described })
        }
        (op::BYTES, place::CONSTANT) => {
            let length = least(declared.length.offset, limit);
            let keep = kept.keep(number, length)?;
            let described = Described { op: fetch::FIXED, limit: length, keep, ..described };
            (length <= 4096).then_some(described)
        }
        (op::BYTES, place::ARGUMENT | place::MEMORY) => {
            let limit = least(u32::MAX, limit);
            let described = described.counted(declared.length, kept)?;
            Some(Described { op: fetch::SMALL_COUNTED, limit, ..described })
        }
        (op::VECTORS, place::ARGUMENT | place::MEMORY) => {
            vectors(fetch::VECTORS, declared, described, kept)
        }
        _ => None,
    }
}

fn exit_fetch(declared: &Fetch, number: usize, kept: &mut Kept) -> Option<Described> {
    let address = kept.address(declared.address)?;
    let described = when(&declared.when, true, Described { address, ..Described::default() })?;
    let limit = u32::try_from(declared.limit).ok()?;
    let counted = Described { op: fetch::COUNTED, limit: least(u32::MAX, limit), ..described };
    match (declared.op, declared.length.kind) {
        (op::BYTES, place::CONSTANT) => {
            let limit = least(declared.length.offset, limit);
            let keep = kept.keep(number, limit)?;
            Some(Described { op: fetch::FIXED, limit, keep, ..described })
        }
        (op::BYTES, place::ARGUMENT | place::MEMORY) => counted.counted(declared.length, kept),
        (op::BYTES, place::RETURN) => Some(Described { length: area::VALUE as u32, ..counted }),
        (op::VECTORS, place::ARGUMENT | place::MEMORY) => {
            vectors(fetch::FILLED_VECTORS, declared, described, kept)
        }
        _ => None,
    }
}

/// A fetch of I/O vectors.
fn vectors(op: u32, declared: &Fetch, described: Described, kept: &mut Kept) -> Option<Described> {
    let described = described.counted(declared.length, kept)?;
    let keep = kept.room(fetch::VECTORS_KEPT)?;
    (declared.limit == 0).then_some(Described { op, keep, ..described })
}

/// `length`, or `limit` if that is less and sets one.
fn least(length: u32, limit: u32) -> u32 {
    if limit == 0 { length } else { length.min(limit) }
}

/// The word of the area with the argument that `from` is.
fn argument(from: Place) -> Option<u32> {
    let known = from.kind == place::ARGUMENT && from.index < 6;
    known.then(|| area::ARGUMENTS as u32 + 8 * u32::from(from.index))
}

/// Adds when the fetch is made.
fn when(condition: &Condition, returned: bool, described: Described) -> Option<Described> {
    let word = match condition.place.kind {
        place::RETURN if returned => Some(area::VALUE as u32),
        _ => argument(condition.place),
    };
    let whole = u64::MAX;
    let (when, word, mask, value) = match condition.op {
        condition::ALWAYS => (0, 0, 0, 0),
        condition::SUCCESS if returned => (1, area::FAILED as u32, whole, 0),
        condition::FAILURE if returned => (1, area::FAILED as u32, whole, 1),
        condition::EQUAL => (1, word?, condition.mask, condition.value),
        condition::NOT_EQUAL => (2, word?, condition.mask, condition.value),
        condition::ANY => (2, word?, condition.mask, 0),
        condition::ONE_OF => (3, word?, condition.mask, 0),
        _ => return None,
    };
    Some(Described { when, word, mask, value, ..described })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nowhere() -> Place {
        Place { kind: place::NONE, index: 0, width: 0, signed: 0, offset: 0 }
    }

    fn bytes(at_exit: u32, length: Place, op: u32, limit: u64) -> Fetch {
        let address = Place { kind: place::ARGUMENT, index: 1, ..nowhere() };
        let when = Condition { op: condition::ALWAYS, place: nowhere(), mask: 0, value: 0 };
        Fetch { op, at_exit, address, length, limit, when, item: abi::Item::NONE }
    }

    fn entry_fetch(declared: &Fetch) -> Option<Described> {
        super::entry_fetch(declared, 0, &mut Kept::default())
    }

    fn exit_fetch(declared: &Fetch) -> Option<Described> {
        super::exit_fetch(declared, 0, &mut Kept::default())
    }

    #[test]
    fn what_the_hook_cannot_do_is_left() {
        let argument = Place { kind: place::ARGUMENT, index: 2, ..nowhere() };
        let behind = Place { kind: place::MEMORY, width: 4, ..nowhere() };
        assert!(entry_fetch(&bytes(0, argument, op::BYTES, 0)).is_some());
        assert!(entry_fetch(&bytes(0, behind, op::BYTES, 0)).is_none(), "nobody brings it");
        assert!(entry_fetch(&bytes(0, argument, op::VECTORS, 0)).is_some());
        assert!(entry_fetch(&bytes(0, argument, op::STRUCTURES, 0)).is_none());
        assert!(entry_fetch(&bytes(0, nowhere(), op::STRING, 4096)).is_some());
        assert!(entry_fetch(&bytes(0, nowhere(), op::STRING, 0)).is_none(), "no limit");
        assert!(exit_fetch(&bytes(1, behind, op::BYTES, 0)).is_none(), "nobody brings it");
    }

    #[test]
    fn a_length_may_stand_in_what_another_fetch_brought() {
        let mut kept = Kept { needed: vec![3], ..Kept::default() };
        let constant = Place { kind: place::CONSTANT, offset: 56, ..nowhere() };
        let brought = super::entry_fetch(&bytes(0, constant, op::BYTES, 0), 3, &mut kept);
        let brought = brought.expect("the hook can");
        assert_eq!(u64::from(brought.keep), area::KEPT);
        let behind = |offset| Place { kind: place::MEMORY, index: 3, width: 4, signed: 1, offset };
        let fetch = |offset| bytes(1, behind(offset), op::BYTES, 0);
        let found = super::exit_fetch(&fetch(52), 4, &mut kept).expect("the hook can");
        assert_eq!(u64::from(found.length), area::KEPT + 52);
        assert_eq!(found.width, fetch::SIGNED_HALF);
        assert!(super::exit_fetch(&fetch(53), 4, &mut kept).is_none(), "it ends before that");
    }

    #[test]
    fn a_fetch_says_where_its_address_and_its_length_are() {
        let returned = Place { kind: place::RETURN, ..nowhere() };
        let described = exit_fetch(&bytes(1, returned, op::BYTES, 0)).expect("the hook can");
        assert_eq!(u64::from(described.address), area::ARGUMENTS + 8);
        assert_eq!(u64::from(described.length), area::VALUE);
        assert_eq!(described.limit, u32::MAX);
    }
}
