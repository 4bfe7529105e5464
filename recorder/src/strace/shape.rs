//! What a declaration tells of how its call is printed, and what its memory holds.

use abi::{Place, item, place};
use replay_schema::{Call, Display, Op, Role};

use crate::strace::memory::Hint;
use crate::strace::value::{NodeId, Tree};

/// The registers of calls that take a file offset in two halves, which are printed as one number, with flags
/// behind it (preadv2(2), "C library/kernel differences").
const WITH_HALVES: u8 = 0b10_1111;

/// One call's.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// For each fetch, what its memory holds.
    pub hints: Vec<Hint>,
    /// Bits of the arguments that the declaration uses.
    uses: u8,
    /// The column that says what a new task shares.
    pub shares: Option<usize>,
}

impl Shape {
    /// The shape of `call`.
    pub fn new(call: &Call) -> Self {
        let mut shape =
            Self { hints: vec![Hint::default(); call.fetches.len()], ..Self::default() };
        for (fetch, hint) in call.fetches.iter().zip(0..) {
            shape.hints[hint].has_pointers = fetch.item.flags & item::BEHIND_POINTERS != 0;
            for place in [fetch.address, fetch.length, fetch.when.place, fetch.item.limit] {
                shape.use_argument(place);
            }
        }
        for column in call.columns.iter().chain(&call.bit_columns) {
            for source in column.sources.iter().chain(&column.elements) {
                let (place, _) = source.looks_at();
                for place in [place].into_iter().chain(source.depends_on()) {
                    shape.use_argument(place);
                }
                let Some(hint) = source.fetch().and_then(|fetch| shape.hints.get_mut(fetch)) else {
                    continue;
                };
                hint.is_bytes |= source.op == Op::Bytes;
                hint.is_bits |= source.op == Op::Number && column.display == Display::Hex;
            }
        }
        shape.shares = call.columns.iter().position(|column| column.role == Role::Shares);
        shape
    }

    fn use_argument(&mut self, place: Place) {
        let is_argument =
            matches!(place.kind, place::ARGUMENT | place::ARGUMENT_BITS | place::ARGUMENT_TIMES);
        if is_argument {
            self.uses |= 1 << place.index.min(7);
        }
    }

    /// The value that each register's argument is printed as.
    pub fn registers(&self, tree: &Tree, text: &[u8]) -> [Option<NodeId>; 6] {
        // strace can print the names of all arguments (-N), which are in order then.
        let named = |id: &NodeId| tree.node(*id).name.of(text) == OUT_OF_ORDER;
        let is_out_of_order = tree.arguments.iter().any(named);
        let has_halves = self.uses == WITH_HALVES && tree.arguments.len() == 5;
        let mut registers = [None; 6];
        for (place, id) in tree.arguments.iter().enumerate() {
            let name = tree.node(*id).name.of(text);
            let known = NAMES.iter().find(|(known, _)| known.as_bytes() == name);
            let known = known.filter(|_| is_out_of_order);
            let in_order = if has_halves && place == 4 { 5 } else { place };
            let register = known.map_or(in_order, |(_, register)| *register);
            if let Some(register) = registers.get_mut(register) {
                *register = Some(*id);
            }
        }
        registers
    }
}

/// The argument that is always printed where others are out of order.
const OUT_OF_ORDER: &[u8] = b"child_stack";

/// Arguments that are printed with a name and out of order, with the registers that hold them (clone(2), "C
/// library/kernel differences").
const NAMES: [(&str, usize); 7] = [
    ("child_stack", 1),
    ("flags", 0),
    ("parent_tid", 2),
    ("parent_tidptr", 2),
    ("pidfd", 2),
    ("tls", if cfg!(target_arch = "x86_64") { 4 } else { 3 }),
    ("child_tidptr", if cfg!(target_arch = "x86_64") { 3 } else { 4 }),
];
