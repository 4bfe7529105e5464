//! The type library: the extent at the beginning of a file that holds the types of all others
//! (FORMAT.md §13).

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::sync::Arc;

use crate::builder::ExtentBuilder;
use crate::checks::Checks;
use crate::error::Error;
use crate::extent::Extent;
use crate::extent_type::ExtentType;
use crate::extent_type::TypeError;
use crate::packed::Packed;
use crate::stored::Parts;
use crate::stored::StoredExtent;

/// Most bytes of descriptions that a library may have. A hundred types take 200 KiB.
const MAX_SIZE: u64 = 16 << 20;

/// The types that a file can have extents of, by name.
#[derive(Debug, Clone, Default)]
pub struct TypeLibrary {
    types: BTreeMap<Arc<str>, Arc<ExtentType>>,
}

impl TypeLibrary {
    /// Adds a type. The same type again changes nothing.
    ///
    /// # Errors
    /// There is another type of that name already.
    pub fn add(&mut self, ty: Arc<ExtentType>) -> Result<(), TypeError> {
        match self.types.get(ty.name()) {
            Some(known) if **known != *ty => Err(TypeError::Conflict(ty.name().to_owned())),
            Some(_) => Ok(()),
            None => {
                self.types.insert(Arc::clone(ty.shared_name()), ty);
                Ok(())
            }
        }
    }

    /// The type of that name; the types of library and index are always there.
    pub fn get(&self, name: &str) -> Option<&Arc<ExtentType>> {
        ExtentType::built_in(name).or_else(|| self.types.get(name))
    }

    /// All types that the library lists, by the bytes of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<ExtentType>> {
        self.types.values()
    }

    /// Number of types.
    pub fn len(&self) -> usize {
        self.types.len()
    }

    /// Whether no type is listed.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// The type that a person means (FORMAT.md §17.2): the one of that name, else the only one
    /// whose name begins with the words, else the only one whose name contains them. `*` means
    /// the only type that is not about the file itself.
    ///
    /// # Errors
    /// Says which types it could be.
    pub fn find(&self, words: &str) -> Result<&Arc<ExtentType>, NoSingleType> {
        let about_the_file = |ty: &ExtentType| ty.is_reserved() || ty.name().starts_with("Info:");
        let candidates = |fits: &dyn Fn(&ExtentType) -> bool| -> Vec<&Arc<ExtentType>> {
            self.iter().filter(|ty| fits(ty)).collect()
        };
        if let Some(ty) = self.get(words) {
            return Ok(ty);
        }
        let mut found = match words {
            "*" => candidates(&|ty| !about_the_file(ty)),
            _ => candidates(&|ty| ty.name().starts_with(words)),
        };
        if found.is_empty() && words != "*" {
            found = candidates(&|ty| ty.name().contains(words));
        }
        match found[..] {
            [ty] => Ok(ty),
            _ => Err(NoSingleType {
                words: words.to_owned(),
                candidates: found.iter().map(|ty| ty.name().to_owned()).collect(),
            }),
        }
    }

    /// Reads the first extent of a file.
    pub(crate) fn unpack(stored: &StoredExtent, checks: &Checks) -> Result<TypeLibrary, Error> {
        let checks = Checks { part_limit: checks.part_limit.min(MAX_SIZE), ..*checks };
        let extent: Extent = stored.unpack(Parts::All, &checks)?;
        let column = &ExtentType::xml_type().columns()[0];
        let mut library = TypeLibrary::default();
        // Rows can share a string, and parsing one text for every row could take for ever.
        let mut seen = HashSet::new();
        let texts = extent.rows().map(|row| row.bytes(column));
        for text in texts.filter(|text| seen.insert(text.as_ptr())) {
            let ty = std::str::from_utf8(text)
                .or(Err(TypeError::NotUtf8))
                .and_then(ExtentType::parse)
                .and_then(|ty| library.add(Arc::new(ty)));
            ty.map_err(|fault| Error::BadType { place: stored.place(), source: Box::new(fault) })?;
        }
        Ok(library)
    }

    /// The extent that lists these types, sorted by name.
    pub(crate) fn pack(&self) -> Result<Packed, Error> {
        pack(self.iter().map(|ty| ty.text()))
    }
}

/// The extent that lists the types with these descriptions, which are sorted by name.
pub(crate) fn pack<'t>(texts: impl Iterator<Item = &'t str>) -> Result<Packed, Error> {
    let ty = ExtentType::xml_type();
    let column = &ty.columns()[0];
    let mut builder =
        ExtentBuilder::new(Arc::clone(ty), usize::MAX).expect("the type can be packed");
    for text in texts {
        builder.new_row();
        builder.set_bytes(column, text.as_bytes())?;
    }
    Ok(builder.take())
}

/// No type, or more than one, fits what a person asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct NoSingleType {
    /// What was asked for.
    pub words: String,
    /// Names of the types that fit.
    pub candidates: Vec<String>,
}

impl NoSingleType {
    fn sentence(&self) -> String {
        let words = &self.words;
        match self.candidates.as_slice() {
            [] => format!("no extent type fits '{words}'"),
            several => format!("several extent types fit '{words}': {}", several.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(names: &[&str]) -> TypeLibrary {
        let mut library = TypeLibrary::default();
        for name in names {
            let text = format!("<ExtentType name='{name}'></ExtentType>");
            library.add(Arc::new(ExtentType::parse(&text).unwrap())).unwrap();
        }
        library
    }

    #[test]
    fn types_are_sorted_and_unique() {
        let mut library = library(&["b", "a", "Z", "b"]);
        let names: Vec<&str> = library.iter().map(|ty| ty.name()).collect();
        assert_eq!(names, ["Z", "a", "b"]);
        let other = ExtentType::parse("<ExtentType name='a'/>").unwrap();
        let error = library.add(Arc::new(other)).unwrap_err();
        assert_eq!(error, TypeError::Conflict("a".to_owned()));
    }

    #[test]
    fn a_person_finds_a_type_by_part_of_its_name() {
        let library = library(&["Trace::read", "Trace::readv", "Trace::open", "Info::Tool"]);
        let found = |words: &str| library.find(words).map(|ty| ty.name().to_owned());
        assert_eq!(found("Trace::read").unwrap(), "Trace::read");
        assert_eq!(found("Trace::o").unwrap(), "Trace::open");
        assert_eq!(found("open").unwrap(), "Trace::open");
        assert_eq!(found("Tool").unwrap(), "Info::Tool");
        assert_eq!(
            found("read").unwrap_err().to_string(),
            "several extent types fit 'read': Trace::read, Trace::readv"
        );
        assert_eq!(found("x").unwrap_err().to_string(), "no extent type fits 'x'");
        assert!(found("*").is_err());
    }

    #[test]
    fn a_star_means_the_only_type_with_data() {
        assert_eq!(library(&["Info::Tool", "data"]).find("*").unwrap().name(), "data");
    }
}
