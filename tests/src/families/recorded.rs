//! A family's calls as they were recorded.

use std::collections::BTreeMap;
use std::process::Command;

use replay_core::registry::{PluginOptions, Registry};
use replay_schema::Call;
use std::sync::Arc;

use super::Family;
use crate::built::{plugins, program};
use crate::case::{Case, told};
use crate::trace::{At, Trace};

/// A recording of a family, and the folder that it was made in.
pub struct Recorded {
    /// The folder, as the program left it.
    pub case: Case,
    /// The trace.
    pub trace: Trace,
    /// What the recorder told.
    pub told: String,
    /// The record types of all plugins, by name.
    pub types: BTreeMap<String, Arc<Call>>,
    /// The record type of each system call.
    pub of_call: BTreeMap<String, String>,
    /// The order id of the family's own first call.
    first: i64,
}

impl Recorded {
    /// Records `family` in an empty folder.
    ///
    /// # Panics
    /// If that can't be done, or the family found something that it didn't expect.
    #[track_caller]
    pub fn new(family: &Family) -> Self {
        Self::by(family, |recorder| recorder)
    }

    /// The same, the recorder run as `change` makes it.
    ///
    /// # Panics
    /// As [`Self::new`].
    #[track_caller]
    pub fn by(family: &Family, change: impl FnOnce(Command) -> Command) -> Self {
        let case = Case::new(|_| {});
        let recorder = case.recorder(&[&program("family").to_string_lossy(), family.name]);
        let output = change(recorder).output().expect("the recorder runs");
        let told = told(&output);
        assert!(output.status.success(), "{}: {:?} {told}", family.name, output.status);
        let options = PluginOptions { plugins: vec![plugins()], ..PluginOptions::default() };
        let registry = Registry::open(&options).expect("the plugins are taken");
        let types = registry.extents().expect("the plugins are loaded");
        let types = types.into_iter().map(|call| (call.extent.clone(), call)).collect();
        let calls = registry.syscalls().expect("the plugins are loaded");
        let of_call = calls.into_iter().map(|(name, call)| (name.to_owned(), call.extent.clone()));
        let trace = Trace::open(&case.trace());
        let marks = trace.rows_of("prctl").into_iter().map(|at| trace.unique_id(at));
        let first = marks.min().expect("a family begins with prctl");
        Self { of_call: of_call.collect(), case, told, types, first, trace }
    }

    /// The rows of the family's own calls of record type `name` that tell what came of them, in order.
    pub fn rows_of(&self, name: &str) -> Vec<At> {
        let mut rows = self.all_rows_of(name);
        rows.retain(|at| {
            let number = ["iov_number", "item_number", "continuation_number"].into_iter();
            let number = number.filter(|column| self.has(name, column));
            let is_element =
                number.map(|column| self.trace.number(*at, column)).any(|n| n != Some(-1));
            !is_element
        });
        rows.sort_by_key(|at| self.trace.unique_id(*at));
        rows
    }

    /// All rows of the family's own calls of record type `name`.
    pub fn all_rows_of(&self, name: &str) -> Vec<At> {
        let mut rows = self.trace.rows_of(name);
        rows.retain(|at| self.trace.unique_id(*at) >= self.first);
        rows
    }

    /// Whether record type `name` has column `column`.
    pub fn has(&self, name: &str, column: &str) -> bool {
        self.types
            .get(name)
            .is_some_and(|call| call.fields().iter().any(|field| field.name == column))
    }

    /// Whether all calls of record type `name` failed with one error: `ENOSYS`, by an older kernel.
    pub fn is_unknown_here(&self, name: &str) -> bool {
        let mut rows = self.rows_of(name).into_iter().peekable();
        rows.peek().is_some()
            && rows.all(|at| self.trace.outcome(at).is_some_and(|(_, errno)| errno == libc::ENOSYS))
    }
}
