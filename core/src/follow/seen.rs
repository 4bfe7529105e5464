//! What a call's columns say of descriptors and names.

use dataseries::Value;
use replay_schema::{Call, Column, Returns, Role, Touch};

use crate::record::{Batch, Record};
use crate::trace::RecordType;

/// What a call's columns say of descriptors and names.
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
    /// What a new task shares with its creator.
    pub shares: Shares,
    /// Whether descriptors come or go.
    pub makes_descriptor: bool,
    /// What a model of names has for each of `paths`.
    pub names: Vec<u32>,
    /// The descriptor that the next path is looked up from.
    from: Option<i32>,
}

/// What a new task shares with its creator, of what is followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// The table of descriptors.
    pub files: bool,
    /// The working directory.
    pub fs: bool,
}

impl Shares {
    /// By the flags of clone(2); threads of a process share all of it.
    fn by_flags(flags: i64) -> Self {
        let shares = |flag: i32| flags & i64::from(flag | libc::CLONE_THREAD) != 0;
        Self { files: shares(libc::CLONE_FILES), fs: shares(libc::CLONE_FS) }
    }
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
        let cells = batch.cells(record, 0);
        // Other values may not have been read.
        for number in &ty.followed {
            if let Some(column) = &ty.columns[*number] {
                self.add(&call.columns[*number], cells.get(column));
            }
        }
        self.makes_descriptor =
            call.returns == Returns::Descriptor || !self.made.is_empty() || !self.closed.is_empty();
    }

    /// Whether a column says anything of what is followed.
    #[inline]
    pub fn wants(column: &Column) -> bool {
        match column.role {
            Role::Descriptor | Role::NewDescriptor | Role::ClosedDescriptor => true,
            Role::Path | Role::Target | Role::Shares => true,
            Role::None | Role::Task | Role::Payload | Role::Environment | Role::Owner => false,
        }
    }

    /// What `column` says, which has this value; columns come in the order in which they are declared.
    #[inline]
    pub fn add(&mut self, column: &Column, value: Value<'_>) {
        let number = match value {
            Value::Int32(number) => Some(number.into()),
            Value::Int64(number) => Some(number),
            _ => None,
        };
        let descriptor = number.and_then(|number| i32::try_from(number).ok());
        match (column.role, value) {
            (Role::Descriptor, _) => {
                if let Some(traced) = descriptor {
                    self.used.push(traced);
                    self.touches.1.push(column.touch);
                }
                self.from = descriptor;
            }
            (Role::NewDescriptor, _) => self.made.extend(descriptor),
            (Role::ClosedDescriptor, _) => self.closed.extend(descriptor),
            (Role::Path, Value::Bytes(path)) => {
                self.paths.push((self.from.take(), path.to_vec()));
                self.touches.0.push(column.touch);
            }
            (Role::Target, Value::Bytes(target)) => self.target = Some(target.to_vec()),
            (Role::Shares, _) => self.shares = Shares::by_flags(number.unwrap_or(0)),
            _ => {}
        }
    }

    fn clear(&mut self) {
        let Self {
            used,
            made,
            closed,
            paths,
            touches,
            target,
            shares,
            makes_descriptor,
            names,
            from,
        } = self;
        [used, made, closed].into_iter().for_each(Vec::clear);
        [&mut touches.0, &mut touches.1].into_iter().for_each(Vec::clear);
        paths.clear();
        names.clear();
        (*target, *shares, *makes_descriptor) = (None, Shares::default(), false);
        *from = None;
    }
}
