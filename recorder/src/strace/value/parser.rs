//! Reads values into a tree.

use memchr::{memchr, memchr2};

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

/// Any decimal number with no more digits is one of 64 bits.
const DIGITS_THAT_FIT: usize = 19;

/// Which bytes are those of names.
const IN_NAMES: [bool; 256] = {
    let mut are = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        are[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        byte += 1;
    }
    are
};

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

    fn malformed(&self, what: &'static str) -> Malformed {
        Malformed { what, at: self.at + 1 }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn looks_at(&self, what: &[u8]) -> bool {
        self.text.get(self.at..).is_some_and(|rest| rest.starts_with(what))
    }

    /// Skips spaces and comments.
    #[inline]
    pub fn blank(&mut self) {
        while let Some(b' ' | b'/') = self.peek() {
            if self.text[self.at] == b' ' {
                self.at += 1;
            } else if !self.comment() {
                return;
            }
        }
    }

    /// Skips the comment that stands here, if one does.
    fn comment(&mut self) -> bool {
        let is_one = self.looks_at(b"/*");
        if is_one {
            self.at += 2;
            // Of what may end it, the star is rarer than the stroke.
            while let Some(star) = memchr(b'*', &self.text[self.at..]) {
                self.at += star + 1;
                if self.peek() == Some(b'/') {
                    self.at += 1;
                    return true;
                }
            }
            self.at = self.text.len();
        }
        is_one
    }

    /// A run of the bytes of names.
    pub fn word(&mut self) -> Span {
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or_default();
        let length = rest.iter().position(|byte| !IN_NAMES[usize::from(*byte)]);
        self.at += length.unwrap_or(rest.len());
        Span::new(start..self.at)
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

    /// Goes to the next separator, and says whether there was anything before it.
    fn rest(&mut self) -> bool {
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b',' | b')' | b']' | b'}' | b' ' => break,
                _ => self.at += 1,
            }
        }
        self.at > start
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

    /// The decimal number that stands here, of as many digits as fit whatever they are, and with no more of a word
    /// behind it; most numbers are that.
    fn decimal(&mut self) -> Option<u64> {
        let rest = self.text.get(self.at..)?;
        let (mut value, mut length) = (0, 0);
        while let Some(digit @ b'0'..=b'9') = rest.get(length) {
            if length == DIGITS_THAT_FIT || value == 0 && length > 0 {
                return None;
            }
            value = value * 10 + u64::from(digit - b'0');
            length += 1;
        }
        let is_whole = rest.get(length).is_none_or(|byte| !IN_NAMES[usize::from(*byte)]);
        if length == 0 || !is_whole {
            return None;
        }
        self.at += length;
        Some(value)
    }

    /// Skips what `-y` puts behind a descriptor or process: `<…>`, which may nest.
    pub fn decoration(&mut self) {
        if self.peek() != Some(b'<') || self.looks_at(b"<<") {
            return;
        }
        let mut open = 0u32;
        let mut at = self.at;
        while let Some(byte) = self.text.get(at) {
            match byte {
                b'<' => open += 1,
                b'-' if self.text.get(at + 1) == Some(&b'>') => at += 1,
                b'>' => open -= 1,
                _ => {}
            }
            at += 1;
            if open == 0 {
                self.at = at;
                if self.looks_at(b"(deleted)") {
                    self.at += b"(deleted)".len();
                }
                if self.peek() == Some(b'[') {
                    self.context();
                }
                return;
            }
        }
    }

    /// Skips what `--secontext` puts behind a path, descriptor or process: `[…]`.
    fn context(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.iter().position(|byte| *byte == b']').map_or(rest.len(), |end| end + 1);
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
