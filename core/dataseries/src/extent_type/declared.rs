//! Types that nobody has taken apart.

use std::sync::Arc;

use super::ExtentType;
use super::TypeError;

/// A type as a file's type library has it: by name and description. A file can list hundreds of which
/// it has extents of a few.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    name: Arc<str>,
    text: Arc<str>,
}

impl Declared {
    /// The type `name`, as `text` describes it. Nobody checks whether it does: a library with a type
    /// that isn't well-formed makes a file that nobody can read.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Declared {
        Declared { name: name.into(), text: text.into() }
    }

    /// The name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The description.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Takes the description apart.
    ///
    /// # Errors
    /// As [`ExtentType::parse`].
    pub fn parse(&self) -> Result<ExtentType, TypeError> {
        ExtentType::parse(&self.text)
    }
}

impl From<&ExtentType> for Declared {
    fn from(ty: &ExtentType) -> Declared {
        Declared { name: Arc::clone(ty.shared_name()), text: ty.text().into() }
    }
}
