//! The agent, on an architecture that it has no code for: it can't be made.

use std::convert::Infallible;
use std::io;

use libc::c_int;

use crate::plan::Plans;
use crate::ptrace::Entry;

/// What an agent did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the same as where there is one")]
pub struct Counts {
    pub equipped: u64,
    pub not_equipped: u64,
    pub brief: u64,
    pub rewritten: u64,
    pub left: u64,
    pub taken_over: u64,
    pub lost: u64,
}

/// A call that was taken over.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the same as where there is one")]
pub struct Taken {
    pub number: u64,
    pub arguments: [u64; 6],
    pub instruction_pointer: u64,
    pub called_id: i64,
    pub time_called: i64,
    pub end: End,
}

/// What became of it.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the same as where there is one")]
pub enum End {
    Interrupted,
    Returned { value: (i64, i32), id: Option<i64> },
    Never,
}

/// What is to be done with a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the same as where there is one")]
pub enum Signalled {
    Deliver,
    Step,
    Drop,
}

/// Why there is none.
pub fn obstacle() -> Option<&'static str> {
    Some("it has no code for this processor")
}

/// There is none.
#[derive(Debug)]
pub struct Agent(Infallible);

#[allow(missing_docs, reason = "there is nobody to call it")]
impl Agent {
    pub fn new(_: &Plans, _: table::Stops, _: u32) -> io::Result<(Self, table::Table)> {
        Err(io::ErrorKind::Unsupported.into())
    }
    pub fn shared(&self) -> std::sync::Arc<shared::Shared> {
        match self.0 {}
    }
    pub fn gate() -> u64 {
        0
    }
    pub fn unseen(_: &Plans) -> impl Iterator<Item = u32> {
        std::iter::empty()
    }
    pub fn take_id(&self) -> i64 {
        match self.0 {}
    }
    pub fn begin(&self) {}
    pub fn settle(&mut self) {}
    pub fn counts(&self) -> Counts {
        match self.0 {}
    }
    pub fn created(&mut self, _: i32, _: i32) {}
    pub fn appeared(&mut self, _: i32, _: i32, _: Option<i32>) {}
    pub fn forget(&mut self, _: i32) {}
    pub fn use_hook(&self, _: i32, _: bool) {}
    pub fn never_returned(&mut self, _: i32) -> Option<Taken> {
        match self.0 {}
    }
    pub fn signalled(&mut self, _: i32, _: c_int) -> (Signalled, Option<Taken>) {
        match self.0 {}
    }
    pub fn handles(&self, _: i32) -> Option<()> {
        match self.0 {}
    }
    pub fn is_asked(&self, _: &Entry) -> bool {
        match self.0 {}
    }
    pub fn asked(&mut self, _: i32) -> Option<Taken> {
        match self.0 {}
    }
    pub fn is_making(&mut self, _: i32, _: &Entry) -> bool {
        match self.0 {}
    }
    pub fn made(&mut self, _: i32, _: u64, _: &[u64; 6], _: i64) {}
    pub fn watch(&mut self, _: std::collections::HashSet<(u64, u64)>) {}
    pub fn opened(&mut self, _: i32, _: i64) {}
    pub fn executed(&mut self, _: i32, _: i32) {}
    pub fn puts_off(&mut self, _: i32, _: &Entry, _: bool) -> bool {
        match self.0 {}
    }
    pub fn makes_again(&mut self, _: i32) -> bool {
        match self.0 {}
    }
    pub fn counts_call(&mut self, _: i32, _: u64) {}
}

/// Nothing is shared.
#[allow(missing_docs, reason = "there is nobody to call it")]
pub mod shared {
    use crate::event::Batch;

    #[derive(Debug)]
    pub struct Shared(std::convert::Infallible);

    impl Shared {
        pub fn add(&self, _: Batch) {
            match self.0 {}
        }
        pub fn end(&self) {
            match self.0 {}
        }
        pub fn finish(&self) {
            match self.0 {}
        }
    }
}

/// There is no table.
#[allow(missing_docs, reason = "there is nobody to call it")]
pub mod table {
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Stops {
        pub names: bool,
        pub mappings: bool,
    }

    #[derive(Debug)]
    pub struct Table {
        pub layouts: std::convert::Infallible,
    }
}

/// Nothing is merged.
#[allow(missing_docs, reason = "there is nobody to call it")]
pub mod merge {
    use crate::pipeline::Producer;

    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Merged {
        pub calls: u64,
        pub damaged: u64,
    }

    #[derive(Debug)]
    pub struct Merger(std::convert::Infallible);

    impl Merger {
        pub fn start(
            _: std::sync::Arc<super::shared::Shared>,
            layouts: std::convert::Infallible,
            _: Vec<usize>,
            _: Producer,
        ) -> std::io::Result<Self> {
            match layouts {}
        }
        pub fn join(self) -> Merged {
            match self.0 {}
        }
    }
}
