//! Options: their types and values, and as their plugin declares them.

use std::fmt;
use std::path::Path;

use abi::{List, OptionDeclaration, OptionValue, Text, option};

/// Type of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// True or false.
    Bool,
    /// An integer from the first to the last of these.
    Integer(i64, i64),
    /// Any text.
    String,
    /// A path.
    Path,
    /// One of these.
    Choice(Vec<String>),
}

impl Kind {
    /// Its name: the word that a table has for it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Integer(..) => "integer",
            Self::String => "string",
            Self::Path => "path",
            Self::Choice(_) => "choice",
        }
    }

    /// The number that crosses for it.
    pub(super) fn number(&self) -> u32 {
        match self {
            Self::Bool => option::BOOL,
            Self::Integer(..) => option::INTEGER,
            Self::String => option::STRING,
            Self::Path => option::PATH,
            Self::Choice(_) => option::CHOICE,
        }
    }

    /// `text` from the command line, as a value of this type.
    pub(super) fn parse(&self, text: &str) -> Option<Value> {
        match self {
            Self::Bool => text.parse().ok().map(Value::Bool),
            Self::Integer(..) => text.parse().ok().map(Value::Integer),
            Self::Path => {
                let path = std::path::absolute(text).ok()?;
                path.into_os_string().into_string().ok().map(Value::Text)
            }
            Self::String | Self::Choice(_) => Some(Value::Text(text.to_owned())),
        }
        .filter(|value| self.takes(value))
    }

    /// `value` from a manifest in `folder`, as a value of this type.
    pub(super) fn convert(&self, value: &toml::Value, folder: &Path) -> Option<Value> {
        match (self, value) {
            (Self::Bool, toml::Value::Boolean(value)) => Some(Value::Bool(*value)),
            (Self::Integer(..), toml::Value::Integer(value)) => Some(Value::Integer(*value)),
            (Self::Path, toml::Value::String(text)) => {
                let path = std::path::absolute(folder.join(text)).ok()?;
                path.into_os_string().into_string().ok().map(Value::Text)
            }
            (Self::String | Self::Choice(_), toml::Value::String(text)) => {
                Some(Value::Text(text.clone()))
            }
            _ => None,
        }
        .filter(|value| self.takes(value))
    }

    fn takes(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Integer(minimum, maximum), Value::Integer(value)) => {
                (minimum..=maximum).contains(&value)
            }
            (Self::Choice(choices), Value::Text(text)) => choices.contains(text),
            (Self::Bool, Value::Bool(_)) => true,
            // A NUL ends what a plugin in C sees of it.
            (Self::String | Self::Path, Value::Text(text)) => !text.contains('\0'),
            _ => false,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => write!(f, "true or false"),
            Self::Integer(i64::MIN, i64::MAX) => write!(f, "an integer"),
            Self::Integer(minimum, i64::MAX) => write!(f, "an integer, {minimum} or more"),
            Self::Integer(i64::MIN, maximum) => write!(f, "an integer, {maximum} or less"),
            Self::Integer(minimum, maximum) => write!(f, "an integer from {minimum} to {maximum}"),
            Self::String => write!(f, "a string"),
            Self::Path => write!(f, "a path"),
            Self::Choice(choices) => {
                let choices: Vec<_> = choices.iter().map(|choice| format!("{choice:?}")).collect();
                write!(f, "one of {}", choices.join(", "))
            }
        }
    }
}

/// Value of an option.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Of a [`Kind::Bool`].
    Bool(bool),
    /// Of a [`Kind::Integer`].
    Integer(i64),
    /// Of the others.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

/// An option as its plugin declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// One sentence on it.
    pub help: String,
    /// Its type.
    pub kind: Kind,
    /// Its value if nobody sets it.
    pub default: Value,
}

impl Declared {
    /// The options that a plugin declares.
    ///
    /// # Safety
    /// The list must be that of a plugin whose layout was checked, and that is never unloaded.
    ///
    /// # Errors
    /// What doesn't make sense of it.
    pub unsafe fn read(list: List<OptionDeclaration>) -> Result<Vec<Self>, String> {
        // SAFETY: the caller vouches for the list.
        let list = unsafe { list.items() };
        let mut declared: Vec<Self> = Vec::new();
        for (number, option) in list.iter().enumerate() {
            // SAFETY: as above.
            let read = unsafe { Self::read_one(option) };
            let read = read.map_err(|wrong| format!("option {number}: {wrong}"))?;
            if declared.iter().any(|other| other.name == read.name) {
                return Err(format!("option `{}` is declared twice", read.name));
            }
            declared.push(read);
        }
        Ok(declared)
    }

    unsafe fn read_one(declaration: &OptionDeclaration) -> Result<Self, &'static str> {
        let text = |text: Text| {
            // SAFETY: the texts are the plugin's own, which stays loaded.
            let bytes = unsafe { text.bytes() };
            if bytes.contains(&0) {
                return Err("a text has a NUL in it");
            }
            std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| "a text isn't UTF-8")
        };
        let name = text(declaration.name)?;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if name.is_empty() || !name.bytes().all(|byte| plain(byte) || byte == b'-') {
            return Err("its name isn't of lower-case letters, digits, `-` and `_`");
        }
        let OptionValue { kind, number, text: default, .. } = declaration.default;
        // SAFETY: as above.
        let choices = unsafe { declaration.choices.items() };
        let (kind, default) = match kind {
            option::BOOL => (Kind::Bool, Value::Bool(number != 0)),
            option::INTEGER => {
                let kind = Kind::Integer(declaration.minimum, declaration.maximum);
                (kind, Value::Integer(number))
            }
            option::STRING => (Kind::String, Value::Text(text(default)?)),
            option::PATH => (Kind::Path, Value::Text(text(default)?)),
            option::CHOICE => {
                let choices =
                    choices.iter().map(|choice| text(*choice)).collect::<Result<_, _>>()?;
                (Kind::Choice(choices), Value::Text(text(default)?))
            }
            _ => return Err("its type is unknown here"),
        };
        if !kind.takes(&default) {
            return Err("its default isn't a value that it takes");
        }
        Ok(Self { name, help: text(declaration.help)?, kind, default })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_that_make_no_sense_are_refused() {
        let value = |kind, number| OptionValue { kind, reserved: 0, number, text: Text::new("") };
        let declaration = |name, default, range: (i64, i64)| OptionDeclaration {
            name: Text::new(name),
            help: Text::new(""),
            default,
            choices: List::new(&[]),
            minimum: range.0,
            maximum: range.1,
        };
        let read = |declarations: Vec<OptionDeclaration>| {
            // SAFETY: all of it is constant, or leaked.
            unsafe { Declared::read(List::new(declarations.leak())) }
        };
        let fine = declaration("a", value(option::INTEGER, 3), (1, 4));
        assert!(read(vec![fine]).is_ok());
        assert!(read(vec![fine, fine]).unwrap_err().contains("declared twice"));
        for wrong in [
            declaration("", value(option::BOOL, 0), (0, 0)),
            declaration("A", value(option::BOOL, 0), (0, 0)),
            declaration("a.b", value(option::BOOL, 0), (0, 0)),
            declaration("a", value(option::INTEGER, 5), (1, 4)),
            declaration("a", value(option::CHOICE, 0), (0, 0)),
            declaration("a", value(99, 0), (0, 0)),
        ] {
            assert!(read(vec![wrong]).is_err());
        }
    }
}
