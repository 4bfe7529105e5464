//! What of the data that calls move, and of programs' environments, the trace gets to hold.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use replay_schema::Role;
use sha2::{Digest, Sha256};

/// Bytes that are replaced together: equal ones stay equal, wherever a call splits the data.
const BLOCK: usize = 32;

/// What is kept of data and of the environment.
#[derive(Clone, Debug, Default)]
pub struct Payload {
    /// Most bytes of a value.
    pub limit: Option<usize>,
    /// With this key, known to nobody afterwards, other bytes take the data's place.
    pub hash_key: Option<[u8; 32]>,
    /// Which strings of the environment are kept.
    pub environment: Environment,
}

/// Which strings of a program's environment are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Environment {
    /// All.
    #[default]
    All,
    /// None.
    None,
    /// Those of these variables.
    Only(Vec<OsString>),
}

impl std::str::FromStr for Environment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::All),
            "none" => Ok(Self::None),
            names if names.split(',').any(|name| name.is_empty() || name.contains('=')) => {
                Err("say all, none, or names of variables with commas between them".to_owned())
            }
            names => Ok(Self::Only(names.split(',').map(OsString::from).collect())),
        }
    }
}

impl std::fmt::Display for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::None => f.write_str("none"),
            Self::Only(names) => {
                let names: Vec<_> = names.iter().map(|name| name.to_string_lossy()).collect();
                f.write_str(&names.join(","))
            }
        }
    }
}

impl Environment {
    fn keeps(&self, string: &[u8]) -> bool {
        let name = string.split(|byte| *byte == b'=').next().unwrap_or_default();
        match self {
            Self::All => true,
            Self::None => false,
            Self::Only(names) => names.iter().any(|known| known.as_bytes() == name),
        }
    }
}

/// A value as the trace gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept<'a> {
    /// As it was, or other bytes in its place.
    Whole(&'a [u8]),
    /// Its beginning.
    Cut(&'a [u8]),
    /// Nothing.
    Nothing,
}

impl Payload {
    /// A key that nobody knows.
    ///
    /// # Errors
    /// The kernel has no random bytes to give.
    pub fn key() -> std::io::Result<[u8; 32]> {
        let mut key = [0; 32];
        // SAFETY: the buffer is as long as the length says.
        match unsafe { libc::getrandom(key.as_mut_ptr().cast(), key.len(), 0) } {
            32 => Ok(key),
            _ => Err(std::io::Error::last_os_error()),
        }
    }

    /// What is kept of `bytes`, the value of a column that stands for `role`; `scratch` is for bytes that
    /// take their place.
    pub fn keep<'a>(&self, role: Role, bytes: &'a [u8], scratch: &'a mut Vec<u8>) -> Kept<'a> {
        match role {
            Role::Environment if !self.environment.keeps(bytes) => Kept::Nothing,
            Role::Payload => {
                let length = self.limit.map_or(bytes.len(), |limit| bytes.len().min(limit));
                let kept = match &self.hash_key {
                    None => &bytes[..length],
                    Some(key) => {
                        hide(key, &bytes[..length], scratch);
                        &scratch[..]
                    }
                };
                if length < bytes.len() { Kept::Cut(kept) } else { Kept::Whole(kept) }
            }
            _ => Kept::Whole(bytes),
        }
    }
}

/// Puts as many bytes as `data` has into `hidden`: of each block its hash with `key`.
fn hide(key: &[u8; 32], data: &[u8], hidden: &mut Vec<u8>) {
    hidden.clear();
    for block in data.chunks(BLOCK) {
        let hash = Sha256::new().chain_update(key).chain_update(block).finalize();
        hidden.extend_from_slice(&hash[..block.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(payload: &Payload, role: Role, bytes: &[u8]) -> (Vec<u8>, bool) {
        let mut scratch = Vec::new();
        match payload.keep(role, bytes, &mut scratch) {
            Kept::Whole(bytes) => (bytes.to_vec(), true),
            Kept::Cut(bytes) => (bytes.to_vec(), false),
            Kept::Nothing => (Vec::new(), false),
        }
    }

    #[test]
    fn data_is_cut_and_names_are_not() {
        let payload = Payload { limit: Some(3), ..Payload::default() };
        assert_eq!(kept(&payload, Role::Payload, b"12345"), (b"123".to_vec(), false));
        assert_eq!(kept(&payload, Role::Payload, b"123"), (b"123".to_vec(), true));
        assert_eq!(kept(&payload, Role::Path, b"12345"), (b"12345".to_vec(), true));
    }

    #[test]
    fn hidden_data_is_as_long_and_equal_blocks_stay_equal() {
        let payload = Payload { hash_key: Some([7; 32]), ..Payload::default() };
        let data: Vec<u8> = (0..100).collect();
        let (hidden, is_whole) = kept(&payload, Role::Payload, &data);
        assert!(is_whole && hidden.len() == 100 && hidden != data);
        let (second_half, _) = kept(&payload, Role::Payload, &data[64..]);
        assert_eq!(hidden[64..], second_half, "a call that reads from a block's start on");
        let other = Payload { hash_key: Some([8; 32]), ..Payload::default() };
        assert_ne!(kept(&other, Role::Payload, &data).0, hidden);
    }

    #[test]
    fn the_environment_is_kept_by_name() {
        for (environment, keeps) in [("all", true), ("none", false), ("HOME,PATH", true)] {
            let environment = environment.parse().expect("it is one");
            let payload = Payload { environment, ..Payload::default() };
            assert_eq!(kept(&payload, Role::Environment, b"PATH=/bin\0").1, keeps);
        }
        let only = Payload { environment: "PAT,HOME".parse().unwrap(), ..Payload::default() };
        assert!(!kept(&only, Role::Environment, b"PATH=/bin\0").1);
        for wrong in ["", "A,,B", "A=1"] {
            assert!(wrong.parse::<Environment>().is_err(), "{wrong}");
        }
    }
}
