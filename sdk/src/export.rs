//! The edge between a plugin and its host: what [`export_plugin!`](crate::export_plugin) expands to.

mod encoder;

use std::any::Any;
use std::cell::RefCell;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Once, OnceLock};

use abi::abi_stable::StableAbi;
use abi::abi_stable::library::AbiHeader;
use abi::abi_stable::prefix_type::{PrefixTypeTrait, WithMetadata};
use abi::{
    Call, CallRef, Exported, HostRef, List, Module, ModuleRef, OptionDeclaration, OptionValue,
    Outcome, Part, Parts, Text, log, status,
};

use crate::declare::Declaration;
use crate::options::{Options, Store, Values};
use crate::record::{Declared, Fields};
use crate::{Process, Replayed, Skip};

pub use encoder::{Encoder, encode};

/// Puts the calls of this library into it, so that a host finds them.
///
/// The plugin's name is its package's, without a leading `plugin-`; a library with several records
/// names itself: `export_plugin!("acme-io": Fsetlayout, Fgetlayout)`. A plugin that people may set something
/// of names what: `export_plugin!(Fsync; options = Settings)`; see [`crate::options`].
#[macro_export]
macro_rules! export_plugin {
    ($record:ident) => {
        $crate::export_plugin!($record; options = $crate::NoOptions);
    };
    ($record:ident; options = $options:ty) => {
        $crate::export_plugin!(
            @ $crate::export::plugin_name(env!("CARGO_PKG_NAME")), $options, $record
        );
    };
    ($name:literal: $($record:ident),+ $(,)?) => {
        $crate::export_plugin!($name: $($record),+; options = $crate::NoOptions);
    };
    ($name:literal: $($record:ident),+; options = $options:ty) => {
        $crate::export_plugin!(@ $name, $options, $($record),+);
    };
    (@ $name:expr, $options:ty, $($record:ident),+) => {
        // What a library exports counts as used in its tests too.
        #[cfg(test)]
        const _: () = {
            $(let _: for<'t> fn(&mut $crate::Fields<'t>) = |fields| {
                let _: $record = $crate::Record::read(fields);
            };)+
        };

        // The tests of many plugins share one binary, where these symbols would clash.
        #[cfg(not(test))]
        mod exported {
            use super::*;

            /// Read by the host before any code of this library runs.
            #[unsafe(no_mangle)]
            pub static SYSCALL_PLUGIN_HEADER: $crate::abi::Header =
                $crate::plugin_header!($name; $($record),+);

            /// The calls, once the host has checked their layout.
            #[unsafe(no_mangle)]
            pub static SYSCALL_PLUGIN_MODULE: $crate::abi::Exported =
                $crate::export::exported::<Plugin>();

            $crate::plugin_calls!($options; $($record),+);
        }
    };
}

/// As [`export_plugin!`](crate::export_plugin), in a library of several plugins: each is a module of the
/// library and has the module's name, unless it names itself. `exported::PART` is for the library's
/// [`abi::Parts`].
#[macro_export]
macro_rules! export_part {
    ($record:ident) => {
        $crate::export_part!($record; options = $crate::NoOptions);
    };
    ($record:ident; options = $options:ty) => {
        $crate::export_part!(@ $crate::export::part_name(module_path!()), $options, $record);
    };
    ($name:literal: $($record:ident),+ $(,)?) => {
        $crate::export_part!($name: $($record),+; options = $crate::NoOptions);
    };
    ($name:literal: $($record:ident),+; options = $options:ty) => {
        $crate::export_part!(@ $name, $options, $($record),+);
    };
    (@ $name:expr, $options:ty, $($record:ident),+) => {
        pub(crate) mod exported {
            use super::*;

            static HEADER: $crate::abi::Header = $crate::plugin_header!($name; $($record),+);

            /// This plugin, for the library's list.
            pub(crate) const PART: $crate::abi::Part =
                $crate::abi::Part { header: &HEADER, module: $crate::export::module::<Plugin>() };

            $crate::plugin_calls!($options; $($record),+);
        }
    };
}

/// The header of a plugin with these records.
#[doc(hidden)]
#[macro_export]
macro_rules! plugin_header {
    ($name:expr; $($record:ident),+) => {
        $crate::abi::Header::new(
            $name,
            env!("CARGO_PKG_VERSION"),
            &[$((
                <$record as $crate::Declared>::EXTENT,
                <$record as $crate::Declared>::SYSCALLS,
            )),+],
        )
    };
}

/// A type `Plugin` that has the calls of these records.
#[doc(hidden)]
#[macro_export]
macro_rules! plugin_calls {
    ($options:ty; $($record:ident),+) => {
        #[cfg(panic = "abort")]
        compile_error!("a plugin must unwind: its panics are caught at the edge");

        static OPTIONS: $crate::options::Store<$options> = $crate::options::Store::new();

        struct Plugin;

        impl $crate::export::Plugin for Plugin {
            type Options = $options;

            fn options() -> &'static $crate::options::Store<$options> {
                &OPTIONS
            }

            fn list() -> &'static std::sync::OnceLock<Vec<$crate::abi::CallRef>> {
                static LIST: std::sync::OnceLock<Vec<$crate::abi::CallRef>> =
                    std::sync::OnceLock::new();
                &LIST
            }

            fn calls() -> Vec<$crate::abi::CallRef> {
                vec![$({
                    unsafe extern "C" fn replay(
                        record: *const $crate::abi::Record,
                        host: $crate::abi::HostRef,
                        context: *mut std::ffi::c_void,
                        outcome: *mut $crate::abi::Outcome,
                    ) -> u32 {
                        // SAFETY: the host passes what `Call::replay` promises.
                        unsafe {
                            $crate::export::replay(
                                record, host, context, outcome, &OPTIONS,
                                |fields, process| {
                                    let record: $record = $crate::Record::read(fields);
                                    $crate::Replay::replay(&record, process)
                                },
                            )
                        }
                    }
                    $crate::export::call::<$record>(replay)
                }),+]
            }
        }
    };
}

/// The name of the plugin in package `package`.
pub const fn plugin_name(package: &'static str) -> &'static str {
    const PREFIX: &[u8] = b"plugin-";
    let bytes = package.as_bytes();
    let mut i = 0;
    while i < PREFIX.len() {
        if i >= bytes.len() || bytes[i] != PREFIX[i] {
            return package;
        }
        i += 1;
    }
    package.split_at(PREFIX.len()).1
}

/// The name of the plugin whose `exported` module has this path: that of the module around it.
pub const fn part_name(path: &'static str) -> &'static str {
    let bytes = path.as_bytes();
    let mut end = bytes.len();
    while bytes[end - 1] != b':' {
        end -= 1;
    }
    end -= 2;
    let mut start = end;
    while start > 0 && bytes[start - 1] != b':' {
        start -= 1;
    }
    path.split_at(end).0.split_at(start).1
}

/// What a plugin exports.
pub trait Plugin: 'static {
    /// What people may set of it.
    type Options: Options;

    /// Where they are kept.
    fn options() -> &'static Store<Self::Options>;

    /// Its calls.
    fn calls() -> Vec<CallRef>;

    /// Where they are kept once they were asked for.
    fn list() -> &'static OnceLock<Vec<CallRef>>;
}

struct Root<P>(P);

impl<P: Plugin> Root<P> {
    const MODULE: WithMetadata<Module> = WithMetadata::new(Module {
        calls: calls::<P>,
        options: options::<P>,
        configure: configure::<P>,
        last_words,
    });
}

/// The module of `P`.
pub const fn module<P: Plugin>() -> ModuleRef {
    ModuleRef(const { &Root::<P>::MODULE }.static_as_prefix())
}

/// The module of `P`, with what a host needs to check its layout.
pub const fn exported<P: Plugin>() -> Exported {
    Exported {
        abi_stable: AbiHeader::VALUE,
        layout: <ModuleRef as StableAbi>::LAYOUT,
        module: module::<P>(),
    }
}

/// Several plugins, with what a host needs to check their layout.
pub const fn parts(parts: &'static [Part]) -> Parts {
    Parts {
        abi_stable: AbiHeader::VALUE,
        layout: <ModuleRef as StableAbi>::LAYOUT,
        parts: List::new(parts),
    }
}

extern "C" fn calls<P: Plugin>() -> List<CallRef> {
    static HOOKED: Once = Once::new();
    let made = catch_unwind(|| {
        HOOKED.call_once(|| {
            std::panic::set_hook(Box::new(|panic| {
                MESSAGE.with(|message| *message.borrow_mut() = panic.to_string());
            }));
        });
        P::calls()
    });
    // A declaration that panics declares nothing; the host reports a plugin without calls.
    List::new(P::list().get_or_init(|| made.unwrap_or_default()))
}

/// See [`Module::last_words`].
unsafe extern "C" fn last_words(text: *mut u8, room: u64) -> u64 {
    MESSAGE.with(|message| {
        let Ok(message) = message.try_borrow() else { return 0 };
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let length = message.floor_char_boundary(room.min(message.len()));
        // SAFETY: the host gives that much room.
        unsafe { text.copy_from_nonoverlapping(message.as_ptr(), length) };
        length as u64
    })
}

extern "C" fn options<P: Plugin>() -> List<OptionDeclaration> {
    List::new(P::Options::DECLARATIONS)
}

unsafe extern "C" fn configure<P: Plugin>(values: List<OptionValue>) {
    // SAFETY: the host's list is valid until this returns, and the texts in it stay.
    let values = unsafe { Values::new(values.items()) };
    // One who has a default that panics keeps the options that were there before.
    if let Ok(options) = catch_unwind(|| P::Options::read(values)) {
        P::options().set(options);
    }
}

thread_local! {
    /// Where and why this library last panicked on this thread.
    static MESSAGE: RefCell<String> = const { RefCell::new(String::new()) };
}

type ReplayFn = unsafe extern "C" fn(*const abi::Record, HostRef, *mut c_void, *mut Outcome) -> u32;

/// The declaration of `R`, with `replay` to make its calls.
pub fn call<R: Declared>(replay: ReplayFn) -> CallRef {
    let mut declaration = Declaration::new();
    R::declare(&mut declaration);
    let (columns, fetches, rows) = declaration.leak();
    let texts = |names: &[&'static str]| names.iter().copied().map(Text::new).collect::<Vec<_>>();
    let (syscalls, classes) = (texts(R::SYSCALLS), texts(R::CLASSES));
    Call {
        extent: Text::new(R::EXTENT),
        syscalls: List::new(syscalls.leak()),
        columns,
        fetches,
        rows,
        returns: R::RETURNS,
        returns_when: R::RETURNS_WHEN,
        at_entry: R::AT_ENTRY.into(),
        start: R::START,
        blocks: R::BLOCKS.into(),
        cpus: R::CPUS.into(),
        looks: R::LOOKS,
        changes_fs: R::CHANGES_FS.into(),
        keeps_offset: R::KEEPS_OFFSET.into(),
        simulated: Text::new(R::SIMULATED),
        partly: match (R::PARTLY, R::NETWORKED) {
            (true, _) => abi::partly::SOME,
            (false, true) => abi::partly::NETWORK,
            (false, false) => 0,
        },
        replay,
        encode: R::ENCODE,
        classes: List::new(classes.leak()),
        changes: R::CHANGES,
        privileged: R::PRIVILEGED.into(),
        refused: Text::new(R::REFUSED),
        hides: Text::new(R::HIDES),
        effects: R::EFFECTS,
        effects_when: R::EFFECTS_WHEN,
    }
    .leak_into_prefix()
}

/// Reads the record, replays it, and keeps a panic from leaving this library.
///
/// # Safety
/// The pointers must be what a host passes to [`abi::Call::replay`].
#[inline]
pub unsafe fn replay(
    record: *const abi::Record,
    host: HostRef,
    context: *mut c_void,
    outcome: *mut Outcome,
    options: &'static Store<impl Options>,
    body: impl for<'t> FnOnce(&mut Fields<'t>, &mut Process<'t>) -> Replayed,
) -> u32 {
    // SAFETY: the host's record is valid until this returns.
    let (mut fields, process) =
        unsafe { (Fields::new(&*record), Process::new(host, context, &*record)) };
    let mut process = process.with_options(options.get().map(|options| options as &dyn Any));
    let replayed = catch_unwind(AssertUnwindSafe(|| body(&mut fields, &mut process)));
    let replayed = match replayed {
        Ok(Ok(replayed)) => replayed,
        Ok(Err(Skip(status))) => return status,
        Err(_) => {
            process.log(log::ERROR, &MESSAGE.take());
            return status::PANICKED;
        }
    };
    let (return_value, errno_number) = match replayed {
        Ok(value) => (value, 0),
        Err(errno) => (-1, errno.0),
    };
    // SAFETY: the host gives room for an outcome.
    unsafe { outcome.write(Outcome { return_value, errno_number, reserved: 0 }) };
    status::MADE
}

/// What a plugin that replays nothing answers.
pub const NOT_MADE: Replayed = Err(Skip::SIMULATED);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_has_the_name_of_its_package_or_of_its_module() {
        assert_eq!(plugin_name("plugin-pread64"), "pread64");
        assert_eq!(plugin_name("acme"), "acme");
        assert_eq!(part_name("replay_stock::plugins::pread64::exported"), "pread64");
        assert_eq!(part_name("pread64::exported"), "pread64");
    }
}
