//! Which types, columns and rows are meant.

use std::sync::Arc;

use dataseries::{Column, ExtentType, FieldKind, Parts, Row, TypeLibrary};

use super::expression::{Bound, Condition};
use super::shape::short;
use super::{Result, ToolError};

/// The options that choose among what files hold.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "What")]
pub struct Selection {
    /// Only these types: the last part of a name (openat), all of it, a piece that only one has, or a
    /// pattern with *; separated by commas, or given more than once
    #[arg(short = 't', long = "type", value_name = "TYPE", value_delimiter = ',')]
    pub types: Vec<String>,
    /// Only these columns, in this order; * is a pattern
    #[arg(short, long, value_name = "COLUMN", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Only rows for which a condition holds; see below
    #[arg(short = 'w', long = "where", value_name = "CONDITION", allow_hyphen_values = true)]
    pub condition: Option<String>,
}

/// A selection among the types of certain files.
#[derive(Debug)]
pub struct Selected {
    /// The types, by name; all with data if none was named.
    types: Option<Vec<Arc<ExtentType>>>,
    columns: Vec<String>,
    condition: Option<Condition>,
}

/// What is wanted of the rows of one type.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The columns, in their order.
    pub columns: Vec<Column>,
    condition: Option<Bound>,
    /// What has to be unpacked for it.
    pub parts: Parts,
}

impl Selection {
    /// Whether anything is chosen at all.
    pub fn is_all(&self) -> bool {
        self.types.is_empty() && self.columns.is_empty() && self.condition.is_none()
    }

    /// Finds what is meant among `library`.
    ///
    /// # Errors
    /// A name that fits nothing or too much, or a condition that makes no sense.
    pub fn among(&self, library: &TypeLibrary) -> Result<Selected> {
        let condition = self.condition.as_deref().map(Condition::parse).transpose()?;
        let types = match self.types.as_slice() {
            [] => None,
            words => {
                let mut types: Vec<Arc<ExtentType>> = Vec::new();
                for word in words {
                    for ty in find(library, word)? {
                        if !types.iter().any(|known| known.name() == ty.name()) {
                            types.push(ty);
                        }
                    }
                }
                Some(types)
            }
        };
        let selected = Selected { types, columns: self.columns.clone(), condition };
        let wanted: Vec<&ExtentType> = match &selected.types {
            Some(types) => types.iter().map(AsRef::as_ref).collect(),
            None => library.iter().map(AsRef::as_ref).collect(),
        };
        if let Some(condition) = &selected.condition {
            condition.check_names(&wanted)?;
        }
        for pattern in &self.columns {
            let names = || wanted.iter().flat_map(|ty| ty.columns()).map(|c| c.name.as_str());
            if !names().any(|name| fits(pattern, name)) {
                let near = near(pattern, names());
                let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
                return Err(ToolError::Usage(format!("there is no column {pattern}{near}")));
            }
        }
        Ok(selected)
    }
}

impl Selected {
    /// Whether extents of `ty` are wanted.
    pub fn wants(&self, ty: &ExtentType) -> bool {
        match &self.types {
            Some(types) => types.iter().any(|wanted| wanted.name() == ty.name()),
            None => !ty.is_reserved(),
        }
    }

    /// Whether rows are chosen by a condition.
    pub fn has_condition(&self) -> bool {
        self.condition.is_some()
    }

    /// Whether columns are chosen.
    pub fn has_columns(&self) -> bool {
        !self.columns.is_empty()
    }

    /// What is wanted of `ty`.
    ///
    /// # Errors
    /// The condition makes no sense for it.
    pub fn plan(&self, ty: &ExtentType) -> Result<Plan> {
        let columns: Vec<Column> = match self.columns.as_slice() {
            [] => ty.columns().to_vec(),
            patterns => patterns
                .iter()
                .flat_map(|pattern| ty.columns().iter().filter(|c| fits(pattern, &c.name)))
                .cloned()
                .collect(),
        };
        let condition = self.condition.as_ref().map(|condition| condition.bind(ty)).transpose()?;
        let needs_strings = columns.iter().any(|column| column.kind == FieldKind::Variable32)
            || condition.as_ref().is_some_and(Bound::needs_strings);
        let parts = if needs_strings { Parts::All } else { Parts::Fixed };
        Ok(Plan { columns, condition, parts })
    }
}

impl Plan {
    /// Whether rows can only be judged with their variable part unpacked.
    pub fn condition_needs_strings(&self) -> bool {
        self.condition.as_ref().is_some_and(Bound::needs_strings)
    }

    /// Whether a row is wanted.
    #[inline]
    pub fn wants(&self, row: &Row<'_>) -> bool {
        self.condition.as_ref().is_none_or(|condition| condition.holds(row))
    }
}

/// The types that a word means.
///
/// # Errors
/// None or too many.
pub fn find(library: &TypeLibrary, word: &str) -> Result<Vec<Arc<ExtentType>>> {
    if let Some(ty) = library.get(word) {
        return Ok(vec![ty.clone()]);
    }
    let all = |fits: &dyn Fn(&str) -> bool| -> Vec<Arc<ExtentType>> {
        library.iter().filter(|ty| fits(ty.name())).cloned().collect()
    };
    let called = all(&|name| short(name) == word);
    if !called.is_empty() {
        return Ok(called);
    }
    if word.contains('*') && word != "*" {
        let found = all(&|name| fits(word, name) || fits(word, short(name)));
        if !found.is_empty() {
            return Ok(found);
        }
    }
    library.find(word).map(|ty| vec![ty.clone()]).map_err(|error| {
        let near = near(word, library.iter().map(|ty| short(ty.name())));
        let advice = match (error.candidates.len(), near) {
            (0, Some(near)) => format!("; did you mean {near}?"),
            (0, None) => "; `dstool info --all-types` lists them".to_owned(),
            (_, _) => format!("; for all of them write '*{word}*'"),
        };
        ToolError::Usage(format!("{error}{advice}"))
    })
}

/// Whether a name fits a pattern, in which each `*` stands for anything.
pub fn fits(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The name that somebody may have meant, if one is near enough.
pub fn near<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let most = 1 + word.chars().count() / 4;
    let distances = names.map(|name| (distance(word, name), name));
    distances.filter(|(distance, _)| *distance <= most).min().map(|(_, name)| name)
}

/// How many letters have to be added, dropped or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let changed = before + usize::from(letter != *other);
            before = row[j + 1];
            row[j + 1] = changed.min(before + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name, expected) in [
            ("read", "read", true),
            ("read", "readv", false),
            ("read*", "readv", true),
            ("*v", "readv", true),
            ("*ea*v", "readv", true),
            ("*ea*d", "readv", false),
            ("time_*", "time_called", true),
            ("*", "", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn what_was_meant_is_guessed() {
        let names = ["open", "openat", "read", "readv"];
        let guess = |word| near(word, names.into_iter());
        assert_eq!(guess("opneat"), Some("openat"));
        assert_eq!(guess("raed"), Some("read"));
        assert_eq!(guess("reed"), Some("read"));
        assert_eq!(guess("something"), None);
    }

    fn library() -> TypeLibrary {
        let mut library = TypeLibrary::default();
        for name in ["T::read", "T::readv", "T::readlink", "T::open", "U::open"] {
            let text =
                format!("<ExtentType name='{name}'><field type='byte' name='b'/></ExtentType>");
            library.add(Arc::new(ExtentType::parse(&text).unwrap())).unwrap();
        }
        library
    }

    #[test]
    fn types_are_found_by_what_people_call_them() {
        let library = library();
        let names = |word: &str| -> Vec<String> {
            let found = find(&library, word).unwrap();
            found.iter().map(|ty| ty.name().to_owned()).collect()
        };
        assert_eq!(names("read"), ["T::read"]);
        assert_eq!(names("open"), ["T::open", "U::open"]);
        assert_eq!(names("read*"), ["T::read", "T::readlink", "T::readv"]);
        assert_eq!(names("U::"), ["U::open"]);
        let error = |word: &str| find(&library, word).unwrap_err().to_string();
        assert!(error("rea").contains("several extent types fit 'rea'"), "{}", error("rea"));
        assert!(error("readx").contains("did you mean read?"), "{}", error("readx"));
    }
}
