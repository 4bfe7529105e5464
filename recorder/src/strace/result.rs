//! What stands behind a call's closing bracket: what it returned, and how long it took.

use crate::strace::line::{self, trim_end};
use crate::strace::symbols::Symbols;
use crate::strace::value::{Kind, Malformed, NodeId, Parser, Tree};

/// First of the errnos by which the kernel tells itself to restart a call.
const ERESTARTSYS: i32 = 512;
/// Last of them.
const LAST_RESTART: i32 = 516;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Return value (−1 on failure) and positive errno.
    Returned(i64, i32),
    /// It didn't.
    Never,
    /// The kernel restarts it, or it failed with `EINTR`.
    Interrupted,
}

/// What came of a call.
#[derive(Clone, Debug)]
pub struct CallResult {
    /// How it ended.
    pub ending: Ending,
    /// How long it took, in nanoseconds.
    pub duration: Option<i64>,
    /// Whether strace tampered with it.
    pub injected: bool,
    /// What the kernel left in the sets and times of a call that waited.
    pub ready: Ready,
}

/// Values that stand behind the return value.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ready {
    /// Sets of descriptors: to read, to write, with exceptions.
    pub sets: [Option<NodeId>; 3],
    /// Structures of a list argument, as they were afterwards.
    pub list: Option<NodeId>,
    /// What is left of a time.
    pub left: Option<NodeId>,
    /// Whether any is there, or there is nothing but the end of a time.
    pub is_told: bool,
}

/// Reads `text` from byte `at` on, behind the closing bracket.
///
/// # Errors
/// What isn't as strace prints it.
pub fn read(
    text: &[u8],
    at: usize,
    tree: &mut Tree,
    symbols: &Symbols,
) -> Result<CallResult, Malformed> {
    let malformed = |what, at| Malformed { what, at: at + 1 };
    let (end, duration) = without_duration(text);
    let text = &text[..end];
    let spaces = text.get(at..).unwrap_or_default().iter().take_while(|b| **b == b' ').count();
    let at = at + spaces;
    if text.get(at) != Some(&b'=') {
        return Err(malformed("no `=` behind the arguments", at));
    }
    let mut result =
        CallResult { ending: Ending::Never, duration, injected: false, ready: Ready::default() };
    let mut parser = Parser::new(text, at + 1, tree);
    parser.blank();
    let at = parser.at;
    let value = match text.get(at) {
        Some(b'?') => {
            parser.at += 1;
            None
        }
        Some(b'0'..=b'9' | b'-') => {
            let negative = text[at] == b'-';
            parser.at += usize::from(negative);
            let word = parser.word();
            parser.decoration();
            let number = crate::strace::value::unsigned(word.of(text))
                .ok_or(malformed("a return value that is no number", at))?;
            Some(if negative { number.wrapping_neg() } else { number } as i64)
        }
        _ => return Err(malformed("no return value", at)),
    };
    parser.blank();
    let rest = &text[parser.at..];
    result.injected = [&b"INJECTED"[..], b"DELAYED"].iter().any(|mark| contains(rest, mark));
    let errno = errno(rest, symbols, parser.at)?;
    result.ending = match (value, errno) {
        (_, Some(ERESTARTSYS..=LAST_RESTART)) => Ending::Interrupted,
        (None, _) => Ending::Never,
        (Some(_), Some(errno)) => Ending::Returned(-1, errno),
        (Some(value), None) => Ending::Returned(value, 0),
    };
    if errno.is_none() && rest.first() == Some(&b'(') {
        parser.at += 1;
        result.ready = ready(text, parser)?;
    }
    Ok(result)
}

/// How long the call of `text` took, if that is told.
pub fn duration(text: &[u8]) -> Option<i64> {
    without_duration(text).1
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}

/// Where the text ends without the duration, and that.
fn without_duration(text: &[u8]) -> (usize, Option<i64>) {
    let text = trim_end(text);
    let Some(inside) = text.strip_suffix(b">") else { return (text.len(), None) };
    let digits =
        inside.iter().rev().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    let start = inside.len() - digits;
    if digits == 0 || !inside[..start].ends_with(b" <") {
        // `<unavailable>`, or a descriptor's path.
        return (text.len(), None);
    }
    match line::duration(&inside[start..]) {
        Some(duration) => (start - 2, Some(duration)),
        None => (text.len(), None),
    }
}

/// The errno that `rest` begins with.
fn errno(rest: &[u8], symbols: &Symbols, at: usize) -> Result<Option<i32>, Malformed> {
    if let Some(number) = rest.strip_prefix(b"(errno ") {
        let digits = number.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number = crate::strace::value::unsigned(&number[..digits]).unwrap_or(0);
        return Ok(i32::try_from(number).ok());
    }
    let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let name = &rest[..length];
    if name.first() != Some(&b'E') {
        return Ok(None);
    }
    match symbols.number(name) {
        Some(number) => Ok(Some(number as i32)),
        None => Err(Malformed { what: "an errno of an unknown name", at: at + 1 }),
    }
}

/// `([{fd=3, revents=POLLIN}])`, `(in [3], left {…})`, `(Timeout)`.
fn ready(text: &[u8], mut parser: Parser<'_>) -> Result<Ready, Malformed> {
    let mut ready = Ready::default();
    loop {
        parser.blank();
        match text.get(parser.at) {
            Some(b',') => parser.at += 1,
            Some(b'[') => {
                ready.list = Some(parser.value()?);
                ready.is_told = true;
            }
            Some(byte) if byte.is_ascii_alphabetic() => {
                let word = parser.word().of(text);
                parser.blank();
                let has_value = matches!(text.get(parser.at), Some(b'[' | b'{'));
                let place = match word {
                    b"Timeout" => {
                        ready.is_told = true;
                        return Ok(ready);
                    }
                    b"in" => &mut ready.sets[0],
                    b"out" => &mut ready.sets[1],
                    b"except" => &mut ready.sets[2],
                    b"left" => &mut ready.left,
                    _ => return Ok(ready),
                };
                if !has_value {
                    return Ok(ready);
                }
                *place = Some(parser.value()?);
                ready.is_told = true;
            }
            _ => return Ok(ready),
        }
    }
}

/// Whether a value is printed as content, where the kernel has a pointer to it.
pub fn is_content(kind: Kind) -> bool {
    matches!(kind, Kind::Text { .. } | Kind::List { .. } | Kind::Structure { .. })
}
