//! What people set of plugins: the options that a plugin declares, and the values that they are given.
//!
//! A value comes from the command line (`--set plugin.option=value`), else from the manifest
//! (`[plugin.NAME] options`), else it is the declared default.

mod option;

use abi::{OptionValue, Text};

use crate::manifest::{Manifest, ManifestError};

pub use option::{Declared, Kind, Value};

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
    use abi::option;

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
}
