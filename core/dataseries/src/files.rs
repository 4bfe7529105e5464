//! Several files that are read as one.

use std::path::Path;
use std::sync::Arc;

use crate::checks::Checks;
use crate::error::Error;
use crate::extent_type::ExtentType;
use crate::file::File;
use crate::index::Entry;
use crate::library::TypeLibrary;

/// Several open files whose extents follow one another: those of the first file, then those of
/// the second, and so on. A type that several of them have must be the same in all.
#[derive(Debug, Default)]
pub struct Files {
    files: Vec<File>,
    library: TypeLibrary,
}

impl Files {
    /// Opens finished files, each as [`File::open`] does.
    ///
    /// # Errors
    /// One of them can't be opened, or two have different types of one name.
    pub fn open<P: AsRef<Path>>(paths: &[P], checks: Checks) -> Result<Files, Error> {
        let mut files = Files::default();
        for path in paths {
            files.push(File::open(path, checks)?)?;
        }
        Ok(files)
    }

    /// Adds a file, however it was opened.
    ///
    /// # Errors
    /// It describes a type differently than a file before it.
    pub fn push(&mut self, file: File) -> Result<(), Error> {
        for ty in file.types().iter() {
            self.library.add(Arc::clone(ty)).map_err(|fault| Error::BadType {
                place: file.place(file.data_start()),
                source: Box::new(fault),
            })?;
        }
        self.files.push(file);
        Ok(())
    }

    /// The files.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &File> {
        self.files.iter()
    }

    /// Number of files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are no files.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The types of all of them.
    pub fn types(&self) -> &TypeLibrary {
        &self.library
    }

    /// The extents with data that are of a `wanted` type, with the files that have them.
    pub fn entries(
        &self,
        wanted: impl Fn(&ExtentType) -> bool,
    ) -> impl Iterator<Item = (&File, &Entry)> {
        self.files
            .iter()
            .flat_map(|file| file.entries().iter().map(move |entry| (file, entry)))
            .filter(move |(_, entry)| entry.is_data() && wanted(&entry.extent_type))
    }
}
