//! A line of a log: what stands before the call, and what kind of line it is.

use crate::strace::value::unsigned;

/// Largest process id that Linux gives.
const LARGEST_PID: u64 = 1 << 22;
/// A time with fewer seconds than these counts from the line before, not from the epoch.
const EPOCH: i64 = 100_000_000;
/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

/// A time as printed, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// Since the epoch (`-ttt`).
    Epoch(i64),
    /// Since midnight (`-t`, `-tt`).
    Day(i64),
    /// Since the line before (`-r`).
    Relative(i64),
}

/// What stands before the call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prefix {
    /// The thread.
    pub task: Option<i32>,
    /// When the call was made; an absolute time goes before a relative one.
    pub stamp: Option<Stamp>,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// `name(…) = …`, as it stands.
    Call {
        /// The call's name.
        name: &'a [u8],
        /// From the name on.
        text: &'a [u8],
    },
    /// `name(… <unfinished ...>`, without the mark.
    Entered {
        /// The call's name.
        name: &'a [u8],
        /// From the name on.
        text: &'a [u8],
    },
    /// `<... name resumed>…`, without the mark.
    Resumed {
        /// The call's name; empty if strace didn't know it.
        name: &'a [u8],
        /// What follows.
        text: &'a [u8],
    },
    /// `+++ exited with N +++`.
    Exited(i32),
    /// `+++ killed by SIGNAL +++`: the signal's name.
    Killed(&'a [u8]),
    /// `+++ superseded by execve in pid N +++`.
    Superseded(i32),
    /// strace tells of the ABI of a process: whether it is this machine's own.
    Personality {
        /// The process.
        task: i32,
        /// Whether it is one of 64 bits.
        is_native: bool,
    },
    /// `strace: Process N attached`.
    Attached(i32),
    /// A signal, a stack frame, a buffer's bytes once more, a summary, strace speaking of itself: no call.
    Aside,
}

/// Takes a line apart; none if it is no line of strace's.
pub fn split(line: &[u8]) -> Option<(Prefix, Body<'_>)> {
    if is_summary(line) {
        return Some((Prefix::default(), Body::Aside));
    }
    let (prefix, rest) = prefix(line);
    Some((prefix, body(rest)?))
}

/// Whether the line is of the table that `-C` ends with.
fn is_summary(line: &[u8]) -> bool {
    let line = trim_end(line);
    if line.starts_with(b"% time ") || line.starts_with(b"System call usage summary") {
        return true;
    }
    // Every number is set off by spaces, and a name without brackets ends it.
    if !line.first().is_some_and(|byte| matches!(byte, b' ' | b'-' | b'0'..=b'9')) {
        return false;
    }
    let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let last = words.next_back().unwrap_or_default();
    let is_number = |word: &[u8]| word.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.'));
    let is_name = last.first().is_some_and(u8::is_ascii_alphabetic)
        && last.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let is_rule = |word: &[u8]| word.len() >= 6 && word.iter().all(|byte| *byte == b'-');
    let count = words.clone().count();
    (3..=5).contains(&count)
        && ((is_name && words.clone().all(is_number)) || (is_rule(last) && words.all(is_rule)))
}

fn prefix(line: &[u8]) -> (Prefix, &[u8]) {
    let mut prefix = Prefix::default();
    let mut rest = line;
    loop {
        let trimmed = trim_start(rest);
        let next = if let Some(inside) = trimmed.strip_prefix(b"[pid ") {
            task(inside, b']', &mut prefix)
        } else if trimmed.starts_with(b"[ Process") {
            None
        } else if trimmed.starts_with(b"[") {
            // Instruction pointer, number of the call, security context.
            trimmed.iter().position(|byte| *byte == b']').map(|end| &trimmed[end + 1..])
        } else if let Some(inside) = trimmed.strip_prefix(b"(+") {
            relative(trim_start(inside)).and_then(|(time, after)| {
                prefix.stamp.get_or_insert(time);
                after.strip_prefix(b")")
            })
        } else if trimmed.first().is_some_and(u8::is_ascii_digit) {
            time(trimmed)
                .map(|(time, after)| {
                    let is_better = !matches!(prefix.stamp, Some(Stamp::Epoch(_) | Stamp::Day(_)));
                    if is_better {
                        prefix.stamp = Some(time);
                    }
                    after
                })
                .or_else(|| {
                    // Ids begin a line; seconds since the line before are set off from it.
                    let is_id = prefix.task.is_none() && trimmed.len() == line.len();
                    if is_id {
                        return task(trimmed, b' ', &mut prefix);
                    }
                    let (time, after) = relative(trimmed)?;
                    prefix.stamp.get_or_insert(time);
                    after.strip_prefix(b" ")
                })
        } else {
            None
        };
        match next {
            Some(next) => rest = next,
            // A stack frame is known by the space before it.
            None => return (prefix, if trimmed.starts_with(b"> ") { rest } else { trimmed }),
        }
    }
}

/// A process id, with its command's name if strace adds it, up to `end`.
fn task<'a>(text: &'a [u8], end: u8, prefix: &mut Prefix) -> Option<&'a [u8]> {
    let text = trim_start(text);
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = unsigned(decimal(&text[..digits]))?;
    if prefix.task.is_some() || number > LARGEST_PID {
        return None;
    }
    let rest = &text[digits..];
    let rest = match rest.first() {
        Some(b'<') => &rest[rest.iter().position(|byte| *byte == b'>')? + 1..],
        _ => rest,
    };
    let rest = if end == b' ' { rest.strip_prefix(b" ")? } else { rest.strip_prefix(&[end])? };
    prefix.task = Some(number as i32);
    Some(rest)
}

/// Digits without the zeros before them, which would make them octal.
fn decimal(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|byte| **byte == b'0').count();
    &digits[zeros.min(digits.len().saturating_sub(1))..]
}

/// A time with a dot or colons, or one of whole seconds that is too large for a process id.
fn time(text: &[u8]) -> Option<(Stamp, &[u8])> {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let count = digits(text);
    let first = i64::try_from(unsigned(decimal(&text[..count]))?).ok()?;
    let rest = &text[count..];
    if rest.first() == Some(&b':') {
        let minutes = i64::try_from(unsigned(decimal(rest.get(1..3)?))?).ok()?;
        let seconds = rest.get(3..).and_then(|rest| rest.strip_prefix(b":"))?;
        let second = i64::try_from(unsigned(decimal(seconds.get(..2)?))?).ok()?;
        let (fraction, rest) = fraction(&seconds[2..])?;
        let seconds = first.checked_mul(3600)?.checked_add(minutes * 60 + second)?;
        let at = seconds.checked_mul(SECOND)?.checked_add(fraction)?;
        return Some((Stamp::Day(at), rest));
    }
    let has_fraction = rest.first() == Some(&b'.');
    if !has_fraction && first <= LARGEST_PID as i64 {
        return None;
    }
    let (fraction, rest) = fraction(rest)?;
    let at = first.checked_mul(SECOND)?.checked_add(fraction)?;
    Some((if first < EPOCH { Stamp::Relative(at) } else { Stamp::Epoch(at) }, rest))
}

/// A time since the line before, of whole seconds or not.
fn relative(text: &[u8]) -> Option<(Stamp, &[u8])> {
    seconds(text).map(|(time, rest)| (Stamp::Relative(time), rest))
}

/// Seconds with a fraction or without, in nanoseconds.
fn seconds(text: &[u8]) -> Option<(i64, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = i64::try_from(unsigned(decimal(&text[..digits]))?).ok()?;
    let (fraction, rest) = fraction(&text[digits..])?;
    Some((whole.checked_mul(SECOND)?.checked_add(fraction)?, rest))
}

/// The fraction of a second that may stand here, in nanoseconds.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(digits) = text.strip_prefix(b".") else { return Some((0, text)) };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 || count > 9 {
        return None;
    }
    let value = digits[..count].iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
    Some((value * 10i64.pow(9 - count as u32), &digits[count..]))
}

/// A duration as `-T` prints it, `0.000012`, in nanoseconds.
pub fn duration(text: &[u8]) -> Option<i64> {
    seconds(text).filter(|(_, rest)| rest.is_empty()).map(|(time, _)| time)
}

fn trim_start(text: &[u8]) -> &[u8] {
    let spaces = text.iter().take_while(|byte| **byte == b' ').count();
    &text[spaces..]
}

/// `text` without the spaces at its end.
pub fn trim_end(text: &[u8]) -> &[u8] {
    let spaces = text.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\r')).count();
    &text[..text.len() - spaces]
}

fn body(text: &[u8]) -> Option<Body<'_>> {
    let text = trim_end(text);
    let Some(first) = text.first() else { return Some(Body::Aside) };
    match first {
        b'<' => resumed(text.strip_prefix(b"<... ")?),
        b'+' => ended(text.strip_prefix(b"+++ ")?.strip_suffix(b" +++")?),
        b'-' => text.starts_with(b"--- ").then_some(Body::Aside),
        b' ' => text.starts_with(b" > ").then_some(Body::Aside),
        // What `-e read=` and `-e write=` show beside the call.
        b'|' => text.starts_with(b"| ").then_some(Body::Aside),
        b'*' => (text.starts_with(b"* ")
            && text.windows(17).any(|part| part == b" bytes in buffer "))
        .then_some(Body::Aside),
        b'[' => personality(text),
        _ => call(text),
    }
}

fn resumed(text: &[u8]) -> Option<Body<'_>> {
    let end = text.windows(9).position(|window| window == b" resumed>")?;
    let mut after = &text[end + b" resumed>".len()..];
    // Calls whose arguments strace knew all at their entry.
    after = after.strip_prefix(b" ").filter(|rest| rest.starts_with(b")")).unwrap_or(after);
    let name = if text[..end].starts_with(b"?") { &[][..] } else { &text[..end] };
    Some(Body::Resumed { name, text: after })
}

fn ended(text: &[u8]) -> Option<Body<'_>> {
    let number = |text: &[u8]| {
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        i32::try_from(unsigned(decimal(&text[..digits]))?).ok()
    };
    if let Some(status) = text.strip_prefix(b"exited with ") {
        return Some(Body::Exited(number(status)?));
    }
    if let Some(signal) = text.strip_prefix(b"killed by ") {
        let end = signal.iter().position(|byte| *byte == b' ').unwrap_or(signal.len());
        return Some(Body::Killed(&signal[..end]));
    }
    let leader = text.strip_prefix(b"superseded by execve in pid ")?;
    Some(Body::Superseded(number(leader)?))
}

/// `[ Process PID=1 runs in 32 bit mode. ]`
fn personality(text: &[u8]) -> Option<Body<'_>> {
    let rest = text.strip_prefix(b"[ Process PID=")?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let task = i32::try_from(unsigned(decimal(&rest[..digits]))?).ok()?;
    let mode = rest[digits..].strip_prefix(b" runs in ")?;
    Some(Body::Personality { task, is_native: mode.starts_with(b"64 bit") })
}

/// `1234 attached`
fn attached(text: &[u8]) -> Option<i32> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let task = i32::try_from(unsigned(decimal(&text[..digits]))?).ok()?;
    text[digits..].starts_with(b" attached").then_some(task)
}

fn call(text: &[u8]) -> Option<Body<'_>> {
    let said = text.strip_prefix(b"strace: ");
    if let Some(process) = said.unwrap_or(text).strip_prefix(b"Process ") {
        return Some(attached(process).map_or(Body::Aside, Body::Attached));
    }
    if let Some(said) = said {
        return Some(personality(said).unwrap_or(Body::Aside));
    }
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'?' | b'#');
    let length = text.iter().take_while(|byte| is_name(byte)).count();
    let name = &text[..length];
    if text.get(length) != Some(&b'(') || name.is_empty() {
        return None;
    }
    for mark in [&b"<unfinished ...>"[..], b"<detached ...>", b"<ptrace(SYSCALL):No such process>"]
    {
        if let Some(entered) = text.strip_suffix(mark) {
            return Some(Body::Entered { name, text: entered });
        }
    }
    Some(Body::Call { name, text })
}
