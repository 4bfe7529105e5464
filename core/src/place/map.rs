//! Paths of a trace that lead elsewhere in a replay.

use std::str::FromStr;

/// Folders that others stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathMap(Vec<Mapping>);

/// A folder, and the one that stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    from: Vec<u8>,
    to: Vec<u8>,
}

impl FromStr for Mapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let folder = |path: &str| {
            let path = path.trim_end_matches('/');
            path.starts_with('/').then(|| path.as_bytes().to_vec())
        };
        match text.split_once('=').map(|(from, to)| (folder(from), folder(to))) {
            Some((Some(from), Some(to))) => Ok(Self { from, to }),
            _ => Err("say FROM=TO, both absolute paths of folders other than /".to_owned()),
        }
    }
}

impl FromIterator<Mapping> for PathMap {
    fn from_iter<I: IntoIterator<Item = Mapping>>(mappings: I) -> Self {
        let mut mappings: Vec<_> = mappings.into_iter().collect();
        // The longest prefix is the one that is meant.
        mappings.sort_by_key(|mapping| std::cmp::Reverse(mapping.from.len()));
        Self(mappings)
    }
}

impl PathMap {
    /// Whether all paths lead where they say.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where `path`, which may end in NUL, leads instead, if it does.
    pub fn apply(&self, path: &[u8]) -> Option<Vec<u8>> {
        self.0.iter().find_map(|Mapping { from, to }| {
            let rest = path.strip_prefix(&from[..])?;
            matches!(rest.first(), None | Some(b'/' | 0)).then(|| [to, rest].concat())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(mappings: &[&str]) -> PathMap {
        mappings.iter().map(|mapping| mapping.parse::<Mapping>().expect("it is one")).collect()
    }

    #[test]
    fn a_path_is_mapped_by_whole_names_and_the_longest_prefix() {
        let map = map(&["/srv=/a", "/srv/w/=/b/c/"]);
        for (path, mapped) in [
            ("/srv", Some("/a")),
            ("/srv/x\0", Some("/a/x\0")),
            ("/srv/w/x", Some("/b/c/x")),
            ("/srv/work", Some("/a/work")),
            ("/service", None),
            ("srv/x", None),
            ("", None),
        ] {
            let expected = mapped.map(|path| path.as_bytes().to_vec());
            assert_eq!(map.apply(path.as_bytes()), expected, "{path}");
        }
    }

    #[test]
    fn a_mapping_is_between_absolute_folders() {
        for wrong in ["", "/a", "a=/b", "/a=b", "/=/a", "=/a"] {
            assert!(wrong.parse::<Mapping>().is_err(), "{wrong}");
        }
    }
}
