//! Paths that are to be ignored.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::str::FromStr;

use globset::{GlobBuilder, GlobMatcher};

/// A pattern for absolute paths: `?` and `*` stand for any one and any characters of a name, `**` for any names,
/// `[…]` and `{…,…}` for one of several. One that doesn't begin with `/` matches at any depth; and one that matches
/// a folder matches all that is below.
#[derive(Clone, Debug)]
pub struct PathGlob(GlobMatcher);

impl FromStr for PathGlob {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.strip_suffix('/').filter(|text| !text.is_empty()).unwrap_or(text);
        let anywhere = format!("**/{text}");
        let pattern = if text.starts_with('/') { text } else { &anywhere };
        let glob = GlobBuilder::new(pattern).literal_separator(true).build();
        glob.map(|glob| Self(glob.compile_matcher())).map_err(|error| error.kind().to_string())
    }
}

impl PathGlob {
    /// Whether `path`, absolute and without `.` and `..`, or a folder above it, is meant.
    pub fn matches(&self, path: &[u8]) -> bool {
        Path::new(OsStr::from_bytes(path)).ancestors().any(|path| self.0.is_match(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_is_for_whole_paths_or_for_names_at_any_depth() {
        for (glob, matching, others) in [
            ("/var/log", &["/var/log", "/var/log/a/b"][..], &["/var/logs", "/x/var/log", ""][..]),
            ("/var/log/", &["/var/log/a"], &["/var"]),
            ("*.log", &["/a.log", "/x/y/b.log", "/a.log/inside"], &["/a.logs", "/log"]),
            ("/a/*/c", &["/a/b/c"], &["/a/b/d/c", "/a/c"]),
            ("/a/**/c", &["/a/b/d/c", "/a/c"], &["/b/c"]),
            ("lib/x?", &["/usr/lib/xy"], &["/usr/lib/x", "/usr/libx"]),
            ("/[ab]/{c,d}", &["/a/c", "/b/d"], &["/c/c"]),
            ("**", &["/", "/a", "/a/b"], &[]),
        ] {
            let glob: PathGlob = glob.parse().expect("it is one");
            assert!(matching.iter().all(|path| glob.matches(path.as_bytes())), "{glob:?}");
            assert!(!others.iter().any(|path| glob.matches(path.as_bytes())), "{glob:?}");
        }
        assert!("/a[".parse::<PathGlob>().is_err());
        let bytes: PathGlob = "/a*".parse().expect("it is one");
        assert!(bytes.matches(b"/a\xff"));
    }
}
