//! Which calls to record: `-e trace=…`, in strace's words.

use std::str::FromStr;

use regex::Regex;
use replay_schema::{Call, Returns, Role};

/// What `-e` says: calls, classes of calls and patterns, or all others than these.
#[derive(Clone, Debug)]
pub struct Selection {
    is_negated: bool,
    terms: Vec<Term>,
}

#[derive(Clone, Debug)]
enum Term {
    All,
    Call(String),
    /// A call that may be unknown.
    CallIfKnown(String),
    Class(String),
    Pattern(Regex),
}

/// Classes that strace has under these names alone too, without a `%`.
const BARE_CLASSES: [&str; 7] = ["file", "desc", "process", "network", "signal", "ipc", "memory"];

impl FromStr for Selection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let qualifier = text.split_once('=').filter(|(name, _)| !name.starts_with('/'));
        let set = match qualifier {
            None => text,
            Some(("trace" | "t", set)) => set,
            Some((other, _)) => {
                return Err(format!("-e {other}= is none of what is selected here: say -e trace="));
            }
        };
        let (is_negated, set) = match set.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, set),
        };
        if set.is_empty() {
            return Err("-e trace= is followed by names of calls, or %classes".to_owned());
        }
        let terms = if set == "none" {
            Vec::new()
        } else {
            set.split(',').map(str::parse).collect::<Result<_, _>>()?
        };
        Ok(Self { is_negated, terms })
    }
}

impl FromStr for Term {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(pattern) = text.strip_prefix('/') {
            let pattern = Regex::new(pattern);
            return Ok(Self::Pattern(pattern.map_err(|error| format!("/{text}: {error}"))?));
        }
        if let Some(class) = text.strip_prefix('%') {
            return Ok(Self::Class(class.to_owned()));
        }
        Ok(match (text, text.strip_prefix('?')) {
            ("", _) => return Err("a name of a call is missing between two commas".to_owned()),
            ("all", _) => Self::All,
            (_, Some(name)) => Self::CallIfKnown(name.to_owned()),
            (class, _) if BARE_CLASSES.contains(&class) => Self::Class(class.to_owned()),
            (name, _) => Self::Call(name.to_owned()),
        })
    }
}

/// Whether `selections` together select a call: one of them does, unless all say what they don't want, and
/// none says that it doesn't want this one.
pub fn selects(selections: &[Selection], name: &str, call: &Call) -> bool {
    let (without, with): (Vec<_>, Vec<_>) = selections.iter().partition(|s| s.is_negated);
    (with.is_empty() || with.iter().any(|selection| selection.selects(name, call)))
        && without.iter().all(|selection| selection.selects(name, call))
}

impl Selection {
    /// Whether the call `name`, whose record type is `call`, is to be recorded.
    pub fn selects(&self, name: &str, call: &Call) -> bool {
        self.terms.iter().any(|term| term.matches(name, call)) != self.is_negated
    }

    /// A name that none of `calls` has, if there is one.
    pub fn unknown<'c>(
        &self,
        calls: impl Iterator<Item = (&'c str, &'c Call)> + Clone,
    ) -> Option<String> {
        let is_known = |term: &Term| match term {
            Term::Call(_) | Term::Class(_) => {
                calls.clone().any(|(name, call)| term.matches(name, call))
            }
            Term::All | Term::CallIfKnown(_) | Term::Pattern(_) => true,
        };
        self.terms.iter().find(|term| !is_known(term)).map(|term| match term {
            Term::Class(class) => format!("%{class}: no plugin has a call of that class"),
            Term::Call(name) => {
                format!("{name}: no plugin has a call of that name (?{name} says that it needn't)")
            }
            _ => String::new(),
        })
    }
}

impl Term {
    fn matches(&self, name: &str, call: &Call) -> bool {
        match self {
            Self::All => true,
            Self::Call(known) | Self::CallIfKnown(known) => known == name,
            Self::Class(class) => is_of_class(class, call),
            Self::Pattern(pattern) => pattern.is_match(name),
        }
    }
}

/// Whether a record type belongs to `class`: as its columns tell, or its plugin says.
fn is_of_class(class: &str, call: &Call) -> bool {
    let has = |roles: &[Role]| call.columns.iter().any(|column| roles.contains(&column.role));
    let told = match class {
        "file" => has(&[Role::Path]),
        "desc" => {
            let roles = [Role::Descriptor, Role::NewDescriptor, Role::ClosedDescriptor];
            has(&roles) || call.returns == Returns::Descriptor
        }
        "process" => matches!(call.returns, Returns::Child | Returns::Never),
        _ => false,
    };
    told || call.classes.iter().any(|known| known == class)
}

/// Whether a replay goes astray without the call: it makes tasks, ends them, or changes what later calls
/// are looked up from.
pub fn is_structural(call: &Call) -> bool {
    is_of_class("process", call) || call.changes_fs || call.starts_with_umask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_make_no_sense_are_refused() {
        for wrong in ["", "trace=", "inject=read", "read,,write", "/(", "!"] {
            assert!(wrong.parse::<Selection>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_strace_takes_is_taken() {
        for (text, negated, terms) in [
            ("trace=open,read", false, 2),
            ("t=%file,?no_such,/^f", false, 3),
            ("!network", true, 1),
            ("all", false, 1),
            ("trace=none", false, 0),
        ] {
            let selection: Selection = text.parse().expect("it is one");
            assert_eq!((selection.is_negated, selection.terms.len()), (negated, terms), "{text}");
        }
    }
}
