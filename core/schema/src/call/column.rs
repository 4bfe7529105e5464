//! A declared column: its type, what it stands for, and how it is shown.

use abi::kind;

use super::{Condition, Source};

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the file format's")]
pub enum Kind {
    Bool,
    Byte,
    Int32,
    Int64,
    Double,
    Variable32,
}

impl Kind {
    /// As the type's XML has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Byte => "byte",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Double => "double",
            Self::Variable32 => "variable32",
        }
    }

    /// As the ABI has it; see [`abi::kind`].
    pub fn number(self) -> u32 {
        match self {
            Self::Bool => kind::BOOL,
            Self::Byte => kind::BYTE,
            Self::Int32 => kind::INT32,
            Self::Int64 => kind::INT64,
            Self::Double => kind::DOUBLE,
            Self::Variable32 => kind::VARIABLE32,
        }
    }
}

/// A column of an extent type: what the file says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its type.
    pub kind: Kind,
    /// Whether it can be null.
    pub nullable: bool,
}

/// What a column stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "see `abi::role`")]
pub enum Role {
    None,
    Descriptor,
    NewDescriptor,
    ClosedDescriptor,
    Path,
    Task,
    Shares,
    Target,
    Payload,
    Environment,
    Owner,
}

/// What the call does to what a column names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Touch {
    /// What the call does as a whole: it looks, or changes it.
    #[default]
    Call,
    /// It makes the name.
    Makes,
    /// It takes the name away.
    Removes,
    /// It takes data from it and no more.
    Looks,
}

/// How a column is shown to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "see `abi::display`")]
pub enum Display {
    Plain,
    Octal,
    Hex,
    Flags,
    Names,
    Descriptor,
    Path,
    Time,
}

/// A declared column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: Kind,
    /// Whether it can be null.
    pub nullable: bool,
    /// Whether the original schema's type doesn't have it.
    pub added: bool,
    /// What it stands for.
    pub role: Role,
    /// What the call does to that.
    pub touch: Touch,
    /// Where its value comes from, in the first or only row; the first whose conditions hold.
    pub sources: Vec<Source>,
    /// The same in the rows that follow.
    pub elements: Vec<Source>,
    /// Compared when data is verified, under a condition on the replayed call.
    pub compared: Option<Condition>,
    /// How it is shown.
    pub display: Display,
    /// Names of its bits or values.
    pub bits: Vec<Bit>,
}

/// A named bit, group of bits or value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bit {
    /// The constant's name; empty if it isn't shown.
    pub name: String,
    /// Which bits are looked at.
    pub mask: u64,
    /// What they must be.
    pub value: u64,
    /// When they mean this.
    pub when: Condition,
}
