//! Calls that a signal interrupted: the kernel restarts them, or they fail with `EINTR`. Which of the two is seen
//! at the task's next call.

use crate::strace::convert::{Converter, Pending, State};
use crate::strace::number::Values;
use crate::strace::result::{CallResult, Ending, Ready};
use crate::strace::value::{Kind, NodeId, Parser, Tree};

/// Behind this stands the name of a call that is taken up again.
const RESUMING: &[u8] = b"<... resuming interrupted ";

impl Converter<'_> {
    /// The call that the kernel restarts, if it is this one; if it is another, that one failed with `EINTR`.
    pub(super) fn restarted(&mut self, task: i32, name: &[u8], text: &[u8]) -> Option<Pending> {
        if !matches!(self.task(task).state, State::Interrupted(..)) {
            return None;
        }
        let State::Interrupted(mut pending, id, time) = std::mem::take(&mut self.task(task).state)
        else {
            return None;
        };
        let resuming = text.get(name.len() + 1..).filter(|rest| rest.starts_with(RESUMING));
        if let Some(rest) = resuming {
            // Its arguments are those of the call that was interrupted.
            let mark = rest.windows(4).position(|window| window == b"...>");
            let rest = mark.map_or(&[][..], |mark| &rest[mark + 4..]);
            pending.text.extend_from_slice(rest);
            return Some(pending);
        }
        if self.is_same(&pending.text, text) {
            pending.text.clear();
            return Some(pending);
        }
        let before = std::mem::take(&mut pending.text);
        if self.parse(&before).is_ok() {
            let interrupted = CallResult {
                ending: Ending::Returned(-1, libc::EINTR),
                duration: None,
                injected: false,
                ready: Ready::default(),
            };
            self.emit(task, &pending, &before, Some(&interrupted), id, time);
        }
        None
    }

    /// Whether two calls are printed with the same arguments, but for what the kernel fills in later.
    fn is_same(&self, before: &[u8], now: &[u8]) -> bool {
        let name = |text: &[u8]| text.iter().position(|byte| *byte == b'(').unwrap_or(0);
        let (first, second) = (name(before), name(now));
        if before[..first] != now[..second] {
            return false;
        }
        let (mut old, mut new) = (Tree::default(), Tree::default());
        let read =
            |text: &[u8], at: usize, tree: &mut Tree| Parser::new(text, at + 1, tree).arguments();
        if read(before, first, &mut old).is_err() || read(now, second, &mut new).is_err() {
            return false;
        }
        let of = |tree: &Tree, text: &[u8], id: NodeId| {
            let values = Values { text, tree, symbols: &self.symbols };
            let is_text = matches!(tree.node(id).kind, Kind::Text { .. });
            let text = tree.node(id).text.of(text).to_vec();
            (values.number(id), is_text.then_some(text))
        };
        old.arguments.iter().zip(&new.arguments).all(|(one, other)| {
            let (one, other) = (of(&old, before, *one), of(&new, now, *other));
            one == other || other.0.is_none()
        })
    }
}
