//! Values as strace prints them: numbers, names of constants, strings, lists, structures and what is made of
//! these. A line's values are nodes of one tree, whose memory the next line uses again.

mod parser;
mod text;

use std::ops::Range;

pub use parser::Parser;
pub use text::{unescape, unsigned};

/// A part of the line, as offsets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    fn new(range: Range<usize>) -> Self {
        Self { start: range.start as u32, end: range.end as u32 }
    }

    /// What stands behind it in `text`.
    pub fn behind(self, text: &[u8]) -> &[u8] {
        text.get(self.end as usize..).unwrap_or_default()
    }

    /// Its bytes of `text`.
    pub fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// Number of a node in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeId(u32);

impl NodeId {
    const NONE: Self = Self(u32::MAX);

    /// The number.
    pub fn number(self) -> u32 {
        self.0
    }

    /// Node number `number`.
    pub fn new(number: u32) -> Self {
        Self(number)
    }

    fn some(self) -> Option<Self> {
        (self != Self::NONE).then_some(self)
    }
}

/// What joins two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Or,
    Plus,
    Minus,
    Times,
    Shift,
    And,
    Equals,
    /// `a or b`: names that have the same number.
    Also,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number, its sign kept in two's complement.
    Number(u64),
    /// The name of a constant.
    Symbol,
    /// A string, its escapes as printed.
    Text {
        /// Whether strace left off its end.
        cut: bool,
        /// Whether a NUL that isn't printed stands before it (an abstract socket's name).
        is_abstract: bool,
    },
    /// `[…]`.
    List {
        /// `~[…]`: all but those.
        inverted: bool,
        /// Whether spaces stand between the items, and no commas.
        spaced: bool,
        /// Whether strace left off some.
        cut: bool,
    },
    /// `{…}`.
    Structure {
        /// Whether strace left off members.
        cut: bool,
    },
    /// `name(…)`.
    Function,
    /// Two values joined.
    Joined(Operator),
    /// `~value`.
    Inverted,
    /// `before => after`.
    Changed,
    /// What can't be read, or strace couldn't.
    Unknown,
}

/// One value.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Name that stands before it, as `name=`.
    pub name: Span,
    /// A symbol's or function's name, a string's inside, what is unknown.
    pub text: Span,
    first: NodeId,
    next: NodeId,
}

/// Why values can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct Malformed {
    /// What is wrong.
    pub what: &'static str,
    /// Where in the line, from 1.
    pub at: usize,
}

/// The values of one line.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    nodes: Vec<Node>,
    /// The call's arguments, as printed.
    pub arguments: Vec<NodeId>,
    /// Strings of which strace left off the end.
    pub cut_texts: u64,
    /// Lists and structures of which it left off items.
    pub cut_lists: u64,
}

impl Tree {
    /// Forgets all values.
    pub fn clear(&mut self) {
        self.nodes.clear();
        self.arguments.clear();
        self.cut_texts = 0;
        self.cut_lists = 0;
    }

    /// The node `id`, if there is one.
    pub fn get(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0 as usize)
    }

    /// The node `id` of this tree.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// What `id` is made of, in order.
    pub fn children(&self, id: NodeId) -> Children<'_> {
        Children { tree: self, next: self.node(id).first }
    }

    /// The two values that a joined or changed one has.
    pub fn pair(&self, id: NodeId) -> Option<(NodeId, NodeId)> {
        let mut children = self.children(id);
        Some((children.next()?, children.next()?))
    }

    fn push(&mut self, kind: Kind, text: Span) -> NodeId {
        let node =
            Node { kind, name: Span::default(), text, first: NodeId::NONE, next: NodeId::NONE };
        self.nodes.push(node);
        NodeId(self.nodes.len() as u32 - 1)
    }

    fn at(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.0 as usize]
    }
}

/// Nodes that are part of another.
#[derive(Clone, Debug)]
pub struct Children<'t> {
    tree: &'t Tree,
    next: NodeId,
}

impl Iterator for Children<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        let id = self.next.some()?;
        self.next = self.tree.node(id).next;
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a text between brackets is read as, and how many values that took.
    fn read(text: &str) -> (Result<bool, &'static str>, usize) {
        let mut tree = Tree::default();
        let read = Parser::new(text.as_bytes(), 0, &mut tree).arguments();
        (read.map_err(|malformed| malformed.what), tree.nodes.len())
    }

    #[test]
    fn a_bracket_that_was_not_opened_is_an_error_and_no_values() {
        for text in ["]", "}", "1, ]]", "\"a\" }", "NULL] = 0"] {
            let (read, values) = read(text);
            assert_eq!(read, Err("a bracket that wasn't opened"), "{text}");
            assert!(values <= 2, "{text}: {values} values");
        }
    }

    #[test]
    fn decimal_numbers_are_read_to_the_last_that_fits() {
        let number = |text: &str| {
            let mut tree = Tree::default();
            Parser::new(text.as_bytes(), 0, &mut tree).arguments().unwrap();
            tree.node(tree.arguments[0]).kind
        };
        for (text, value) in [
            ("0", 0),
            ("7", 7),
            ("010", 8),
            ("0x1f", 31),
            ("9999999999999999999", 9_999_999_999_999_999_999),
            ("18446744073709551615", u64::MAX),
            ("-1", u64::MAX),
            ("3</dev/null>", 3),
        ] {
            assert_eq!(number(text), Kind::Number(value), "{text}");
        }
        for text in ["18446744073709551616", "12ab", "00x1"] {
            assert_eq!(number(text), Kind::Unknown, "{text}");
        }
    }
}
