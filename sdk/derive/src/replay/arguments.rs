//! The words that a call is made with.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Error, Result, Type};

use super::fetches::fetch_after;
use crate::field::{Count, Field, Filled, Origin};

/// The words of the call, and what has to happen before and after it.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) words: Vec<Option<TokenStream>>,
    pub(super) before: Vec<TokenStream>,
    pub(super) after: Vec<TokenStream>,
    /// Which way data moves, where the descriptor may be a stream's.
    pub(super) stream: Option<syn::Ident>,
    /// What comes before each of a stream's calls.
    pub(super) rest: TokenStream,
    /// How a call on a descriptor is given what it writes.
    pub(super) writes: Option<syn::Ident>,
}

impl Arguments {
    /// The call moves data through the descriptor that comes first among its fields.
    pub(super) fn stream(&mut self, fields: &[Field], record: &syn::Ident) -> Result<()> {
        let moves = fields.iter().find_map(|field| match field.origin {
            Origin::Input { .. } | Origin::Rows { after: false, .. } => Some("Write"),
            Origin::Output { .. } | Origin::Rows { after: true, .. } => Some("Read"),
            _ => None,
        });
        let is_descriptor = |field: &&Field| matches!(field.origin, Origin::Arg(_));
        let descriptor = fields.iter().find(is_descriptor).map(|field| &field.name);
        let (Some(moves), Some(descriptor)) = (moves, descriptor) else {
            let message = "a stream has a descriptor, and data that moves through it";
            return Err(Error::new_spanned(record, message));
        };
        self.stream = Some(format_ident!("{moves}"));
        self.before.push(quote! {
            let descriptor = ::sdk::Fd(::sdk::value::number(self.#descriptor) as i32);
            let stream = process.fd(descriptor)?;
            let streamed = process.streamed(descriptor);
            let recorded = process.recorded();
        });
        Ok(())
    }

    pub(super) fn field(
        &mut self,
        field: &Field,
        fields: &[Field],
        lengths: &[u8],
        fetch: u32,
    ) -> Result<()> {
        let Field { name, ty, .. } = field;
        match &field.origin {
            Origin::Arg(argument) if lengths.contains(argument) => {}
            Origin::Arg(argument) => {
                let word = format_ident!("word{argument}");
                self.before.push(if is_dirfd(ty) {
                    let path = path_after(fields, *argument, field)?;
                    quote!(let #word = process.dirfd(self.#name, self.#path)? as isize as usize;)
                } else {
                    quote!(let #word = ::sdk::Argument::word(self.#name, process)?;)
                });
                self.set(*argument, quote!(#word));
            }
            Origin::Path(argument) | Origin::String { argument, .. } => {
                let word = format_ident!("word{argument}");
                self.before.push(quote!(let #word = ::sdk::Argument::word(self.#name, process)?;));
                self.set(*argument, quote!(#word));
            }
            Origin::Input { argument, length, whole } => {
                let size = argument_column(fields, *length, field)?;
                let (word, room) = (format_ident!("word{argument}"), format_ident!("word{length}"));
                let input =
                    if *whole { format_ident!("input_whole") } else { format_ident!("input") };
                self.before.push(quote! {
                    let (#word, #room) = process.#input(
                        u32::from(#argument),
                        self.#name,
                        ::sdk::value::number(self.#size),
                    )?;
                });
                self.buffer(*argument, *length);
                if !whole && (*argument, *length) == (1, 2) {
                    self.writes(fields, "Buffer");
                }
            }
            Origin::Output { argument, length, filled } => {
                let length = length.ok_or_else(|| beyond(name))?;
                let size = argument_column(fields, length, field)?;
                let (word, room) = (format_ident!("word{argument}"), format_ident!("word{length}"));
                let size = quote!(::sdk::value::number(self.#size));
                let size = match self.stream {
                    Some(_) => quote!(streamed.map_or(#size, |moved| moved as i64)),
                    None => size,
                };
                self.before.push(quote! {
                    let (#word, #room) = process.output(u32::from(#argument), #size)?;
                });
                self.buffer(*argument, length);
                let filled = match filled {
                    Filled::Returned => quote!(count as usize),
                    Filled::Whole => quote!(#room),
                    Filled::Behind(_) => return Err(beyond(name)),
                };
                self.after.push(quote! {
                    if let Ok(count) = replayed && process.verifies() && #word != 0 {
                        let _ = count;
                        // SAFETY: the kernel filled in no more than the room it was given, which is
                        // this record's until its replay ends.
                        let filled = unsafe {
                            ::core::slice::from_raw_parts(#word as *const u8, (#filled).min(#room))
                        };
                        process.returned(#fetch, filled);
                    }
                });
            }
            Origin::Structure(argument) => {
                let word = format_ident!("word{argument}");
                let size = quote!(<#ty as ::sdk::group::Group>::SIZE);
                self.before.push(quote! {
                    let #word = process.output(u32::from(#argument), #size as i64)?.0;
                });
                self.set(*argument, quote!(#word));
                self.after.push(quote! {
                    if replayed.is_ok() && process.verifies() && #word != 0 {
                        // SAFETY: the room is as long as the structure, and this record's until its
                        // replay ends.
                        let filled =
                            unsafe { ::core::slice::from_raw_parts(#word as *const u8, #size) };
                        process.returned(#fetch, filled);
                    }
                });
            }
            Origin::Sized { .. } | Origin::Memory { via: Some(_), .. } => return Err(beyond(name)),
            Origin::Return
            | Origin::Code { .. }
            | Origin::Size { .. }
            | Origin::Test(_)
            | Origin::Unset
            | Origin::Memory { .. }
            | Origin::Time { .. } => {}
            Origin::Rows { argument, count: Count::Argument(count), after, .. } => {
                let limit = if self.stream.is_some() { quote!(streamed) } else { quote!(None) };
                self.before.push(if *after {
                    quote! {
                        let vectors =
                            process.output_vectors(u32::from(#argument), &self.#name, #limit)?;
                    }
                } else {
                    quote! {
                        let vectors = process.input_vectors(u32::from(#argument), &self.#name)?;
                    }
                });
                if *after {
                    self.after.push(quote! {
                        if let Ok(moved) = replayed && process.verifies() {
                            process.returned_items(#fetch, vectors.filled(moved as usize));
                        }
                    });
                }
                if self.stream.is_none() {
                    self.before.push(quote!(let rest = vectors.after(0);));
                }
                self.rest = quote!(let rest = vectors.after(done););
                self.set(*argument, quote!(rest.as_ptr() as usize));
                self.set(*count, quote!(rest.len()));
                if !after && (*argument, *count) == (1, 2) {
                    self.writes(fields, "Vectors");
                }
            }
            Origin::Rows { count: Count::Message, .. } => {
                return Err(Error::new_spanned(
                    name,
                    "messages are beyond the derive: write `impl Replay` by hand",
                ));
            }
            Origin::Items { .. } | Origin::Behind { .. } => return Err(beyond(name)),
            Origin::ElementLength
            | Origin::ElementBytes
            | Origin::ElementAddress
            | Origin::Beside(_)
            | Origin::Member { .. } => {
                return Err(Error::new_spanned(name, "only an element has this"));
            }
        }
        Ok(())
    }

    /// Small structures behind a pointer: numbers going in, numbers coming out.
    pub(super) fn memory(&mut self, fields: &[Field]) -> Result<()> {
        let mut arguments: Vec<u8> = fields.iter().filter_map(memory_argument).collect();
        arguments.sort_unstable();
        arguments.dedup();
        for argument in arguments {
            let members = fields.iter().filter(|field| memory_argument(field) == Some(argument));
            let (mut inputs, mut outputs, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
            for Field { name, ty, origin, .. } in members {
                if let Origin::Time { after: true, .. } = origin {
                    return Err(beyond(name));
                }
                if let Origin::Time { kind, offset, .. } = origin {
                    let time = quote!(::core::option::Option::<::sdk::Tfrac>::from(self.#name));
                    if kind == "seconds" {
                        inputs.push(quote!((#offset, 8, #time.map(::sdk::Tfrac::seconds))));
                        sizes.push(quote!(#offset + 8));
                        continue;
                    }
                    let parts = quote!(#time.map(::sdk::Tfrac::#kind));
                    inputs.push(quote!((#offset, 8, #parts.map(|(seconds, _)| seconds))));
                    inputs.push(quote!((#offset + 8, 8, #parts.map(|(_, fraction)| fraction))));
                    sizes.push(quote!(#offset + 16));
                    continue;
                }
                let Origin::Memory { after, offset, width, .. } = origin else { continue };
                let width = match width {
                    Some(width) => quote!(#width),
                    None => quote!(<#ty as ::sdk::Value<'static>>::WIDTH),
                };
                sizes.push(quote!(#offset + #width));
                if *after {
                    outputs.push(quote! {
                        let number = replayed.is_ok().then(|| memory.number(#offset, #width));
                        ::sdk::Value::settle(self.#name, process, number);
                    });
                } else {
                    inputs.push(quote!((#offset, #width, ::sdk::Number::number(self.#name))));
                }
            }
            let (word, memory) =
                (format_ident!("word{argument}"), format_ident!("memory{argument}"));
            let fraction = |field: &Field| matches!(&field.origin, Origin::Time { kind, .. } if kind != "seconds");
            if fields
                .iter()
                .any(|field| memory_argument(field) == Some(argument) && fraction(field))
            {
                // A column has a time even where the program gave an impossible fraction of a second.
                self.before.push(quote! {
                    if process.recorded().errno == ::sdk::libc::EINVAL {
                        return Err(::sdk::Skip::NOT_CAPTURED);
                    }
                });
            }
            self.before.push(quote! {
                let #memory = process.memory(
                    u32::from(#argument),
                    [#(#sizes),*].into_iter().max().unwrap_or(0),
                    &[#(#inputs),*],
                )?;
                let #word = #memory.address();
            });
            self.set(argument, quote!(#word));
            if let Some(fetch) = fetch_after(fields, argument) {
                self.after.push(quote! {
                    let memory = &#memory;
                    #(#outputs)*
                    if replayed.is_ok() {
                        process.returned(#fetch, memory.bytes());
                    }
                });
            }
        }
        Ok(())
    }

    /// The call is given `data` as its second and third argument. Its first one is a descriptor.
    fn writes(&mut self, fields: &[Field], data: &str) {
        let first =
            |field: &Field| matches!(field.origin, Origin::Arg(0)) && is_descriptor(&field.ty);
        if !fields.iter().any(first) {
            return;
        }
        self.writes = Some(format_ident!("{data}"));
        if self.stream.is_none() {
            self.before.push(quote!(let recorded = process.recorded();));
        }
    }

    /// The words of a buffer and its length; of a stream's, what hasn't moved yet.
    fn buffer(&mut self, argument: u8, length: u8) {
        let (word, room) = (format_ident!("word{argument}"), format_ident!("word{length}"));
        let (word, room) = match self.stream {
            Some(_) => (quote!(#word + done), quote!(#room - done)),
            None => (quote!(#word), quote!(#room)),
        };
        self.set(argument, word);
        self.set(length, room);
    }

    fn set(&mut self, argument: u8, word: TokenStream) {
        self.words[usize::from(argument)] = Some(word);
    }
}

fn memory_argument(field: &Field) -> Option<u8> {
    match field.origin {
        Origin::Memory { argument, .. } | Origin::Time { argument, .. } => Some(argument),
        _ => None,
    }
}

fn beyond(name: &syn::Ident) -> Error {
    Error::new_spanned(name, "this origin is beyond the derive: write `impl Replay` by hand")
}

fn is_dirfd(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|s| s.ident == "DirFd"))
}

/// Whether `ty` is `Fd` or `Option<Fd>`.
fn is_descriptor(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.segments.last().is_some_and(|last| match &last.arguments {
        syn::PathArguments::AngleBracketed(inner) => inner
            .args
            .iter()
            .any(|one| matches!(one, syn::GenericArgument::Type(ty) if is_descriptor(ty))),
        _ => last.ident == "Fd",
    })
}

/// The path that is looked up from the directory in argument `dirfd`: the next argument's.
fn path_after(fields: &[Field], dirfd: u8, at: &Field) -> Result<syn::Ident> {
    let found = fields
        .iter()
        .find(|field| matches!(field.origin, Origin::Path(argument) if argument == dirfd + 1));
    let missing = || Error::new_spanned(&at.name, "a DirFd is followed by the path it is for");
    Ok(found.ok_or_else(missing)?.name.clone())
}

/// The column that holds argument `number`.
fn argument_column(fields: &[Field], number: u8, at: &Field) -> Result<syn::Ident> {
    let found = fields
        .iter()
        .find(|field| matches!(field.origin, Origin::Arg(argument) if argument == number));
    let missing =
        || Error::new_spanned(&at.name, format!("the length, argument {number}, is in no column"));
    Ok(found.ok_or_else(missing)?.name.clone())
}
