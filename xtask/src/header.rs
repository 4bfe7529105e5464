//! The header for plugins in C, and the pins of what crosses, both made from the sources of `sdk/abi`.
//!
//! cbindgen writes the structures. Before it sees them the sources are brought into a form that C has: a
//! constant in a module gets the module's name in front of its own, a list of things becomes a structure
//! of its own, and references to the host become pointers.

mod layout;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use cbindgen::{Builder, Config, DocumentationStyle, Language, Style};
use quote::{ToTokens, format_ident, quote};
use syn::visit_mut::VisitMut;
use syn::{Expr, GenericArgument, Item, ItemConst, ItemStruct, Lit, PathArguments, Type};

use crate::Result;
use crate::cargo::root;
use layout::Layouts;

/// Where the header is, from the repository's root.
pub const PATH: &str = "sdk/include/replay_plugin.h";

/// Where the pins are.
const PINS: &str = "sdk/abi/tests/layout.rs";

/// The sources, in the order in which C needs their types.
const SOURCES: [&str; 6] =
    ["header.rs", "running.rs", "declaration.rs", "values.rs", "options.rs", "plain.rs"];

/// What only plugins with a described layout have.
const NOT_IN_C: [&str; 3] = ["Module", "Exported", "List"];

const TRAILER: &str = include_str!("header/trailer.h");

/// Writes the header and the pins.
///
/// # Errors
/// They can't be made or written.
pub fn write() -> Result<()> {
    let Made { header, pins } = make()?;
    for (path, text) in [(PATH, header), (PINS, pins)] {
        fs::write(root().join(path), text).map_err(|error| format!("{path}: {error}"))?;
    }
    Ok(())
}

/// The two files.
struct Made {
    header: String,
    pins: String,
}

fn make() -> Result<Made> {
    let mut abi = Abi::default();
    for name in SOURCES {
        let path = root().join("sdk/abi/src").join(name);
        let text =
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let file = syn::parse_file(&text).map_err(|error| format!("{name}: {error}"))?;
        abi.take(file.items);
    }
    abi.finish();
    let layouts = Layouts::new(&abi.structs)?;
    Ok(Made { header: abi.header(&layouts)?, pins: layouts.pins(LIST) })
}

/// The generic type of which C has a structure for each use.
const LIST: &str = "List";

/// What crosses, in a form that C has.
#[derive(Default)]
struct Abi {
    structs: Vec<ItemStruct>,
    constants: Vec<ItemConst>,
    /// Values of integer constants by the name that the source has.
    numbers: BTreeMap<String, u64>,
    /// Modules of constants.
    modules: Vec<String>,
    magic: String,
}

impl Abi {
    fn take(&mut self, items: Vec<Item>) {
        for item in items {
            match item {
                Item::Struct(item) if NOT_IN_C.iter().all(|name| item.ident != name) => {
                    self.structs.push(item);
                }
                Item::Const(item) => self.constant(item, ""),
                Item::Mod(module) if module.ident != "tests" => {
                    let name = module.ident.to_string();
                    for item in module.content.into_iter().flat_map(|(_, items)| items) {
                        if let Item::Const(item) = item {
                            self.constant(item, &format!("{}_", name.to_uppercase()));
                        }
                    }
                    self.modules.push(name);
                }
                _ => {}
            }
        }
    }

    fn constant(&mut self, mut item: ItemConst, prefix: &str) {
        if let Expr::Lit(literal) = &*item.expr
            && let Lit::Int(number) = &literal.lit
            && let Ok(number) = number.base10_parse()
        {
            self.numbers.insert(item.ident.to_string(), number);
        }
        if item.ident == "MAGIC" {
            self.magic =
                item.expr.to_token_stream().to_string().replace("* b", "").replace("*b", "");
        }
        let is_number = matches!(&*item.ty, Type::Path(path) if path.path.get_ident().is_some());
        if is_number && matches!(item.vis, syn::Visibility::Public(_)) {
            item.ident = format_ident!("REPLAY_{prefix}{}", item.ident);
            self.constants.push(item);
        }
    }

    /// Brings all types and comments into C's form.
    fn finish(&mut self) {
        let mut lists = BTreeMap::new();
        let mut finished = Vec::new();
        for mut item in std::mem::take(&mut self.structs) {
            let Self { modules, numbers, .. } = &*self;
            let mut plain = Plain { lists: &mut lists, modules, numbers };
            plain.visit_item_struct_mut(&mut item);
            let mut attributes: Vec<_> = item.attrs.clone();
            attributes.retain(|attribute| {
                attribute.path().is_ident("doc") || attribute.path().is_ident("repr")
            });
            item.attrs = attributes;
            for field in &mut item.fields {
                field.attrs.retain(|attribute| attribute.path().is_ident("doc"));
            }
            finished.push(item);
        }
        for (name, of) in lists {
            let doc = format!(" A list of {}s that lives as long as the plugin.", c_name(&of));
            let of = format_ident!("{of}");
            finished.push(syn::parse_quote! {
                #[doc = #doc]
                #[repr(C)]
                pub struct #name {
                    /// First item; may be null when `count` is 0.
                    pub start: *const #of,
                    /// Number of items.
                    pub count: usize,
                }
            });
        }
        self.structs = finished;
        let Self { modules, numbers, constants, .. } = self;
        for item in constants {
            let mut plain = Plain { lists: &mut BTreeMap::new(), modules, numbers };
            item.attrs.iter_mut().for_each(|attribute| plain.visit_attribute_mut(attribute));
        }
    }

    fn header(&self, layouts: &Layouts) -> Result<String> {
        let mut source = String::new();
        for item in &self.constants {
            let _ = writeln!(source, "{}", item.to_token_stream());
        }
        for item in &self.structs {
            let _ = writeln!(source, "{}", item.to_token_stream());
        }
        let _ = writeln!(
            source,
            "{}",
            quote! {
                /// A plugin exports this function beside its header. It gives the host the plugin's
                /// module; null if the plugin doesn't want this host.
                #[unsafe(no_mangle)]
                pub unsafe extern "C" fn replay_plugin_v1(about: *const About) -> *const PlainModule {}
            }
        );
        let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
        let path = scratch.path().join("abi.rs");
        fs::write(&path, source).map_err(|error| error.to_string())?;
        let bindings = Builder::new()
            .with_src(&path)
            .with_config(self.config(layouts))
            .generate()
            .map_err(|error| format!("cbindgen: {error}"))?;
        let mut text = Vec::new();
        bindings.write(&mut text);
        let text = String::from_utf8(text).map_err(|error| error.to_string())?;
        // Trailing spaces in empty comment lines.
        Ok(text.lines().map(|line| format!("{}\n", line.trim_end())).collect())
    }

    fn config(&self, layouts: &Layouts) -> Config {
        let names: Vec<String> = self.structs.iter().map(|item| item.ident.to_string()).collect();
        let mut config = Config {
            language: Language::C,
            style: Style::Tag,
            cpp_compat: true,
            usize_is_size_t: true,
            no_includes: true,
            sys_includes: vec!["stddef.h".to_owned(), "stdint.h".to_owned()],
            pragma_once: true,
            documentation_style: DocumentationStyle::C99,
            tab_width: 4,
            line_length: 100,
            header: Some(HEAD.trim_end().to_owned()),
            after_includes: Some(format!(
                "\n// The first bytes of every header.\n#define REPLAY_MAGIC {}",
                self.magic
            )),
            trailer: Some(format!("{}\n{TRAILER}", layouts.assertions().trim_end())),
            ..Config::default()
        };
        config.export.rename = names.iter().map(|name| (name.clone(), c_name(name))).collect();
        config.export.include = names;
        config.export.include.extend(self.constants.iter().map(|item| item.ident.to_string()));
        config
    }
}

const HEAD: &str = "\
// For plugins in C. Written by `cargo xtask header` from sdk/abi; don't edit it.
//
// docs/plugin-abi.md has the rules, examples/c-plugin a plugin. What is said here of Rust's side holds for
// C's too; numbers whose meaning is a set of names are those of the constants that begin with it.
";

/// The name of structure `name` in C.
fn c_name(name: &str) -> String {
    let mut c = "replay".to_owned();
    for letter in name.trim_start_matches("Plain").chars() {
        if letter.is_uppercase() {
            c.push('_');
        }
        c.extend(letter.to_lowercase());
    }
    c
}

/// Brings types and comments into C's form.
struct Plain<'a> {
    /// Lists that came up, by the name of the structure that each becomes, and what they are of.
    lists: &'a mut BTreeMap<proc_macro2::Ident, String>,
    modules: &'a [String],
    numbers: &'a BTreeMap<String, u64>,
}

impl VisitMut for Plain<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        syn::visit_mut::visit_type_mut(self, ty);
        let Type::Path(path) = ty else { return };
        let Some(last) = path.path.segments.last() else { return };
        if last.ident == "HostRef" {
            *ty = syn::parse_quote!(*const Host);
            return;
        }
        if last.ident != "List" {
            return;
        }
        if let PathArguments::AngleBracketed(of) = &last.arguments
            && let Some(GenericArgument::Type(Type::Path(of))) = of.args.first()
            && let Some(of) = of.path.segments.last()
        {
            let name = format_ident!("{}List", of.ident);
            self.lists.insert(name.clone(), of.ident.to_string());
            *ty = syn::parse_quote!(#name);
        }
    }

    fn visit_type_array_mut(&mut self, array: &mut syn::TypeArray) {
        if let Expr::Path(path) = &array.len
            && let Some(name) = path.path.get_ident()
            && let Some(number) = self.numbers.get(&name.to_string())
        {
            let number = proc_macro2::Literal::u64_unsuffixed(*number);
            array.len = syn::parse_quote!(#number);
        }
        syn::visit_mut::visit_type_array_mut(self, array);
    }

    fn visit_bare_fn_arg_mut(&mut self, argument: &mut syn::BareFnArg) {
        syn::visit_mut::visit_bare_fn_arg_mut(self, argument);
        // A keyword in C++, whose compilers read the header too.
        if let Some((name, _)) = &mut argument.name
            && name == "new"
        {
            *name = format_ident!("new_");
        }
    }

    fn visit_attribute_mut(&mut self, attribute: &mut syn::Attribute) {
        let syn::Meta::NameValue(meta) = &attribute.meta else { return };
        let Expr::Lit(literal) = &meta.value else { return };
        let Lit::Str(text) = &literal.lit else { return };
        let text = self.words(&text.value());
        *attribute = syn::parse_quote!(#[doc = #text]);
    }
}

impl Plain<'_> {
    /// A comment with the names that C has.
    fn words(&self, text: &str) -> String {
        let mut words = String::new();
        let mut rest = text;
        while let Some((before, link)) = rest.split_once("[`") {
            let Some((path, after)) = link.split_once("`]") else { break };
            // The address of a link, if it has one.
            let after = match after.strip_prefix('(').and_then(|after| after.split_once(')')) {
                Some((_, after)) => after,
                None => after,
            };
            words.push_str(before);
            words.push_str(&self.name(path));
            rest = after;
        }
        words.push_str(rest);
        words
    }

    /// The name that C has for what Rust calls `path`.
    fn name(&self, path: &str) -> String {
        let path = path.trim_start_matches("crate::").trim_start_matches("super::");
        let is_constant = |name: &str| name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        match path.split_once("::") {
            None if self.modules.iter().any(|module| module == path) => {
                format!("REPLAY_{}_…", path.to_uppercase())
            }
            None if is_constant(path) => format!("REPLAY_{path}"),
            None => format!("struct {}", c_name(path)),
            Some((module, constant)) if is_constant(constant) => {
                format!("REPLAY_{}_{constant}", module.to_uppercase())
            }
            Some((name, field)) => format!("{}.{field}", c_name(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_kept(path: &str, made: &str) {
        let kept = fs::read_to_string(root().join(path)).unwrap_or_default();
        assert!(kept == made, "{path} isn't what sdk/abi says: run `cargo xtask header`");
    }

    #[test]
    fn the_header_and_the_pins_are_what_the_sources_say() {
        let made = make().expect("they can be made");
        assert_kept(PATH, &made.header);
        assert_kept(PINS, &made.pins);
    }
}
