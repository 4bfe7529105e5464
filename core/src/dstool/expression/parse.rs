//! From words to a tree: `or` binds least, then `and`, `not`, and comparisons.

use nix::errno::Errno;
use regex::bytes::Regex;

use super::tokens::{Placed, Token, tokens, unescaped};
use super::{ExpressionError, Literal};

/// Nested deeper than this, a condition is refused rather than the stack used up.
const DEPTH: usize = 100;

/// A condition, as it was written.
#[derive(Clone, Debug)]
pub struct Condition {
    pub(super) text: String,
    pub(super) root: Node,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Or(Box<Node>, Box<Node>),
    And(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Compare { left: Operand, sign: Compare, right: Operand, at: usize },
    In { operand: Operand, any: Vec<Operand>, at: usize },
    Matches { operand: Operand, regex: Regex, at: usize },
    Contains { operand: Operand, part: Vec<u8>, at: usize },
    IsNull(Operand),
    IsTrue(Operand),
}

/// One side of a comparison.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub what: What,
    pub at: usize,
    /// Bits that are looked at.
    pub mask: Option<i64>,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    Column(String),
    Literal(Literal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Condition {
    /// Understands a condition.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let tokens = tokens(text)?;
        let mut parser = Parser { text, tokens: &tokens, next: 0, depth: 0 };
        let root = parser.or()?;
        match parser.peek() {
            None => Ok(Self { text: text.to_owned(), root }),
            Some(_) => Err(parser.unexpected("and, or, or the end")),
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    tokens: &'t [Placed],
    next: usize,
    depth: usize,
}

impl Parser<'_> {
    fn or(&mut self) -> Result<Node, ExpressionError> {
        let mut left = self.and()?;
        while self.takes(&["or", "||"]) {
            left = Node::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Node, ExpressionError> {
        let mut left = self.not()?;
        while self.takes(&["and", "&&"]) {
            left = Node::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Node, ExpressionError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.error("this is nested too deeply"));
        }
        let node = if self.takes(&["not", "!"]) {
            Node::Not(Box::new(self.not()?))
        } else if self.takes(&["("]) {
            let inner = self.or()?;
            if !self.takes(&[")"]) {
                return Err(self.unexpected("a closing parenthesis"));
            }
            inner
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(node)
    }

    fn comparison(&mut self) -> Result<Node, ExpressionError> {
        let left = self.operand()?;
        let at = self.at();
        if self.takes(&["is"]) {
            let negated = self.takes(&["not"]);
            if !self.takes(&["null"]) {
                return Err(self.unexpected("null"));
            }
            return Ok(negate(negated, Node::IsNull(left)));
        }
        let negated = self.is_word("not") && self.takes(&["not"]);
        if self.takes(&["in"]) {
            return Ok(negate(negated, self.list(left, at)?));
        }
        if self.takes(&["contains"]) {
            let part = self.text_literal("a text to look for")?;
            return Ok(negate(negated, Node::Contains { operand: left, part, at }));
        }
        if negated {
            return Err(self.unexpected("in or contains"));
        }
        for (sign, negated) in [("=~", false), ("!~", true)] {
            if self.takes(&[sign]) {
                let regex = self.regex()?;
                return Ok(negate(negated, Node::Matches { operand: left, regex, at }));
            }
        }
        for (signs, sign) in [
            (&["==", "="][..], Compare::Equal),
            (&["!=", "<>"], Compare::NotEqual),
            (&["<="], Compare::LessOrEqual),
            (&[">="], Compare::GreaterOrEqual),
            (&["<"], Compare::Less),
            (&[">"], Compare::Greater),
        ] {
            if self.takes(signs) {
                let right = self.operand()?;
                return Ok(compare(left, sign, right, at));
            }
        }
        Ok(Node::IsTrue(left))
    }

    fn list(&mut self, operand: Operand, at: usize) -> Result<Node, ExpressionError> {
        let mut any = Vec::new();
        if !self.takes(&["("]) {
            return Err(self.unexpected("an opening parenthesis"));
        }
        loop {
            any.push(self.operand()?);
            if self.takes(&[")"]) {
                return Ok(Node::In { operand, any, at });
            }
            if !self.takes(&[","]) {
                return Err(self.unexpected("a comma or a closing parenthesis"));
            }
        }
    }

    fn regex(&mut self) -> Result<Regex, ExpressionError> {
        let at = self.at();
        // The expression has backslashes of its own.
        let pattern = self.raw_text("a regular expression in quotes")?;
        Regex::new(&pattern).map_err(|error| {
            let error = error.to_string();
            let last = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
            ExpressionError::new(self.text, at, format!("no regular expression: {last}"))
        })
    }

    fn raw_text(&mut self, wanted: &str) -> Result<String, ExpressionError> {
        let Some((_, Token::Text(raw))) = self.peek() else {
            return Err(self.unexpected(wanted));
        };
        let raw = raw.clone();
        self.next += 1;
        Ok(raw)
    }

    fn text_literal(&mut self, wanted: &str) -> Result<Vec<u8>, ExpressionError> {
        let at = self.at();
        let raw = self.raw_text(wanted)?;
        unescaped(&raw).map_err(|problem| ExpressionError::new(self.text, at, problem))
    }

    fn operand(&mut self) -> Result<Operand, ExpressionError> {
        let at = self.at();
        let negative = self.takes(&["-"]);
        let what = match self.peek() {
            Some((_, Token::Value(literal))) => What::Literal(literal.clone()),
            Some((at, Token::Text(raw))) => {
                let text = unescaped(raw)
                    .map_err(|problem| ExpressionError::new(self.text, *at, problem))?;
                What::Literal(Literal::Text(text))
            }
            Some((_, Token::Name { name, quoted })) if *quoted || !is_word(name) => {
                match (constant(name), quoted) {
                    (Some(literal), false) => What::Literal(literal),
                    _ => What::Column(name.clone()),
                }
            }
            _ => return Err(self.unexpected("a column or a value")),
        };
        self.next += 1;
        let what = match (negative, what) {
            (false, what) => what,
            (true, What::Literal(Literal::Integer(number))) => {
                What::Literal(Literal::Integer(number.wrapping_neg()))
            }
            (true, What::Literal(Literal::Float(number))) => What::Literal(Literal::Float(-number)),
            (true, _) => {
                return Err(ExpressionError::new(self.text, at, "only a number has a sign"));
            }
        };
        let mut mask = None;
        if self.takes(&["&"]) {
            match self.operand()? {
                Operand { what: What::Literal(Literal::Integer(bits)), mask: None, .. } => {
                    mask = Some(bits);
                }
                other => {
                    let problem = "& needs a whole number on its right";
                    return Err(ExpressionError::new(self.text, other.at, problem));
                }
            }
        }
        Ok(Operand { what, at, mask })
    }

    fn peek(&self) -> Option<&Placed> {
        self.tokens.get(self.next)
    }

    /// Where the next token is.
    fn at(&self) -> usize {
        self.peek().map_or(self.text.len(), |(at, _)| *at)
    }

    fn is_word(&self, word: &str) -> bool {
        match self.peek() {
            Some((_, Token::Name { name, quoted: false })) => name.eq_ignore_ascii_case(word),
            Some((_, Token::Sign(sign))) => *sign == word,
            _ => false,
        }
    }

    /// Passes over the next token if it is one of these words or signs.
    fn takes(&mut self, words: &[&str]) -> bool {
        let found = words.iter().any(|word| self.is_word(word));
        self.next += usize::from(found);
        found
    }

    fn error(&self, problem: &str) -> ExpressionError {
        ExpressionError::new(self.text, self.at(), problem)
    }

    fn unexpected(&self, wanted: &str) -> ExpressionError {
        let found = match self.peek() {
            None => "the end".to_owned(),
            Some((_, Token::Sign(sign))) => format!("`{sign}`"),
            Some((_, Token::Name { name, .. })) => format!("`{name}`"),
            Some((_, Token::Value(_))) => "a number".to_owned(),
            Some((_, Token::Text(_))) => "a text".to_owned(),
        };
        self.error(&format!("{wanted} should be here, not {found}"))
    }
}

fn negate(negated: bool, node: Node) -> Node {
    if negated { Node::Not(Box::new(node)) } else { node }
}

/// `x == null` asks whether x is null.
fn compare(left: Operand, sign: Compare, right: Operand, at: usize) -> Node {
    let is_null = |side: &Operand| matches!(side.what, What::Literal(Literal::Null));
    match sign {
        Compare::Equal | Compare::NotEqual if is_null(&right) => {
            negate(sign == Compare::NotEqual, Node::IsNull(left))
        }
        _ => Node::Compare { left, sign, right, at },
    }
}

/// Words that aren't columns unless they are quoted.
fn is_word(name: &str) -> bool {
    let words = ["and", "or", "not", "is", "in", "contains"];
    words.iter().any(|word| name.eq_ignore_ascii_case(word))
}

/// What a name stands for that is no column.
fn constant(name: &str) -> Option<Literal> {
    match name {
        "true" => Some(Literal::Bool(true)),
        "false" => Some(Literal::Bool(false)),
        "null" => Some(Literal::Null),
        "AT_FDCWD" => Some(Literal::Integer(libc::AT_FDCWD.into())),
        _ => errno(name).map(|number| Literal::Integer(number.into())),
    }
}

/// The number of an errno, by its name.
pub fn errno(name: &str) -> Option<i32> {
    if !name.starts_with('E') {
        return None;
    }
    let name = match name {
        "EWOULDBLOCK" => "EAGAIN",
        "EOPNOTSUPP" | "ENOTSUP" => "EOPNOTSUPP",
        name => name,
    };
    (1..=133).find(|number| {
        let errno = Errno::from_raw(*number);
        errno != Errno::UnknownErrno && format!("{errno:?}") == name
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errno_names_are_known() {
        assert_eq!(errno("ENOENT"), Some(2));
        assert_eq!(errno("EAGAIN"), errno("EWOULDBLOCK"));
        assert_eq!(errno("ENOTSUP"), Some(95));
        assert_eq!(errno("Exyz"), None);
    }

    #[track_caller]
    fn refused(text: &str, column: usize, words: &str) {
        let error = Condition::parse(text).unwrap_err().to_string();
        let expected = format!("condition, column {column}: ");
        assert!(error.starts_with(&expected) && error.contains(words), "{text}: {error}");
    }

    #[test]
    fn mistakes_are_shown_where_they_are() {
        refused("", 1, "a column or a value should be here, not the end");
        refused("a ==", 5, "not the end");
        refused("a == 1 b", 8, "and, or, or the end should be here, not `b`");
        refused("(a == 1", 8, "a closing parenthesis");
        refused("a =~ 3", 6, "a regular expression");
        refused("a == 'x\\y'", 6, "\\y means nothing");
        refused("a == '\\x4'", 6, "two hexadecimal digits");
        refused("a =~ \"(\"", 6, "unclosed group");
        refused("a == \"x", 6, "has no end");
        refused("a == 0xyz", 6, "0xyz is no number");
        refused("a $ 1", 3, "'$' means nothing");
        refused("a in 3", 6, "an opening parenthesis");
        refused("a is 3", 6, "null should be here");
        refused("a not 3", 7, "in or contains");
        refused("-a == 3", 1, "only a number has a sign");
        refused("a & b", 5, "a whole number");
        refused("é == $", 6, "means nothing");
        refused(&"(".repeat(200), 101, "too deeply");
    }
}
