//! `Replay` for a struct: the call again, its arguments made from the columns.

mod arguments;
mod fetches;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{DeriveInput, Error, Expr, Result};

use crate::attribute::{RecordAttribute, record_attribute};
use crate::field::{Count, Field, Origin, fields};
use crate::record::{Lives, lives};

use arguments::Arguments;
use fetches::fetch_number;

pub fn replay(input: &DeriveInput) -> Result<TokenStream> {
    let attribute = record_attribute(input)?;
    let name = &input.ident;
    let Lives { trait_lifetime, .. } = lives(input)?;
    let (_, type_generics, _) = input.generics.split_for_impl();
    let body = if attribute.simulated.is_some() && !attribute.partly {
        quote! {
            let _ = process;
            ::sdk::export::NOT_MADE
        }
    } else {
        made(input, &attribute)?
    };
    Ok(quote! {
        #[automatically_derived]
        impl<#trait_lifetime> ::sdk::Replay<#trait_lifetime> for #name #type_generics {
            #[inline]
            fn replay(&self, process: &mut ::sdk::Process<#trait_lifetime>) -> ::sdk::Replayed {
                #body
            }
        }
    })
}

fn made(input: &DeriveInput, attribute: &RecordAttribute) -> Result<TokenStream> {
    let fields = fields(input)?;
    let mut call = Arguments { words: vec![None; 6], ..Arguments::default() };
    if attribute.blocks {
        call.before.push(quote!(process.refuse_interrupted()?;));
    }
    if let Some(flags) = &attribute.reopens {
        let is_path = |field: &&Field| matches!(field.origin, Origin::Path(_));
        let Some(Field { name: path, .. }) = fields.iter().find(is_path) else {
            return Err(Error::new_spanned(flags, "what is opened again has a path"));
        };
        call.before.push(quote! {
            if let Some(replayed) = process.reopened(self.#path, self.#flags) {
                return replayed;
            }
        });
    }
    let lengths: Vec<u8> = fields.iter().filter_map(length_argument).collect();
    if attribute.stream {
        call.stream(&fields, &input.ident)?;
    }
    for (index, field) in fields.iter().enumerate() {
        call.field(field, &fields, &lengths, fetch_number(&fields, index))?;
    }
    call.memory(&fields)?;

    let arguments = call.words.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    let mut words = Vec::new();
    for (number, word) in call.words.iter().enumerate() {
        match word {
            Some(word) => words.push(word.clone()),
            None if number < arguments => {
                return Err(Error::new_spanned(
                    &input.ident,
                    format!("argument {number} is in no column: write `impl Replay` by hand"),
                ));
            }
            None => words.push(quote!(0)),
        }
    }
    let number = number(attribute)?;
    let Arguments { before, after, stream, rest, writes, .. } = call;
    let adopt = attribute
        .returns
        .as_ref()
        .filter(|returns| *returns == "descriptor")
        .map(|_| quote!(process.adopt_returned(replayed);));
    let make = match writes {
        Some(data) => quote!(::sdk::direct::write(
            #number,
            [#(#words),*],
            ::sdk::direct::Data::#data,
            recorded,
        )),
        None => quote!(::sdk::sys::call(#number, [#(#words),*])),
    };
    let made = quote! {
        // SAFETY: each word is a number, or points to memory that is this record's own and as long
        // as the arguments say, as the record's attributes declare the call.
        unsafe { #make }
    };
    let made = match stream {
        Some(direction) => quote! {
            let mut call = |done: usize| {
                #rest
                #made
            };
            let direction = ::sdk::stream::Direction::#direction;
            let replayed = match streamed {
                Some(total) => ::sdk::stream::transfer(stream, direction, total, call),
                None => ::sdk::stream::transfer_nothing(stream, direction, recorded, call),
            };
        },
        None => quote!(let replayed = #made;),
    };
    Ok(quote! {
        #(#before)*
        #made
        #adopt
        #(#after)*
        Ok(replayed)
    })
}

fn number(attribute: &RecordAttribute) -> Result<TokenStream> {
    if let Some(number) = &attribute.number {
        let number: &Expr = number;
        return Ok(quote!(#number));
    }
    let by_hand = "write `impl Replay` by hand";
    let syscall = match attribute.syscalls.as_slice() {
        [syscall] => syscall,
        [first, ..] => {
            let message = format!("the record doesn't tell which of the calls it was: {by_hand}");
            return Err(Error::new_spanned(first, message));
        }
        [] => {
            let message = format!("no call makes this record, so none replays it: {by_hand}");
            return Err(Error::new(proc_macro2::Span::call_site(), message));
        }
    };
    let number = format_ident!("SYS_{}", syscall.value());
    Ok(quote!(::sdk::libc::#number))
}

/// The argument that says how long a buffer is: the buffer passes it, not its own column.
fn length_argument(field: &Field) -> Option<u8> {
    match field.origin {
        Origin::Input { length, .. } => Some(length),
        Origin::Output { length, .. } => length,
        Origin::Rows { count: Count::Argument(count), .. } => Some(count),
        _ => None,
    }
}
