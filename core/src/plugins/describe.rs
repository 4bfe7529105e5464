//! What there is to tell of plugins, as it is told in JSON.

use std::path::PathBuf;

use replay_schema::{Call, Column, Condition, Role};
use serde::Serialize;

use crate::loader::{Claim, PluginHeader};
use crate::registry::{Plugin, Registry, RegistryError, Standing, Why};
use crate::settings::{Declared, Origin, Value};

/// What is known of a file from its header, and what became of it.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// The plugin's name; none if its header can't be read.
    pub name: Option<String>,
    /// Its own version.
    pub version: Option<String>,
    /// The ABI that it was built for.
    pub abi: Option<String>,
    /// The record schema that it speaks.
    pub schema: Option<String>,
    /// The file.
    pub path: PathBuf,
    /// `enabled`, `disabled`, `yields`, `shadowed` or `refused`.
    pub status: &'static str,
    /// Why it isn't enabled.
    pub why: Option<String>,
    /// Its record types.
    pub provides: Vec<Provides>,
}

/// A record type of a plugin.
#[derive(Debug, Serialize)]
pub struct Provides {
    /// Name of the extent, without the prefix.
    pub record_type: String,
    /// The system calls that are recorded in it.
    pub calls: Vec<String>,
    /// `enabled`, `disabled`, `yields` or `refused`.
    pub status: &'static str,
    /// Why it isn't enabled.
    pub why: Option<String>,
}

impl Entry {
    /// Every file that was found.
    pub fn all(registry: &Registry) -> Vec<Self> {
        let used = 0..registry.plugins().len();
        let mut entries: Vec<_> = used.map(|number| Self::of(registry, number)).collect();
        for aside in registry.aside() {
            if registry.plugins().iter().any(|plugin| plugin.path == aside.path) {
                // One of its calls is another's; its own entry says so.
                continue;
            }
            let (status, why) = match &aside.why {
                Why::Refused(refused) => ("refused", refused.to_string()),
                Why::Shadowed(by) => ("shadowed", format!("{} comes first", by.display())),
            };
            let claims = aside.header.iter().flat_map(|header| &header.claims);
            let provides = claims.map(|claim| Provides::new(claim, status, None)).collect();
            let path = aside.path.clone();
            entries.push(Self::new(aside.header.as_ref(), path, status, Some(why), provides));
        }
        entries.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
        entries
    }

    /// Plugin number `number`.
    pub fn of(registry: &Registry, number: usize) -> Self {
        let Plugin { path, header, .. } = &registry.plugins()[number];
        let claims = header.claims.iter().zip(registry.standings(number));
        let provides: Vec<_> = claims
            .map(|(claim, standing)| {
                let (status, why) = match standing {
                    Standing::Serves => match registry.extent_enabled(&claim.extent) {
                        Ok(()) => ("enabled", None),
                        Err(by) => ("disabled", Some(format!("by {}", by.0))),
                    },
                    Standing::Yields { to, why } => {
                        let to = &registry.plugins()[*to].header.name;
                        ("yields", Some(format!("to {to}: {why}")))
                    }
                    Standing::Tie { with, call } => {
                        let with = &registry.plugins()[*with].header.name;
                        let why = format!("`{call}` is already provided by {with}");
                        ("refused", Some(format!("{why}; a priority in the manifest decides")))
                    }
                };
                Provides::new(claim, status, why)
            })
            .collect();
        // A plugin is as well as the best of its record types.
        let best = ["enabled", "refused", "disabled", "yields"].into_iter();
        let mut best = best.filter_map(|s| provides.iter().find(|provides| provides.status == s));
        let (status, why) =
            best.next().map_or(("enabled", None), |best| (best.status, best.why.clone()));
        Self::new(Some(header), path.clone(), status, why, provides)
    }

    fn new(
        header: Option<&PluginHeader>,
        path: PathBuf,
        status: &'static str,
        why: Option<String>,
        provides: Vec<Provides>,
    ) -> Self {
        let version = |(major, minor)| format!("{major}.{minor}");
        Self {
            name: header.map(|header| header.name.clone()),
            version: header.map(|header| header.version.clone()),
            abi: header.map(|header| version(header.abi)),
            schema: header.map(|header| version(header.schema)),
            path,
            status,
            why,
            provides,
        }
    }
}

impl Provides {
    fn new(claim: &Claim, status: &'static str, why: Option<String>) -> Self {
        let calls = claim.syscalls.iter().map(ToString::to_string).collect();
        Self { record_type: claim.extent.clone(), calls, status, why }
    }
}

/// All that is known of a plugin.
#[derive(Debug, Serialize)]
pub struct Page {
    /// From its header.
    #[serde(flatten)]
    pub entry: Entry,
    /// The file's SHA-256.
    pub sha256: Option<String>,
    /// What people may set.
    pub options: Vec<OptionLine>,
    /// Its record types.
    pub record_types: Vec<RecordType>,
}

/// An option of a plugin.
#[derive(Debug, Serialize)]
pub struct OptionLine {
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What it takes, in words.
    pub takes: String,
    /// Its value.
    pub value: Value,
    /// Where the value comes from.
    pub from: String,
    /// Its value if nobody sets it.
    pub default: Value,
    /// One sentence on it.
    pub help: String,
}

/// A record type, loaded.
#[derive(Debug, Serialize)]
pub struct RecordType {
    /// Name of the extent, without the prefix.
    pub name: String,
    /// The system calls that are recorded in it.
    pub calls: Vec<String>,
    /// What becomes of it in a replay.
    pub on_replay: String,
    /// What the call is to its process.
    pub roles: Vec<String>,
    /// Classes that people select it by, beyond those that its columns tell.
    pub classes: Vec<String>,
    /// Columns, beside those that all calls have.
    pub columns: Vec<ColumnLine>,
    /// Boolean columns that are made from the bits of others.
    pub bit_columns: Vec<String>,
    /// What this version doesn't understand of it.
    pub warnings: Vec<String>,
}

/// A column.
#[derive(Debug, Serialize)]
pub struct ColumnLine {
    /// Its name.
    pub name: String,
    /// Its type, as the file format names it.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Whether it can be null.
    pub nullable: bool,
    /// Whether the original schema's type doesn't have it.
    pub added: bool,
    /// What it stands for, if for anything.
    pub role: Option<&'static str>,
    /// Where its value comes from.
    pub capture: String,
    /// When it is compared, if it is.
    pub compared: Option<String>,
    /// How it is shown.
    pub shown: &'static str,
}

impl Page {
    /// Of the plugin that is called `name`, or has a call or a record type of that name.
    ///
    /// # Errors
    /// It can't be loaded.
    pub fn of(registry: &Registry, name: &str) -> Result<Option<Self>, RegistryError> {
        let plugins = registry.plugins();
        let has = |number: usize, serves: bool| {
            let claims = plugins[number].header.claims.iter().zip(registry.standings(number));
            let mut claims =
                claims.filter(|(_, standing)| !serves || **standing == Standing::Serves);
            claims.any(|(claim, _)| {
                claim.extent == name || claim.syscalls.iter().any(|claimed| claimed.call == name)
            })
        };
        let mut numbers = 0..plugins.len();
        // Who serves a call tells more of it than one who is only named like it and yields.
        let found = numbers.clone().find(|number| has(*number, true));
        let found = found.filter(|found| {
            let named = plugins.iter().position(|plugin| plugin.header.name == name);
            named.is_none_or(|named| named == *found)
        });
        let found = found
            .or_else(|| plugins.iter().position(|plugin| plugin.header.name == name))
            .or_else(|| numbers.find(|number| has(*number, false)));
        found.map(|number| Self::new(Entry::of(registry, number), &plugins[number])).transpose()
    }

    /// Of `plugin`, whose entry is `entry`.
    fn new(entry: Entry, plugin: &Plugin) -> Result<Self, RegistryError> {
        let options = plugin.options()?.map(|(option, value, from)| OptionLine {
            from: match from {
                Origin::Default => "default".to_owned(),
                Origin::Manifest(place) => place.clone(),
                Origin::CommandLine => "--set".to_owned(),
            },
            ..OptionLine::new(option, value)
        });
        let options = options.collect();
        let record_types = plugin.calls()?.iter().map(|call| RecordType::new(call)).collect();
        let sha256 = crate::registry::fingerprint(&plugin.path).ok().map(|pin| pin.to_string());
        Ok(Self { entry, sha256, options, record_types })
    }
}

impl OptionLine {
    fn new(option: &Declared, value: &Value) -> Self {
        Self {
            name: option.name.clone(),
            kind: option.kind.name(),
            takes: option.kind.to_string(),
            value: value.clone(),
            from: String::new(),
            default: option.default.clone(),
            help: option.help.clone(),
        }
    }
}

impl RecordType {
    /// What `call` declares.
    pub fn new(call: &Call) -> Self {
        Self {
            name: call.extent.clone(),
            calls: call.syscalls.iter().map(ToString::to_string).collect(),
            on_replay: call.on_replay(),
            roles: call.roles(),
            classes: call.classes.clone(),
            columns: call.columns.iter().map(|column| ColumnLine::new(call, column)).collect(),
            bit_columns: call.bit_columns.iter().map(|column| column.name.clone()).collect(),
            warnings: call.warnings.clone(),
        }
    }
}

impl ColumnLine {
    fn new(call: &Call, column: &Column) -> Self {
        let compared = column.compared.as_ref().map(|when| match *when {
            Condition::ALWAYS => "always".to_owned(),
            _ => format!("if {}", call.condition(when)),
        });
        Self {
            name: column.name.clone(),
            kind: column.kind.name(),
            nullable: column.nullable,
            added: column.added,
            role: if column.role == Role::None { None } else { column.role.words() },
            capture: call.capture(column),
            compared,
            shown: column.display.name(),
        }
    }
}
