//! Foreign plugins write their rows on a thread of their own: one that never comes back, crashes or exits is
//! left behind there, and the recording goes on without it.
//!
//! What the plugin is given is a copy that belongs to its thread, which may look at it for ever.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use dataseries::FieldKind;
use replay_core::crash::Fate;
use replay_core::guard::{FsChanges, Guard, OwnDescriptors};
use replay_schema::{Call, EncodeFn};

use super::{Misdeed, OwnRow, Seen, sink};

/// How long to wait before looking whether there is still something to wait for. A recorder that was stopped
/// for a while has waited for one of these.
const SLICE: Duration = Duration::from_millis(20);

/// What a plugin is asked.
struct Question {
    encode: EncodeFn,
    call: Arc<Call>,
    kinds: Arc<[FieldKind]>,
    seen: Seen<'static>,
    memory: Vec<Option<Vec<u8>>>,
    record: i64,
}

type Answer = Result<Vec<OwnRow>, Misdeed>;

/// Asks foreign plugins for rows.
#[derive(Debug)]
pub struct Apart {
    own: OwnDescriptors,
    patience: Duration,
    thread: Option<Thread>,
    /// Plugins that aren't asked any more.
    lost: BTreeSet<&'static str>,
}

impl Apart {
    /// In a recorder with these descriptors, which waits for a plugin for as long as `patience`.
    pub fn new(own: OwnDescriptors, patience: Duration) -> Self {
        Self { own, patience, thread: None, lost: BTreeSet::new() }
    }

    /// As [`super::OwnRows::write`].
    ///
    /// # Errors
    /// What the plugin did wrong.
    pub fn write(
        &mut self,
        encode: EncodeFn,
        call: &Arc<Call>,
        kinds: &Arc<[FieldKind]>,
        seen: &Seen<'_>,
        record: i64,
    ) -> Answer {
        if self.lost.contains(call.plugin) {
            return Err(Misdeed::NotAsked);
        }
        let memory = seen.memory.iter().map(|bytes| bytes.map(<[u8]>::to_vec)).collect();
        let (call, kinds, seen) = (call.clone(), kinds.clone(), Seen { memory: &[], ..*seen });
        let plugin = call.plugin;
        let thread = self.thread.get_or_insert_with(|| Thread::start(self.own.clone()));
        let question = Question { encode, call, kinds, seen, memory, record };
        let answer = thread.ask(question, self.patience);
        if answer.as_ref().is_err_and(Misdeed::is_last) {
            self.lost.insert(plugin);
            self.thread.take().inspect(Thread::leave_behind);
        }
        answer
    }
}

/// A thread that runs foreign plugins' code.
#[derive(Debug)]
struct Thread {
    id: i32,
    fate: &'static Fate,
    questions: Sender<Question>,
    answers: Receiver<Answer>,
}

impl Thread {
    fn start(own: OwnDescriptors) -> Self {
        let (questions, asked) = bounded::<Question>(1);
        let (given, answers) = bounded(1);
        let (started, ready) = bounded(1);
        std::thread::spawn(move || {
            let _ = started.send((nix::unistd::gettid().as_raw(), Fate::of_this_thread()));
            let (mut guard, changes) = (Guard::new(own), FsChanges::default());
            for question in asked {
                if given.send(question.answer(&mut guard, &changes)).is_err() {
                    // It came back after all, and nobody waits any more.
                    break;
                }
            }
        });
        let (id, fate) = ready.recv().expect("a thread begins with that");
        Self { id, fate, questions, answers }
    }

    fn ask(&self, question: Question, patience: Duration) -> Answer {
        let _ = self.questions.send(question);
        let mut waited = Duration::ZERO;
        loop {
            match self.answers.recv_timeout(SLICE.min(patience)) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Misdeed::Ended("ended its thread".to_owned()));
                }
                Err(RecvTimeoutError::Timeout) => waited += SLICE,
            }
            if let Some(how) = self.fate.told() {
                return Err(Misdeed::Ended(how));
            }
            if waited >= patience {
                return Err(Misdeed::NeverReturned(patience));
            }
        }
    }

    /// Whatever it does from now on, it does when nobody else has something to do.
    fn leave_behind(&self) {
        let parameters = libc::sched_param { sched_priority: 0 };
        // SAFETY: the parameters are there; the thread is one of ours, and if it has ended, so says the kernel.
        unsafe { libc::sched_setscheduler(self.id, libc::SCHED_IDLE, &raw const parameters) };
    }
}

impl Question {
    fn answer(self, guard: &mut Guard, changes: &FsChanges) -> Answer {
        let Self { encode, call, kinds, seen, memory, record } = &self;
        let memory: Vec<Option<&[u8]>> = memory.iter().map(Option::as_deref).collect();
        let seen = Seen { memory: &memory, ..*seen };
        let before = guard.before(0, changes);
        let rows = sink::rows(*encode, call, kinds, &seen, *record);
        let beside = before.and(guard.after(changes));
        rows.and_then(|rows| beside.map(|()| rows).map_err(Misdeed::Beside))
    }
}
