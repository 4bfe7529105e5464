//! Files that stand for plugins whose code is in a library of several.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, io};

use replay_sdk::abi::{CODE_SYMBOL, Code, HEADER_SYMBOL, Header, flag};
use sha2::{Digest, Sha256};

/// A library of several plugins, to make stubs for.
#[derive(Debug)]
pub struct Library {
    code: Code,
}

impl Library {
    /// The library in file `path`, to which stubs refer as `beneath`, a path beneath their own folder.
    ///
    /// # Errors
    /// It can't be read, or the path is too long for a stub.
    pub fn new(path: &Path, beneath: &str) -> io::Result<Self> {
        let digest = Sha256::digest(fs::read(path)?);
        let mut code = Code {
            size: size_of::<Code>() as u32,
            reserved: 0,
            sha256: digest.into(),
            path: [0; 216],
        };
        // A byte of padding stays.
        let fits = beneath.len() < code.path.len();
        if !fits {
            return Err(io::Error::other(format!("{beneath} is too long for a stub")));
        }
        code.path[..beneath.len()].copy_from_slice(beneath.as_bytes());
        Ok(Self { code })
    }

    /// Writes the stub of the plugin with this `header` to file `to`; a C compiler makes it.
    ///
    /// # Errors
    /// There is no C compiler, or it fails.
    pub fn write_stub(&self, header: &Header, is_stock: bool, to: &Path) -> io::Result<()> {
        let flags = header.flags | if is_stock { flag::STOCK } else { 0 };
        let header = Header { flags, ..*header };
        let mut source = String::new();
        // SAFETY: both are plain bytes without padding, as pinned.
        let (header, code) = unsafe { (bytes_of(&header), bytes_of(&self.code)) };
        for (symbol, bytes) in [(HEADER_SYMBOL, header), (CODE_SYMBOL, code)] {
            let _ =
                write!(source, "const __attribute__((aligned(8))) unsigned char {symbol}[] = {{");
            for byte in bytes {
                let _ = write!(source, "{byte},");
            }
            source.push_str("};\n");
        }
        let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
        let input = PathBuf::from(to).with_extension("c");
        fs::write(&input, source)?;
        let mut command = Command::new(&compiler);
        command.args(["-shared", "-fPIC", "-nostdlib", "-s", "-Wl,-z,noseparate-code"]);
        command.args(["-Wl,--build-id=none", "-Wl,--hash-style=gnu", "-x", "c"]);
        command.arg(&input).arg("-o").arg(to).stdin(Stdio::null());
        let status = command.status();
        fs::remove_file(&input)?;
        match status? {
            status if status.success() => Ok(()),
            status => Err(io::Error::other(format!("{} failed: {status}", compiler.display()))),
        }
    }
}

/// The bytes of `value`.
///
/// # Safety
/// It must not have padding.
unsafe fn bytes_of<T>(value: &T) -> &[u8] {
    // SAFETY: a value without padding is so many initialised bytes.
    unsafe { std::slice::from_raw_parts(std::ptr::from_ref(value).cast(), size_of::<T>()) }
}
