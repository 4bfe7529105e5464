//! What people set of plugins: the options that a plugin declares, and the values that they are given.
//!
//! A value comes from the command line (`--set plugin.option=value`), else from the manifest
//! (`[plugin.NAME] options`), else it is the declared default.

use std::fmt;
use std::path::Path;

use abi::{List, OptionDeclaration, OptionValue, Text, option};

use crate::manifest::{Manifest, ManifestError};

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
    fn number(&self) -> u32 {
        match self {
            Self::Bool => option::BOOL,
            Self::Integer(..) => option::INTEGER,
            Self::String => option::STRING,
            Self::Path => option::PATH,
            Self::Choice(_) => option::CHOICE,
        }
    }

    /// `text` from the command line, as a value of this type.
    fn parse(&self, text: &str) -> Option<Value> {
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
    fn convert(&self, value: &toml::Value, folder: &Path) -> Option<Value> {
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

/// `--set plugin.option=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// The plugin's name.
    pub plugin: String,
    /// The option's name.
    pub option: String,
    /// The value's text.
    pub value: String,
}

impl std::str::FromStr for Set {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').and_then(|(name, value)| {
            let (plugin, option) = name.rsplit_once('.')?;
            Some((plugin.trim(), option.trim(), value))
        });
        match parts {
            Some((plugin, option, value)) if !plugin.is_empty() && !option.is_empty() => {
                let (plugin, option, value) = (plugin.into(), option.into(), value.into());
                Ok(Self { plugin, option, value })
            }
            _ => Err("PLUGIN.OPTION=VALUE is expected".to_owned()),
        }
    }
}

/// Why a value isn't taken.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// The manifest's.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The command line's.
    #[error("--set {}.{}={}: {message}", set.plugin, set.option, set.value)]
    CommandLine {
        /// What was set.
        set: Set,
        /// Why not.
        message: String,
    },
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The declaration.
    Default,
    /// This place in the manifest.
    Manifest(String),
    /// `--set`.
    CommandLine,
}

/// The values of the options `declared` of plugin `name`, in their order.
///
/// # Errors
/// A value that isn't of its option's type, or is of no option.
pub fn values(
    name: &str,
    declared: &[Declared],
    manifest: &Manifest,
    sets: &[Set],
) -> Result<Vec<(Value, Origin)>, SettingError> {
    let mut values: Vec<_> =
        declared.iter().map(|option| (option.default.clone(), Origin::Default)).collect();
    let find = |option: &str| declared.iter().position(|declared| declared.name == option);
    let unknown = || match declared {
        [] => format!("plugin {name} has no options"),
        _ => {
            let names: Vec<_> = declared.iter().map(|option| option.name.as_str()).collect();
            format!("plugin {name} has no such option: it has {}", names.join(", "))
        }
    };
    let in_manifest = manifest.plugin.get(name).map(|entry| &entry.options);
    for (option, value) in in_manifest.into_iter().flatten() {
        let Some(index) = find(option.get_ref()) else {
            let message = format!("`{}`: {}", option.get_ref(), unknown());
            return Err(manifest.invalid(option.span(), message).into());
        };
        let kind = &declared[index].kind;
        let Some(read) = kind.convert(value.get_ref(), manifest.folder()) else {
            let message = format!("`{}` of plugin {name} is {kind}", option.get_ref());
            return Err(manifest.invalid(value.span(), message).into());
        };
        values[index] = (read, Origin::Manifest(manifest.place(value.span())));
    }
    for set in sets.iter().filter(|set| set.plugin == name) {
        let refused = |message| SettingError::CommandLine { set: set.clone(), message };
        let index = find(&set.option).ok_or_else(|| refused(unknown()))?;
        let kind = &declared[index].kind;
        let read = kind.parse(&set.value).ok_or_else(|| refused(format!("it is {kind}")))?;
        values[index] = (read, Origin::CommandLine);
    }
    Ok(values)
}

/// The values of the options `declared` as they cross; their texts stay for ever.
pub fn crossing(declared: &[Declared], values: &[Value]) -> Vec<OptionValue> {
    let cross = |(option, value): (&Declared, &Value)| {
        let (number, text) = match value {
            Value::Bool(value) => ((*value).into(), ""),
            Value::Integer(value) => (*value, ""),
            Value::Text(text) => (0, &**text),
        };
        // C's strings end with a NUL.
        let text = &*Box::leak(format!("{text}\0").into_boxed_str());
        let text = &text[..text.len() - 1];
        OptionValue { kind: option.kind.number(), reserved: 0, number, text: Text::new(text) }
    };
    declared.iter().zip(values).map(cross).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared() -> Vec<Declared> {
        let option = |name: &str, kind, default| {
            let (name, help) = (name.to_owned(), String::new());
            Declared { name, help, kind, default }
        };
        let choice = Kind::Choice(vec!["fast".into(), "safe".into()]);
        vec![
            option("times", Kind::Integer(1, 9), Value::Integer(2)),
            option("mode", choice, Value::Text("fast".into())),
            option("loud", Kind::Bool, Value::Bool(false)),
            option("journal", Kind::Path, Value::Text(String::new())),
            option("prefix", Kind::String, Value::Text("x".into())),
        ]
    }

    /// The values by what a manifest says of plugin `acme`, and by `--set`.
    fn set(options: &str, sets: &[&str]) -> Result<Vec<Value>, String> {
        let folder = tempfile::tempdir().expect("a scratch directory");
        let path = folder.path().join("m.toml");
        let text = format!("version = 1\n[plugin.acme.options]\n{options}\n");
        std::fs::write(&path, text).expect("the manifest is written");
        let manifest = Manifest::read(&path).expect("it is one");
        let sets: Vec<Set> = sets.iter().map(|set| set.parse().expect("it is one")).collect();
        let folder = format!("{}/", folder.path().display());
        let values = values("acme", &declared(), &manifest, &sets)
            .map_err(|error| error.to_string().replace(&folder, ""))?;
        let values = values.into_iter().map(|(value, _)| match value {
            Value::Text(text) => Value::Text(text.replace(&folder, "FOLDER/")),
            other => other,
        });
        Ok(values.collect())
    }

    #[test]
    fn the_command_line_outranks_the_manifest_and_that_the_default() {
        let text = |text: &str| Value::Text(text.to_owned());
        let defaults =
            vec![Value::Integer(2), text("fast"), Value::Bool(false), text(""), text("x")];
        assert_eq!(set("", &[]), Ok(defaults.clone()));
        assert_eq!(set("", &["other.times=7"]), Ok(defaults));
        let manifest = "times = 3\nmode = 'safe'\nloud = true\njournal = 'j/log'\nprefix = 'y'";
        let journal = text("FOLDER/j/log");
        let expected =
            vec![Value::Integer(3), text("safe"), Value::Bool(true), journal.clone(), text("y")];
        assert_eq!(set(manifest, &[]), Ok(expected));
        let sets = ["acme.times=4", "acme.loud=false", "acme.prefix=a=b", "acme.times=5"];
        let expected =
            vec![Value::Integer(5), text("safe"), Value::Bool(false), journal, text("a=b")];
        assert_eq!(set(manifest, &sets), Ok(expected));
    }

    #[test]
    fn wrong_values_in_the_manifest_are_named_with_their_place() {
        for (options, message) in [
            ("times = '3'", "m.toml:3:9: `times` of plugin acme is an integer from 1 to 9"),
            ("times = 10", "m.toml:3:9: `times` of plugin acme is an integer from 1 to 9"),
            ("mode = 'slow'", "m.toml:3:8: `mode` of plugin acme is one of \"fast\", \"safe\""),
            ("loud = 1", "m.toml:3:8: `loud` of plugin acme is true or false"),
            ("journal = []", "m.toml:3:11: `journal` of plugin acme is a path"),
            (r#"prefix = "a\u0000b""#, "m.toml:3:10: `prefix` of plugin acme is a string"),
            (
                " tims = 3",
                "m.toml:3:2: `tims`: plugin acme has no such option: it has times, mode, loud, \
                 journal, prefix",
            ),
        ] {
            assert_eq!(set(options, &[]), Err(message.to_owned()));
        }
    }

    #[test]
    fn wrong_values_on_the_command_line_are_named() {
        for (word, message) in [
            ("acme.times=0", "--set acme.times=0: it is an integer from 1 to 9"),
            ("acme.times=many", "--set acme.times=many: it is an integer from 1 to 9"),
            ("acme.loud=yes", "--set acme.loud=yes: it is true or false"),
            ("acme.mode=", "--set acme.mode=: it is one of \"fast\", \"safe\""),
        ] {
            assert_eq!(set("", &[word]), Err(message.to_owned()));
        }
        assert!(set("", &["acme.time=1"]).unwrap_err().contains("has no such option"));
        for word in ["acme", "acme.times", "times=1", ".times=1", "acme.=1", "=", ""] {
            assert!(word.parse::<Set>().is_err(), "{word}");
        }
        let set: Set = "a.b.c=1=2".parse().expect("it is one");
        assert_eq!((&*set.plugin, &*set.option, &*set.value), ("a.b", "c", "1=2"));
    }

    #[test]
    fn values_cross_with_their_options_types_and_a_nul_behind_texts() {
        let declared = declared();
        let defaults: Vec<Value> = declared.iter().map(|option| option.default.clone()).collect();
        let crossed = crossing(&declared, &defaults);
        let kinds: Vec<u32> = crossed.iter().map(|value| value.kind).collect();
        let expected =
            [option::INTEGER, option::CHOICE, option::BOOL, option::PATH, option::STRING];
        assert_eq!(kinds, expected);
        assert_eq!((crossed[0].number, crossed[2].number), (2, 0));
        for (value, text) in [(crossed[1], c"fast"), (crossed[3], c""), (crossed[4], c"x")] {
            assert_eq!(value.text.length, text.count_bytes());
            // SAFETY: the text stays, and ends with a NUL.
            assert_eq!(unsafe { std::ffi::CStr::from_ptr(value.text.start.cast()) }, text);
        }
    }

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
