//! `docs/capture.md`: the capture vocabulary. Each line is an attribute in a struct that is compiled here, and
//! what the declaration that is made of it says in words.

use std::fmt::Write as _;

use abi::{HostRef, Outcome};
use replay_core::registry::{Registry, RegistryError};
use replay_schema::Call;
use sdk::declare::{arg, behind, bits_of, item, ret};
use sdk::prelude::*;
use sdk::{Declared, abi};

const HEAD: &str = "\
# The capture vocabulary

How a plugin says where a recorder finds the value of a column: an attribute on a field of its record. Everything here
is data: it crosses to the recorder, which copies what is named, whichever way it watches the program. `cargo xtask
docs` writes this page from structs that are compiled, and from the declarations that come of them; `replayer plugins
show PLUGIN` says the same of a plugin's columns. The plugin guide has the [way in](plugin-guide.md).
";

/// A field with attributes, and what its declaration says.
struct Example {
    attributes: &'static [&'static str],
    field: &'static str,
    call: Call,
}

unsafe extern "C" fn unused(
    _: *const abi::Record,
    _: HostRef,
    _: *mut std::ffi::c_void,
    _: *mut Outcome,
) -> u32 {
    abi::status::SIMULATED
}

fn call_of<R: Declared>() -> Call {
    let call = sdk::export::call::<R>(unused);
    // SAFETY: the declaration is the SDK's own, and stays for ever.
    unsafe { Call::read(call) }.expect("what is derived makes sense")
}

/// Examples of fields, each in a struct of its own.
macro_rules! examples {
    ($($(#[$attribute:meta])+ $name:ident: $type:ty;)+) => {
        vec![$({
            #[derive(Record)]
            #[record(syscall = "example")]
            #[allow(dead_code, reason = "only its declaration is looked at")]
            struct Example<'t> {
                $(#[$attribute])+
                $name: $type,
                // So that the lifetime is used, whatever the type is.
                #[unset]
                unused: Option<&'t [u8]>,
            }
            self::Example {
                attributes: &[$(stringify!($attribute)),+],
                field: concat!(stringify!($name), ": ", stringify!($type)),
                call: call_of::<Example<'static>>(),
            }
        }),+]
    };
}

#[derive(sdk::Element, Clone)]
struct Buffer<'t> {
    #[length]
    bytes_requested: i64,
    #[bytes]
    iov_data_read: Option<&'t [u8]>,
}

#[derive(sdk::Element, Clone)]
struct Ready {
    #[member(0)]
    events_value: i32,
    #[member(4, width = 8)]
    event_data: i64,
}

const SIZES: &[sdk::declare::Size] =
    &[sdk::declare::filled(1, 4), sdk::declare::passed(2, 36), sdk::declare::passed(3, 8)];

fn numbers() -> Vec<Example> {
    examples! {
        #[arg(2)] bytes_requested: i64;
        #[ret] bytes_moved: i64;
        #[before(1, offset = 8)] buffer_size: i32;
        #[after(2)] offset: Option<i64>;
        #[after(1, offset = 4, width = 2)] port: i32;
        #[before(5, via = 0)] mask: Option<i64>;
        #[holds(arg(1).any(libc::O_CREAT))] creates: bool;
        #[holds(arg(1).is(1), ret().is(0))] either: bool;
        #[code(0, bits::RESOURCE)] resource: u8;
        #[size(arg(1), SIZES)] buffer_size: i64;
    }
}

fn data() -> Vec<Example> {
    examples! {
        #[pathname(0)] given_pathname: Option<Path<'t>>;
        #[string(1)] xattr_name: Option<&'t [u8]>;
        #[string(1, limit = 256)] name: Option<&'t [u8]>;
        #[input(1, length = 2)] data_written: Option<&'t [u8]>;
        #[input(1, length = 2, whole)] value_written: Option<&'t [u8]>;
        #[output(1, length = 2)] data_read: Option<&'t [u8]>;
        #[output(1, filled = 2)] sockaddr_buffer: Option<&'t [u8]>;
        #[sized(2, arg(1), SIZES)] ioctl_buffer: Option<&'t [u8]>;
        #[behind(1, pointer = 0, length = 8)] sockaddr_buffer: Option<&'t [u8]>;
        #[behind(1, pointer = 32, length = 40, after)] control_buffer: Option<&'t [u8]>;
    }
}

fn times() -> Vec<Example> {
    examples! {
        #[timespec(3)] timeout: Option<Tfrac>;
        #[timespec(1, offset = 16, after)] remaining: Option<Tfrac>;
        #[timeval(1, offset = 16)] modify_time: Option<Tfrac>;
        #[seconds(1, offset = 8)] modify_time: Option<Tfrac>;
    }
}

fn several() -> Vec<Example> {
    examples! {
        #[structure(1)] stat: group::Stat;
        #[rows(1, count = 2, after)] buffers: Rows<'t, Buffer<'t>>;
        #[rows(1, message, before)] buffers: Rows<'t, Buffer<'t>>;
        #[items(1, ret(), item(12), after)] events: Rows<'t, Ready>;
        #[unset] full_pathname: Option<Path<'t>>;
    }
}

fn conditions() -> Vec<Example> {
    examples! {
        #[arg(2)] #[when(arg(1).any(libc::O_CREAT))] mode_value: Option<i32>;
        #[arg(2)] #[unless(arg(1).is(libc::F_GETFD))] argument_value: Option<i32>;
        #[before(2, when = arg(1).is(6))] #[after(2, when = arg(1).is(5))] lock_type: Option<i32>;
        #[output(1, length = 2)] #[when(ret().is_not(u32::MAX, 0))] data_read: Option<&'t [u8]>;
    }
}

fn types() -> Vec<Example> {
    examples! {
        #[arg(0)] descriptor: Fd;
        #[arg(0)] descriptor: DirFd;
        #[arg(0)] descriptor: ClosedFd;
        #[after(1)] pidfd: NewFd;
        #[arg(0)] pid: Task;
        #[pathname(0)] given_pathname: Option<Path<'t>>;
        #[arg(0)] flag: bool;
        #[arg(0)] code: u8;
        #[arg(0)] length: i32;
        #[arg(0)] length: i64;
        #[arg(0)] length: Option<i64>;
        #[output(1, length = 2)] data_read: Option<&'t [u8]>;
        #[timespec(3)] timeout: Tfrac;
    }
}

/// The page.
pub fn page(_: &Registry) -> Result<String, RegistryError> {
    let mut page = HEAD.to_owned();
    let chapters: [(&str, &str, Vec<Example>); 6] = [
        ("Numbers", "", numbers()),
        ("Bytes", "A string and a path keep their NUL.\n", data()),
        ("Times", "In the file, a time is a number in units of 2⁻³² s.\n", times()),
        ("Several columns, several rows", SEVERAL, several()),
        ("Conditions", CONDITIONS, conditions()),
        (
            "Types",
            "The field's type is the column's, and says what the value stands for.\n",
            types(),
        ),
    ];
    for (title, text, examples) in chapters {
        let _ = write!(page, "\n## {title}\n\n");
        if !text.is_empty() {
            let _ = writeln!(page, "{text}");
        }
        table(&mut page, &examples);
    }
    page += WORDS;
    condition_words(&mut page);
    page += OTHERS;
    Ok(page)
}

const SEVERAL: &str = "\
`structure` is a group of columns that several calls have in common. `rows` and `items` make a row for each element of
an array, whose columns are the fields of a struct with `#[derive(Element)]`: `#[length]`, `#[bytes]`, `#[address]` and
`#[member(offset, width = w)]`, and `#[beside(ITEM)]` for another buffer of the same structure. `#[record(…, strings(1))]`
makes a row per string of an array such as `argv`.
";

const CONDITIONS: &str = "\
Several `when` on a field: one of them must hold. Several `unless`: none may. A field may have two origins, each with its
own `when`. Memory is copied only where the column has it.
";

const WORDS: &str = "
## Numbers and conditions in attributes

A number is `arg(n)`, `ret()`, `behind(n, offset, width)`, `bits_of(n, first, count)`, or in an element
`member(offset, width)`. A condition is one of these:

| condition | holds if |
|---|---|
";

const OTHERS: &str = "
## Beside the origin

| attribute | |
|---|---|
| `#[compared]`, `#[not_compared]` | whether `--verify` compares it; by itself it does so with what the kernel fills in |
| `#[octal]`, `#[hex]`, `#[names(TABLE)]` | how it is shown |
| `#[bits(TABLE)]`, `#[bits(TABLE, when = condition)]` | a boolean column for each of its bits, and their names |
| `#[shares]` | flags of clone(2): what a new task shares with its creator |
| `#[target]` | the text of a symbolic link: a path that the kernel doesn't look up |
| `#[environment]` | a string of a program's environment, which the recorder's `--env` may leave out |
| `#[makes]`, `#[removes]` | the path of a name that the call makes, or takes away |
| `#[source]` | a descriptor that data is taken from, and no more |
| `#[owner]` | the user or group that a file belongs to |
| `#[added]` | the original schema's type doesn't have the column |

What a record says of its call as a whole is in [roles](plugin-guide.md#roles).
";

fn table(page: &mut String, examples: &[Example]) {
    *page += "| field | in the file | what is captured |\n|---|---|---|\n";
    for Example { attributes, field, call } in examples {
        let attributes: Vec<_> =
            attributes.iter().map(|attribute| format!("`#[{}]`", tidy(attribute))).collect();
        let columns: Vec<_> =
            call.columns.iter().filter(|column| column.name != "unused").collect();
        let mut captured = Vec::new();
        let mut types = Vec::new();
        for column in columns.iter().take(2) {
            let null = if column.nullable { ", or null" } else { "" };
            let role = column.role.words().map_or_else(String::new, |role| format!("; {role}"));
            types.push(format!("{}{null}{role}", column.kind.name()));
            let compared = if column.compared.is_some() { "; compared" } else { "" };
            captured.push(format!("{}{compared}", call.capture(column)));
        }
        if columns.len() > 2 {
            types = vec![format!("{} columns", columns.len())];
            captured.push(format!("and {} more", columns.len() - 2));
        }
        let (attributes, types) = (attributes.join(" "), types.join("<br>"));
        let captured = captured.join("<br>").replace('|', "\\|");
        let _ = writeln!(page, "| {attributes} `{}` | {types} | {captured} |", tidy(field));
    }
}

/// Tokens as people write them.
fn tidy(tokens: &str) -> String {
    tokens.replace(" < ", "<").replace(" >", ">").replace("& ", "&").replace('|', "\\|")
}

/// The conditions, in words.
fn condition_words(page: &mut String) {
    macro_rules! conditions {
        ($($condition:expr;)+) => {
            [$((stringify!($condition), {
                #[derive(Record)]
                #[record(syscall = "example")]
                #[allow(dead_code, reason = "only its declaration is looked at")]
                struct Example {
                    #[arg(0)]
                    #[when($condition)]
                    value: Option<i64>,
                    #[before(3)]
                    memory: i64,
                }
                call_of::<Example>()
            })),+]
        };
    }
    // Attributes take no arrays: such a condition has a name.
    const ONE_OF: abi::Condition = arg(1).one_of(&[5, 36]);
    let conditions = conditions!(
        arg(1).is(5);
        arg(1).any(0x40);
        arg(1).all(0x41);
        arg(1).has(3, 1);
        arg(1).is_not(3, 1);
        ONE_OF;
        ret().is(0);
        bits_of(1, 8, 8).is(0x66);
        behind(3, 0, 8).is(0);
        sdk::declare::SUCCESS;
        sdk::declare::FAILURE;
    );
    for (text, call) in conditions {
        let text = match text.trim_start_matches("sdk::declare::") {
            "ONE_OF" => {
                "`arg(1).one_of(&[5, 36])`, as a constant: attributes take no arrays".to_owned()
            }
            other => format!("`{}`", tidy(other)),
        };
        let captured = call.capture(&call.columns[0]);
        let words = captured.split_once(", if ").map_or("", |(_, words)| words);
        let _ = writeln!(page, "| {text} | {words} |");
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// The page names every attribute that the derives take.
    #[test]
    fn no_attribute_is_left_out() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let derive = fs::read_to_string(root.join("sdk/derive/src/lib.rs")).unwrap();
        let page = fs::read_to_string(root.join("docs/capture.md")).unwrap();
        let after = derive.split("proc_macro_derive(\n    Record,").nth(1).unwrap();
        let list = after.split("attributes(").nth(1).unwrap().split(')').next().unwrap();
        let attributes = list.split(',').map(str::trim).filter(|name| !name.is_empty());
        for attribute in attributes.filter(|name| *name != "record") {
            let (with, without) = (format!("#[{attribute}("), format!("#[{attribute}]"));
            assert!(page.contains(&with) || page.contains(&without), "{attribute} isn't there");
        }
    }
}
