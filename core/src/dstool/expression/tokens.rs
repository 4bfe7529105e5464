//! The words of a condition.

use super::{ExpressionError, Literal};

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A name, with or without backquotes; without, it can be a word of the language.
    Name {
        name: String,
        quoted: bool,
    },
    Value(Literal),
    /// What stands between quotes.
    Text(String),
    /// `==`, `(` and the like.
    Sign(&'static str),
}

/// A token, and where it begins.
pub type Placed = (usize, Token);

/// Longer signs come before their beginnings.
const SIGNS: [&str; 18] = [
    "==", "!=", "<>", "<=", ">=", "=~", "!~", "&&", "||", "<", ">", "=", "!", "&", "(", ")", ",",
    "-",
];

/// Takes a condition apart.
pub fn tokens(text: &str) -> Result<Vec<Placed>, ExpressionError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (token, length) = match first {
            '"' | '\'' => quoted(text, at)?,
            '`' => backquoted(text, at)?,
            '0'..='9' => number(text, at)?,
            _ if is_name(first) => {
                let rest = &text[at..];
                let length = rest.find(|letter: char| !is_name(letter)).unwrap_or(rest.len());
                (Token::Name { name: rest[..length].to_owned(), quoted: false }, length)
            }
            _ => {
                let sign = SIGNS.iter().find(|sign| text[at..].starts_with(**sign));
                let unknown = || ExpressionError::new(text, at, format!("{first:?} means nothing"));
                let sign = sign.ok_or_else(unknown)?;
                (Token::Sign(sign), sign.len())
            }
        };
        tokens.push((at, token));
        at += length;
    }
    Ok(tokens)
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '.' | ':')
}

fn backquoted(text: &str, at: usize) -> Result<(Token, usize), ExpressionError> {
    let rest = &text[at + 1..];
    let end = rest.find('`');
    let end = end.ok_or_else(|| ExpressionError::new(text, at, "this backquote has no end"))?;
    Ok((Token::Name { name: rest[..end].to_owned(), quoted: true }, end + 2))
}

/// A text, with everything between its quotes as it stands there.
fn quoted(text: &str, at: usize) -> Result<(Token, usize), ExpressionError> {
    let bytes = text.as_bytes();
    let mut next = at + 1;
    while let Some(&byte) = bytes.get(next) {
        if byte == bytes[at] {
            return Ok((Token::Text(text[at + 1..next].to_owned()), next + 1 - at));
        }
        next += if byte == b'\\' { 2 } else { 1 };
    }
    Err(ExpressionError::new(text, at, "this text has no end"))
}

/// The bytes that a text stands for, or what is wrong with it.
pub fn unescaped(raw: &str) -> Result<Vec<u8>, String> {
    let mut value = Vec::new();
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        value.extend(&rest.as_bytes()[..at]);
        let escape = &rest[at + 1..];
        let (byte, length) = match escape.as_bytes().first() {
            Some(b'n') => (b'\n', 1),
            Some(b't') => (b'\t', 1),
            Some(b'r') => (b'\r', 1),
            Some(b'0') => (0, 1),
            Some(&same @ (b'"' | b'\'' | b'\\')) => (same, 1),
            Some(b'x') => {
                let digits = escape.get(1..3);
                let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
                (byte.ok_or("\\x needs two hexadecimal digits")?, 3)
            }
            _ => {
                let letter = escape.chars().next().unwrap_or(' ');
                return Err(format!("\\{letter} means nothing; a backslash is written \\\\"));
            }
        };
        value.push(byte);
        rest = &escape[length..];
    }
    value.extend(rest.as_bytes());
    Ok(value)
}

fn number(text: &str, at: usize) -> Result<(Token, usize), ExpressionError> {
    let rest = &text[at..];
    let belongs = |(index, letter): (usize, char)| {
        let exponent = matches!(letter, '+' | '-')
            && matches!(rest.as_bytes()[index - 1], b'e' | b'E')
            && !rest.starts_with("0x");
        !(letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.') || exponent)
    };
    let end = rest.char_indices().skip(1).find(|place| belongs(*place));
    let length = end.map_or(rest.len(), |(index, _)| index);
    let digits = rest[..length].replace('_', "");
    let radix = [("0x", 16), ("0o", 8), ("0b", 2)];
    let literal = match radix.iter().find(|(prefix, _)| digits.starts_with(prefix)) {
        // All 64 bits can be written, as the number that they are in two's complement.
        Some((prefix, radix)) => u64::from_str_radix(&digits[prefix.len()..], *radix)
            .ok()
            .map(|bits| Literal::Integer(bits as i64)),
        None if digits.contains(['.', 'e', 'E']) => digits.parse().ok().map(Literal::Float),
        None => digits.parse().ok().map(Literal::Integer),
    };
    let problem = || ExpressionError::new(text, at, format!("{} is no number", &rest[..length]));
    Ok((Token::Value(literal.ok_or_else(problem)?), length))
}
