//! `#[derive(Record)]`, `#[derive(Replay)]` and `#[derive(Element)]`: a struct's fields become the
//! columns of a record type, and its attributes say where each value is found.
//!
//! One attribute of a field names its origin:
//!
//! | attribute | the column holds |
//! |---|---|
//! | `#[arg(n)]` | argument `n`, from 0 |
//! | `#[ret]` | the return value |
//! | `#[pathname(n)]` | the path behind argument `n`, with its NUL |
//! | `#[string(n, limit = bytes)]` | another string behind argument `n`, with its NUL |
//! | `#[input(n, length = m)]` | the bytes that the program passes behind argument `n`, argument `m` of them; kept are as many as the call returned; with `whole` they are one value, kept and passed as it is |
//! | `#[output(n, length = m)]` | the bytes that the kernel fills in behind argument `n`; as many as the call returned, or with `output(n, filled = k)` the number behind argument `k` after the call, at most what it was before |
//! | `#[before(n, offset = o)]`, `#[after(n, offset = o)]` | the number in memory behind argument `n`, before or after the call; `width = w` if it isn't as wide as the column |
//! | `#[timespec(n, offset = o)]`, `#[timeval(…)]`, `#[seconds(…)]` | the time in memory behind argument `n`, as it was passed; or with `after`, as it was filled in |
//! | `#[before(n, via = p)]`, `#[after(n, via = p)]` | the number behind another pointer, which stands `p` bytes into the memory behind argument `n` |
//! | `#[sized(n, number, SIZES)]` | the bytes behind argument `n`, as many as the table says for a number such as `arg(1)` |
//! | `#[size(number, SIZES)]` | the size that the table has for the number |
//! | `#[structure(n)]` | the columns of a group, as `group::Stat` |
//! | `#[rows(n, count = m, before)]` | a row per I/O vector behind argument `n`; or `after`; with `message` for `count = m`, of the `struct msghdr` there |
//! | `#[items(n, count, ITEM, before)]` | a row per structure behind argument `n`; or `after`; `count` is a number such as `arg(1)`, `ITEM` what `declare::item` and its kin make |
//! | `#[behind(n, pointer = p, length = l)]` | the bytes behind the pointer that stands `p` bytes into the memory behind argument `n`, as many as the number `l` bytes in says (`width` bytes wide, else 8); with `after`, as it says after the call |
//! | `#[code(n, TABLE)]` | the index in the table of the first entry that argument `n` matches |
//! | `#[holds(condition)]` | true if the condition holds, or one of several |
//! | `#[unset]` | nothing; the column is there because the schema has it |
//!
//! Conditions add to it: `#[when(condition)]`, where one of several must hold, and `#[unless(condition)]`,
//! where none may; memory is copied only where the column has it. A column that is found in one place or
//! another has both origins, each with its condition: `#[before(2, when = sets)]`,
//! `#[after(2, when = gets)]`, `#[holds(condition, when = condition)]`. One with an array in it, such as
//! `arg(1).one_of(&[5, 36])`, needs a name: attributes take no arrays.
//!
//! Others say what the column stands for, and how it is shown and compared:
//!
//! | attribute | the column |
//! |---|---|
//! | `#[bits(TABLE)]`, `#[bits(TABLE, when = condition)]` | has bits with names, and boolean columns of their own |
//! | `#[names(TABLE)]`, `#[octal]`, `#[hex]` | is shown so |
//! | `#[compared]`, `#[not_compared]` | is compared by `--verify`, or never; by itself what the kernel fills in is |
//! | `#[shares]` | has flags that say what a new task shares with its creator |
//! | `#[target]` | has the text of a symbolic link |
//! | `#[environment]` | has a string of a program's environment |
//! | `#[makes]`, `#[removes]` | has the path of a name that the call makes, or takes away |
//! | `#[source]` | has a descriptor that data is taken from, and no more |
//! | `#[owner]` | has the user or group that a file belongs to |
//! | `#[added]` | isn't one of the original schema's type |
//!
//! The fields of an element have other origins: `#[length]`, `#[bytes]`, `#[address]`,
//! `#[member(offset, width = w)]`, or `#[beside(ITEM)]` for another buffer of the same structure.
//!
//! The struct itself says `#[record(…)]`. Which calls, and in which extent:
//!
//! | word | the record is of |
//! |---|---|
//! | `syscall = "name"`, `syscalls("a", "b")` | this call, or one of several |
//! | `selects(1, 0x6600, mask = 0xff00)` | only those of its calls whose argument 1 has that value behind the mask; without a mask, in its lower 32 bits |
//! | `extent = "name"` | this record type, if it isn't called as the call is; alone, for a record that no system call makes |
//! | `class = "network"`, `classes("process", "signal")` | calls of these classes, by which people select them |
//!
//! What the call does:
//!
//! | word | the call |
//! |---|---|
//! | `returns = kind`, `returns_when = condition` | returns a `descriptor`, `child`, `address` or `status`, or `never`; otherwise a number |
//! | `looks`, `looks_when = condition` | changes no file and no name |
//! | `changes = descriptors` | changes nothing but what its descriptors are open on |
//! | `changes = nothing`, `changes = program` | changes no file and no name, though it does more than look; or runs another program |
//! | `changes_fs` | changes the working directory, root or umask |
//! | `keeps_offset` | leaves its descriptors open and where they are |
//! | `privileged` | may need a right that the program had and a replay lacks |
//! | `blocks` | can wait for what another process does |
//! | `reopens = column` | opens a path with the flags in that column; the path may be a pipe's, by its descriptor |
//! | `stream` | moves data through a descriptor that may be a pipe or a socket, and so blocks, too |
//! | `cpus` | tells or sets which CPUs a task may use |
//! | `refused = "why"` | is refused by the kernel when it is recorded, unless people let it through |
//! | `hides = "what"` | doesn't show as many of these things as it returns |
//!
//! How it is recorded and replayed:
//!
//! | word | |
//! |---|---|
//! | `at_entry` | the record belongs to the moment at which the call was entered |
//! | `simulated = "why"` | the call isn't made again; with `partly`, the plugin decides which, and with `networked` it does so where the replay has sockets of the network |
//! | `number = SYS_number` | what `#[derive(Replay)]` calls, if that isn't the recorded call |
//! | `encode = function` | the plugin writes its rows itself, with the strings that `strings(n)` copies and the last row as `tail_last = "column"` numbers it |
//! | `start = umask` | the trace's first record, if it is of this type, says the first process's umask |
//!
//! For recorders that keep files as they were:
//!
//! | word | the call |
//! |---|---|
//! | `lists` | lists the directory of its descriptor |
//! | `maps_when = condition` | maps the descriptor's file shared |
//! | `loads` | maps the descriptor's file in any way |
//! | `unmaps`, `syncs` | ends or moves mappings; brings them to their files |
//! | `stored`, `loaded` | is none: the record type of what was stored through mappings, and of what can be read there |

mod attribute;
mod field;
mod options;
mod record;
mod replay;
mod words;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes the declaration of a record type from a struct; see the crate's documentation.
#[proc_macro_derive(
    Record,
    attributes(
        record,
        arg,
        ret,
        pathname,
        string,
        input,
        output,
        before,
        after,
        timespec,
        timeval,
        seconds,
        structure,
        rows,
        items,
        behind,
        code,
        sized,
        size,
        holds,
        unset,
        when,
        unless,
        bits,
        octal,
        hex,
        names,
        compared,
        not_compared,
        added,
        shares,
        target,
        environment,
        makes,
        removes,
        source,
        owner
    )
)]
pub fn derive_record(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    record::record(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Makes the call again as the record's attributes say.
#[proc_macro_derive(Replay)]
pub fn derive_replay(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    replay::replay(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Makes the options of a plugin from a struct; see the SDK's module `options`.
#[proc_macro_derive(Options, attributes(option))]
pub fn derive_options(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    options::options(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Makes the columns of the rows that follow a record's first one.
#[proc_macro_derive(
    Element,
    attributes(
        length,
        bytes,
        address,
        member,
        beside,
        bits,
        octal,
        hex,
        names,
        compared,
        not_compared
    )
)]
pub fn derive_element(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    record::element(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}
