//! Conditions on rows: `-w 'errno_number == ENOENT and given_pathname =~ "^/etc"'`.
//!
//! [`tokens`] takes the text apart, [`parse`] makes a tree of it, and [`Condition::bind`] looks up the
//! columns of a type, once, so that a row is judged without looking up anything.

mod bind;
mod parse;
mod tokens;

use std::fmt;

pub use bind::Bound;
pub use parse::Condition;

/// How conditions are written, for the help.
pub const HELP: &str = "Conditions:
  descriptor == 3                   == != < <= > >= with numbers (17, -1, 0x11, 0o21, 1.5e3) and texts
  errno_number == ENOENT            errno names and AT_FDCWD stand for their numbers
  given_pathname =~ \"^/etc/\"        =~ and !~ with a regular expression; contains with a text
  open_value & 0x40                 bits of a number; alone, or compared with == and !=
  return_value is null              also: is not null
  descriptor in (0, 1, 2)           any of several
  not a == 1 and (b or c)           and, or, not (also &&, ||, !)
  call == \"openat\"                  call is the last part of the type's name, extent_type all of it
A NUL that ends a value doesn't count. A comparison with null is false, and so is one with a column
that a row's type doesn't have. A column with an odd name is written `in backquotes`.";

/// What is wrong with a condition, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionError {
    text: String,
    /// Offset in bytes.
    at: usize,
    problem: String,
}

impl ExpressionError {
    fn new(text: &str, at: usize, problem: impl Into<String>) -> Self {
        Self { text: text.to_owned(), at: at.min(text.len()), problem: problem.into() }
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.text.get(..self.at).unwrap_or(&self.text).chars().count();
        let text = self.text.replace(['\n', '\t'], " ");
        let problem = &self.problem;
        write!(f, "condition, column {}: {problem}\n  {text}\n  {:before$}^", before + 1, "")
    }
}

impl std::error::Error for ExpressionError {}

/// A value that a condition names.
#[derive(Clone, Debug, PartialEq)]
enum Literal {
    Integer(i64),
    Float(f64),
    Text(Vec<u8>),
    Bool(bool),
    Null,
}

/// A value of a row, as conditions see it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scalar<'a> {
    Null,
    Integer(i64),
    Float(f64),
    Text(&'a [u8]),
    Bool(bool),
}

impl Literal {
    fn scalar(&self) -> Scalar<'_> {
        match self {
            Self::Integer(number) => Scalar::Integer(*number),
            Self::Float(number) => Scalar::Float(*number),
            Self::Text(text) => Scalar::Text(text),
            Self::Bool(value) => Scalar::Bool(*value),
            Self::Null => Scalar::Null,
        }
    }
}
