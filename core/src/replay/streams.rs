//! What becomes of the replayed program's standard streams: `--stdio`.

use std::os::fd::RawFd;

use replay_schema::{Call, Changes};

use crate::record::{Batch, Record};
use crate::trace::RecordType;
use crate::verify;

/// What the program's standard streams do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Stdio {
    /// Calls on them aren't made
    #[default]
    Leave,
    /// What is written goes to /dev/null; nothing is read
    Null,
    /// They are the replayer's own: what is written and read is so for real
    Inherit,
    /// What is written goes to the files TRACE.stdout and TRACE.stderr; nothing is read
    Capture,
}

/// Which way a call moves data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moves {
    /// To the program.
    In,
    /// From the program, or from one descriptor to another.
    Out,
}

/// Open descriptors that stand for the standard streams, where one does. They stay open as long as the process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Streams(pub [Option<RawFd>; 3]);

impl Streams {
    /// Which way the call of `record` moves data, if it does so through a descriptor that may be a stream, and
    /// if any stream is real. No other calls are made on the replayer's own streams: they'd change how its
    /// terminal works, or what others that share them see.
    pub fn moves(
        &self,
        ty: &RecordType,
        call: &Call,
        batch: &Batch,
        record: &Record,
    ) -> Option<Moves> {
        if self.0 == [None; 3] || !call.blocks {
            return None;
        }
        match (verify::looks(ty, call, batch, record), call.changes) {
            (true, Changes::Anything) if !ty.has_paths => Some(Moves::In),
            (false, Changes::Descriptors) => Some(Moves::Out),
            _ => None,
        }
    }

    /// What stands for stream `number`, for a call that moves data.
    pub fn real(&self, number: i32, moves: Moves) -> Option<RawFd> {
        let is_input = number == 0;
        let stream = self.0.get(usize::try_from(number).ok()?).copied().flatten();
        stream.filter(|_| moves == Moves::Out || is_input)
    }
}
