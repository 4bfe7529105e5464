//! Reads values into a tree.

mod text;

use memchr::memchr2;

use crate::strace::value::{Kind, Malformed, NodeId, Operator, Span, Tree, unsigned};

/// Most values of one line; their numbers stand in made-up addresses.
const MOST_NODES: usize = 1 << 24;
/// Deepest nesting: what strace prints nests a few levels.
const DEEPEST: u32 = 32;
/// Most values in a row that operators join: a word of flags has fewer.
const LONGEST_CHAIN: usize = 80;

/// Reads values into a tree.
#[derive(Debug)]
pub struct Parser<'a> {
    text: &'a [u8],
    /// Where it stands.
    pub at: usize,
    tree: &'a mut Tree,
    depth: u32,
}

type Parsed<T> = Result<T, Malformed>;

impl<'a> Parser<'a> {
    /// Reads `text` from byte `at` on.
    pub fn new(text: &'a [u8], at: usize, tree: &'a mut Tree) -> Self {
        Self { text, at, tree, depth: 0 }
    }

    /// Reads the call's arguments, up to and with the closing bracket, or to the end of a text that was cut
    /// off. Says whether the bracket was there.
    ///
    /// # Errors
    /// What isn't closed, or is too much.
    pub fn arguments(&mut self) -> Parsed<bool> {
        let mut is_separate = true;
        loop {
            self.blank();
            match self.peek() {
                None => return Ok(false),
                Some(b')') => {
                    self.at += 1;
                    return Ok(true);
                }
                Some(b',') => {
                    self.at += 1;
                    is_separate = true;
                }
                Some(b'[') if !is_separate => self.context(),
                // No value begins with it: there would be no end of values without a byte.
                Some(b']' | b'}') => return Err(self.malformed("a bracket that wasn't opened")),
                Some(_) => {
                    is_separate = false;
                    let value = self.value()?;
                    self.tree.arguments.push(value);
                }
            }
        }
    }

    /// Reads one value.
    ///
    /// # Errors
    /// As [`Self::arguments`].
    pub fn value(&mut self) -> Parsed<NodeId> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.malformed("values nested too deeply"));
        }
        if self.tree.nodes.len() >= MOST_NODES {
            return Err(self.malformed("too many values"));
        }
        self.blank();
        let (name, word) = self.label();
        let value = self.joined(word, 0)?;
        // What follows up to the next separator belongs to it, and isn't understood.
        let value = if self.rest() { self.unknown(value) } else { value };
        self.tree.at(value).name = name;
        self.depth -= 1;
        Ok(value)
    }

    /// The `name=`, `name(length)=` or `[name]=` that stands here, if one does; or the word that was read and
    /// is none of them.
    fn label(&mut self) -> (Span, Option<Span>) {
        if self.peek() == Some(b'[') {
            return (self.designator().unwrap_or_default(), None);
        }
        if !self.peek().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_') {
            return (Span::default(), None);
        }
        let name = self.word();
        let behind = self.at;
        if self.peek() == Some(b'(') {
            let rest = &self.text[self.at + 1..];
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits > 0 && rest[digits..].starts_with(b")=") {
                self.at += digits + 2;
            }
        }
        let is_label =
            self.peek() == Some(b'=') && !matches!(self.text.get(self.at + 1), Some(b'=' | b'>'));
        if is_label {
            self.at += 1;
            return (name, None);
        }
        self.at = behind;
        (Span::default(), Some(name))
    }

    /// The `[name]=` of an array's item.
    fn designator(&mut self) -> Option<Span> {
        let start = self.at;
        self.at += 1;
        let name = self.word();
        if self.looks_at(b"]=") {
            self.at += 2;
            return Some(name);
        }
        self.at = start;
        None
    }

    /// The operator that stands here, its binding and its length. Spaces before it are left off if it is
    /// one.
    fn operator(&mut self) -> Option<(Option<Operator>, u8)> {
        let before = self.at;
        // Most values are joined to nothing.
        if matches!(self.peek(), None | Some(b',' | b')' | b'}' | b']')) {
            return None;
        }
        self.blank();
        let (operator, binding, length) = match self.peek() {
            Some(b'=') if self.looks_at(b"=>") => (None, 1, 2),
            Some(b'o') if self.looks_at(b"or ") && self.at > before => (Some(Operator::Also), 2, 3),
            Some(b'&') if self.looks_at(b"&&") => (Some(Operator::And), 3, 2),
            Some(b'=') if self.looks_at(b"==") => (Some(Operator::Equals), 4, 2),
            Some(b'|') => (Some(Operator::Or), 5, 1),
            Some(b'+') => (Some(Operator::Plus), 6, 1),
            Some(b'-') if self.at == before => (Some(Operator::Minus), 6, 1),
            Some(b'*') => (Some(Operator::Times), 7, 1),
            Some(b'<') if self.looks_at(b"<<") => (Some(Operator::Shift), 8, 2),
            _ => {
                self.at = before;
                return None;
            }
        };
        self.at += length;
        Some((operator, binding))
    }

    /// Values joined by operators that bind more tightly than `least`; of the first, `word` has been read.
    fn joined(&mut self, word: Option<Span>, least: u8) -> Parsed<NodeId> {
        let mut left = match word {
            Some(word) => self.named(word)?,
            None => self.primary()?,
        };
        for _ in 0..LONGEST_CHAIN {
            let before = self.at;
            let Some((operator, binding)) = self.operator() else { return Ok(left) };
            if binding <= least {
                self.at = before;
                return Ok(left);
            }
            self.blank();
            let right = self.joined(None, binding)?;
            let kind = operator.map_or(Kind::Changed, Kind::Joined);
            let node = self.tree.push(kind, Span::default());
            self.tree.at(left).next = right;
            self.tree.at(node).first = left;
            left = node;
        }
        Err(self.malformed("too many values joined"))
    }

    fn primary(&mut self) -> Parsed<NodeId> {
        if self.tree.nodes.len() >= MOST_NODES {
            return Err(self.malformed("too many values"));
        }
        let start = self.at;
        match self.peek() {
            Some(b'"') => self.string(false),
            Some(b'@') if self.looks_at(b"@\"") => {
                self.at += 1;
                self.string(true)
            }
            Some(b'[') => self.list(false),
            Some(b'{') => self.structure(),
            Some(b'~') if self.looks_at(b"~[") => {
                self.at += 1;
                self.list(true)
            }
            Some(b'~') => {
                self.at += 1;
                let inner = self.nested(Self::primary)?;
                let node = self.tree.push(Kind::Inverted, Span::default());
                self.tree.at(node).first = inner;
                Ok(node)
            }
            Some(b'&') => {
                self.at += 1;
                let name = self.word();
                Ok(self.tree.push(Kind::Unknown, name))
            }
            Some(b'0'..=b'9' | b'-') => Ok(self.number()),
            // With -X raw, some flags begin with the 0 of others, of which only the bar is there.
            Some(b'|') => Ok(self.tree.push(Kind::Number(0), Span::default())),
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' => {
                let name = self.word();
                self.named(name)
            }
            _ => {
                self.rest();
                Ok(self.tree.push(Kind::Unknown, Span::new(start..self.at)))
            }
        }
    }

    /// What begins with the word `name`, which has been read.
    fn named(&mut self, name: Span) -> Parsed<NodeId> {
        if self.peek() == Some(b'(') {
            return self.function(name);
        }
        self.decoration();
        Ok(self.tree.push(Kind::Symbol, name))
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.malformed("values nested too deeply"));
        }
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// In place of `value`, of which more stands here than was understood.
    fn unknown(&mut self, value: NodeId) -> NodeId {
        let name = self.tree.node(value).name;
        let node = self.tree.push(Kind::Unknown, Span::default());
        self.tree.at(node).name = name;
        node
    }

    fn number(&mut self) -> NodeId {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        self.at += usize::from(negative);
        let value = match self.decimal() {
            Some(value) => Some(value),
            None => unsigned(self.word().of(self.text)),
        };
        self.decoration();
        match value {
            Some(value) => {
                let value = if negative { value.wrapping_neg() } else { value };
                self.tree.push(Kind::Number(value), Span::new(start..self.at))
            }
            None => self.tree.push(Kind::Unknown, Span::new(start..self.at)),
        }
    }

    /// A string in quotes, its escapes as they are.
    fn string(&mut self, is_abstract: bool) -> Parsed<NodeId> {
        let start = self.at + 1;
        let mut at = start;
        loop {
            let rest = self.text.get(at..).unwrap_or_default();
            match memchr2(b'"', b'\\', rest) {
                Some(plain) if rest[plain] == b'"' => {
                    at += plain;
                    break;
                }
                Some(plain) => at += plain + 2,
                None => return Err(self.malformed("a string that doesn't end")),
            }
        }
        self.at = at + 1;
        let cut = self.looks_at(b"...");
        self.at += if cut { 3 } else { 0 };
        self.tree.cut_texts += u64::from(cut);
        Ok(self.tree.push(Kind::Text { cut, is_abstract }, Span::new(start..at)))
    }

    fn list(&mut self, inverted: bool) -> Parsed<NodeId> {
        self.at += 1;
        let list = self.tree.push(Kind::Unknown, Span::default());
        let (spaced, cut) = self.items(list, b']', "a list that doesn't end")?;
        self.tree.at(list).kind = Kind::List { inverted, spaced, cut };
        Ok(list)
    }

    fn structure(&mut self) -> Parsed<NodeId> {
        self.at += 1;
        let structure = self.tree.push(Kind::Unknown, Span::default());
        let (_, cut) = self.items(structure, b'}', "a structure that doesn't end")?;
        self.tree.at(structure).kind = Kind::Structure { cut };
        Ok(structure)
    }

    fn function(&mut self, name: Span) -> Parsed<NodeId> {
        self.at += 1;
        let function = self.tree.push(Kind::Function, name);
        self.items(function, b')', "a bracket that isn't closed")?;
        Ok(function)
    }

    /// Items up to `end`, as parts of `of`; whether there were spaces and no commas between them, and
    /// whether some were left off.
    fn items(&mut self, of: NodeId, end: u8, unclosed: &'static str) -> Parsed<(bool, bool)> {
        let (mut spaced, mut cut) = (false, false);
        let mut last = NodeId::NONE;
        let mut is_separate = true;
        loop {
            self.blank();
            match self.peek() {
                Some(byte) if byte == end => {
                    self.at += 1;
                    return Ok((spaced, cut));
                }
                Some(b',') => {
                    self.at += 1;
                    is_separate = true;
                }
                Some(b'.') if self.looks_at(b"...") => {
                    self.at += 3;
                    self.tree.cut_lists += u64::from(!cut);
                    cut = true;
                }
                Some(b')' | b']' | b'}') | None => return Err(self.malformed(unclosed)),
                Some(b'[') if end == b'}' && !is_separate => self.context(),
                Some(_) => {
                    spaced |= !is_separate;
                    is_separate = false;
                    let item = self.value()?;
                    match last.some() {
                        None => self.tree.at(of).first = item,
                        Some(last) => self.tree.at(last).next = item,
                    }
                    last = item;
                }
            }
        }
    }
}
