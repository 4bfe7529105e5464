//! Files that stand for plugins whose code is in a library of several.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs, io};

use replay_sdk::abi::{CODE_SYMBOL, Code, HEADER_SYMBOL, Header, flag};
use sha2::{Digest, Sha256};

/// A library of several plugins, to make stubs for.
#[derive(Debug)]
pub struct Library {
    code: Code,
    template: Template,
}

/// A stub of no plugin, and where a plugin's bytes go.
#[derive(Debug)]
struct Template {
    bytes: Vec<u8>,
    header_at: usize,
    code_at: usize,
}

impl Library {
    /// The library in file `path`, to which stubs refer as `beneath`, a path beneath their own folder. A C
    /// compiler makes what all stubs have in common.
    ///
    /// # Errors
    /// It can't be read, the path is too long for a stub, or there is no C compiler.
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
        Ok(Self { code, template: Template::new()? })
    }

    /// Writes the stub of the plugin with this `header` to file `to`.
    ///
    /// # Errors
    /// It can't be written.
    pub fn write_stub(&self, header: &Header, is_stock: bool, to: &Path) -> io::Result<()> {
        let flags = header.flags | if is_stock { flag::STOCK } else { 0 };
        let header = Header { flags, ..*header };
        let Template { bytes, header_at, code_at } = &self.template;
        let mut bytes = bytes.clone();
        // SAFETY: both are plain bytes without padding, as pinned.
        let (header, code) = unsafe { (bytes_of(&header), bytes_of(&self.code)) };
        bytes[*header_at..][..header.len()].copy_from_slice(header);
        bytes[*code_at..][..code.len()].copy_from_slice(code);
        fs::write(to, bytes)
    }
}

impl Template {
    /// Compiled with marks where a plugin's bytes go, by which these places are found.
    fn new() -> io::Result<Self> {
        let parts =
            [(HEADER_SYMBOL, size_of::<Header>(), 0xa5), (CODE_SYMBOL, size_of::<Code>(), 0x5a)];
        let mut source = String::new();
        for (symbol, size, mark) in parts {
            let bytes = format!("{mark},").repeat(size);
            let aligned = "const __attribute__((aligned(8))) unsigned char";
            let _ = writeln!(source, "{aligned} {symbol}[] = {{{bytes}}};");
        }
        let folder = env::temp_dir().join(format!("stub-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let compiled = compile(&folder, &source);
        fs::remove_dir_all(&folder)?;
        let bytes = compiled?;
        let find = |(_, size, mark): (&str, usize, u8)| {
            let marks = vec![mark; size];
            bytes.windows(size).position(|window| window == marks)
        };
        let [header_at, code_at] = parts.map(find);
        let missing = || io::Error::other("the C compiler left out what it was given");
        let (header_at, code_at) = header_at.zip(code_at).ok_or_else(missing)?;
        Ok(Self { bytes, header_at, code_at })
    }
}

/// The library that a C compiler makes of `source`, in `folder`.
fn compile(folder: &Path, source: &str) -> io::Result<Vec<u8>> {
    let (input, output) = (folder.join("stub.c"), folder.join("stub.so"));
    fs::write(&input, source)?;
    let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
    let mut command = Command::new(&compiler);
    command.args(["-shared", "-fPIC", "-nostdlib", "-s", "-Wl,-z,noseparate-code"]);
    command.args(["-Wl,--build-id=none", "-Wl,--hash-style=gnu"]);
    command.arg(&input).arg("-o").arg(&output).stdin(Stdio::null());
    match command.status()? {
        status if status.success() => fs::read(&output),
        status => Err(io::Error::other(format!("{} failed: {status}", compiler.display()))),
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
