//! What a record's columns say of descriptors and names, for those who follow a trace without replaying it.

use dataseries::Value;
use replay_schema::{Call, Returns, Role, Touch};

use crate::record::{Batch, Record};
use crate::trace::RecordType;

/// What a record's columns say of descriptors and names.
#[derive(Debug, Default)]
pub struct Seen {
    /// Descriptors that the call is on.
    pub used: Vec<i32>,
    /// Descriptors that it makes, beside the one that it returns.
    pub made: Vec<i32>,
    /// Descriptors that it closes.
    pub closed: Vec<i32>,
    /// Paths, each with the descriptor of the directory that it is looked up from.
    pub paths: Vec<(Option<i32>, Vec<u8>)>,
    /// What the call does to each of `paths`, and then to each of `used`.
    pub touches: (Vec<Touch>, Vec<Touch>),
    /// The text of a symbolic link.
    pub target: Option<Vec<u8>>,
    /// What a new task shares with its creator, as flags of clone(2).
    pub shares: i64,
    /// Whether descriptors come or go.
    pub makes_descriptor: bool,
    /// What a model of names has for each of `paths`.
    pub names: Vec<u32>,
}

impl Seen {
    /// Reads the columns of `record`.
    pub fn read(ty: &RecordType, call: &Call, batch: &Batch, record: &Record) -> Self {
        let mut seen = Self::default();
        seen.read_again(ty, call, batch, record);
        seen
    }

    /// Reads the columns of `record` in place of another's.
    pub fn read_again(&mut self, ty: &RecordType, call: &Call, batch: &Batch, record: &Record) {
        self.clear();
        let (cells, seen) = (batch.cells(record, 0), self);
        let mut directory = None;
        for (declared, column) in call.columns.iter().zip(&ty.columns) {
            let Some(column) = column else { continue };
            // Other values may not have been read.
            if matches!(declared.role, Role::None | Role::Owner | Role::Payload | Role::Environment)
            {
                continue;
            }
            match (declared.role, cells.get(column)) {
                (Role::Descriptor, Value::Int32(traced)) => {
                    seen.used.push(traced);
                    seen.touches.1.push(declared.touch);
                    directory = Some(traced);
                }
                (Role::NewDescriptor, Value::Int32(traced)) => seen.made.push(traced),
                (Role::ClosedDescriptor, Value::Int32(traced)) => seen.closed.push(traced),
                (Role::Path, Value::Bytes(path)) => {
                    seen.paths.push((directory.take(), path.to_vec()));
                    seen.touches.0.push(declared.touch);
                }
                (Role::Target, Value::Bytes(target)) => seen.target = Some(target.to_vec()),
                (Role::Shares, Value::Int64(flags)) => seen.shares = flags,
                (Role::Shares, Value::Int32(flags)) => seen.shares = flags.into(),
                _ => {}
            }
        }
        seen.makes_descriptor =
            call.returns == Returns::Descriptor || !seen.made.is_empty() || !seen.closed.is_empty();
    }

    fn clear(&mut self) {
        let Self { used, made, closed, paths, touches, target, shares, makes_descriptor, names } =
            self;
        [used, made, closed].into_iter().for_each(Vec::clear);
        [&mut touches.0, &mut touches.1].into_iter().for_each(Vec::clear);
        paths.clear();
        names.clear();
        (*target, *shares, *makes_descriptor) = (None, 0, false);
    }
}
