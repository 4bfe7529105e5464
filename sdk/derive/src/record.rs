//! `Declared`, `Record` and `Element` for a struct.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{DeriveInput, Error, Expr, Lifetime, LifetimeParam, Result};

use crate::attribute::{RecordAttribute, record_attribute};
use crate::field::{Count, Field, Filled, Modifier, Origin, fields};

pub fn record(input: &DeriveInput) -> Result<TokenStream> {
    let attribute = record_attribute(input)?;
    let fields = fields(input)?;
    let name = &input.ident;
    let Lives { trait_lifetime, generics } = lives(input)?;
    let RecordAttribute { syscalls, extent, at_entry, strings, classes, .. } = &attribute;
    let syscalls = syscalls.iter().map(|syscall| match &attribute.selects {
        Some(selects) => selects.of(&syscall.value()),
        None => syscall.value(),
    });
    let returns = attribute.returns.as_ref().map_or_else(|| format_ident!("number"), Clone::clone);
    let returns = format_ident!("{}", returns.to_string().to_uppercase());
    let returns_when = attribute
        .returns_when
        .as_ref()
        .map(|condition| quote!(const RETURNS_WHEN: ::sdk::abi::Condition = #condition;));
    let RecordAttribute { blocks, cpus, changes_fs, keeps_offset, privileged, .. } = &attribute;
    let RecordAttribute { partly, networked, .. } = &attribute;
    let changes =
        attribute.changes.as_ref().map_or_else(|| format_ident!("anything"), Clone::clone);
    let changes = format_ident!("{}", changes.to_string().to_uppercase());
    let looks = match (&attribute.looks_when, attribute.looks) {
        (Some(condition), _) => quote!(#condition),
        (None, true) => quote!(::sdk::declare::ALWAYS),
        (None, false) => quote!(::sdk::declare::NEVER),
    };
    let effects = attribute.effects.iter().map(|effect| format_ident!("{effect}"));
    let effects_when = attribute
        .effects_when
        .as_ref()
        .map(|condition| quote!(const EFFECTS_WHEN: ::sdk::abi::Condition = #condition;));
    let start = attribute.start.as_ref().map_or_else(|| format_ident!("none"), Clone::clone);
    let start = format_ident!("{}", start.to_string().to_uppercase());
    let text =
        |text: &Option<syn::LitStr>| text.as_ref().map_or_else(String::new, syn::LitStr::value);
    let simulated = text(&attribute.simulated);
    let (refused, hides) = (text(&attribute.refused), text(&attribute.hides));
    let encode = attribute.encode.as_ref().map(|function| {
        quote! {
            const ENCODE: ::core::option::Option<::sdk::EncodeFn> = {
                unsafe extern "C" fn encode(
                    event: *const ::sdk::abi::Event,
                    sink: *const ::sdk::abi::RowSink,
                ) -> u32 {
                    // SAFETY: the host passes what `Call::encode` promises.
                    unsafe { ::sdk::export::encode(event, sink, #function) }
                }
                ::core::option::Option::Some(encode)
            };
        }
    });
    let declarations = fields.iter().map(declaration).collect::<Result<Vec<_>>>()?;
    let tail_last = attribute.tail_last.as_ref().map(|column| quote!(d.tail_last(#column);));
    let (_, type_generics, _) = input.generics.split_for_impl();
    let reads = fields.iter().map(read);
    // A column that no replay looks at is still the trace's: its field counts as read.
    let names: Vec<_> = fields.iter().map(|field| &field.name).collect();
    Ok(quote! {
        #[automatically_derived]
        impl #generics ::sdk::Declared for #name #type_generics {
            const EXTENT: &'static str = #extent;
            const SYSCALLS: &'static [&'static str] = &[#(#syscalls),*];
            const RETURNS: u32 = ::sdk::abi::returns::#returns;
            #returns_when
            const BLOCKS: bool = #blocks;
            const CPUS: bool = #cpus;
            const LOOKS: ::sdk::abi::Condition = #looks;
            const CHANGES_FS: bool = #changes_fs;
            const KEEPS_OFFSET: bool = #keeps_offset;
            const CHANGES: u32 = ::sdk::abi::changes::#changes;
            const PRIVILEGED: bool = #privileged;
            const EFFECTS: u32 = 0 #(| ::sdk::abi::effect::#effects)*;
            #effects_when
            const AT_ENTRY: bool = #at_entry;
            const START: u32 = ::sdk::abi::start::#start;
            const SIMULATED: &'static str = #simulated;
            const PARTLY: bool = #partly;
            const NETWORKED: bool = #networked;
            const CLASSES: &'static [&'static str] = &[#(#classes),*];
            const REFUSED: &'static str = #refused;
            const HIDES: &'static str = #hides;
            #encode

            fn declare(d: &mut ::sdk::declare::Declaration) {
                #(#declarations)*
                #(d.strings(#strings);)*
                #tail_last
                let _ = d;
            }
        }

        #[automatically_derived]
        impl<#trait_lifetime> ::sdk::Record<#trait_lifetime> for #name #type_generics {
            #[inline]
            fn read(fields: &mut ::sdk::Fields<#trait_lifetime>) -> Self {
                let record = Self { #(#reads),* };
                let _ = (fields, #(&record.#names),*);
                record
            }
        }
    })
}

pub fn element(input: &DeriveInput) -> Result<TokenStream> {
    let fields = fields(input)?;
    let name = &input.ident;
    let Lives { trait_lifetime, .. } = lives(input)?;
    let (_, type_generics, _) = input.generics.split_for_impl();
    let declarations = fields.iter().map(declaration).collect::<Result<Vec<_>>>()?;
    let reads = fields.iter().map(read);
    let names = fields.iter().map(|field| &field.name);
    let count = fields.len();
    let find = |is: fn(&Origin) -> bool| {
        fields.iter().find(|field| is(&field.origin)).map(|field| &field.name)
    };
    let length = match find(|origin| matches!(origin, Origin::ElementLength)) {
        Some(field) => quote!(::sdk::value::number(self.#field)),
        None => quote!(0),
    };
    let bytes = match find(|origin| matches!(origin, Origin::ElementBytes)) {
        Some(field) => quote!(self.#field),
        None => quote!(::core::option::Option::None),
    };
    Ok(quote! {
        #[automatically_derived]
        impl<#trait_lifetime> ::sdk::Element<#trait_lifetime> for #name #type_generics {
            const COLUMNS: usize = #count;

            fn length(&self) -> i64 {
                #length
            }

            fn bytes(&self) -> ::core::option::Option<&#trait_lifetime [u8]> {
                #bytes
            }

            fn declare(d: &mut ::sdk::declare::Declaration) {
                #(#declarations)*
            }

            #[inline]
            fn read(fields: &mut ::sdk::Fields<#trait_lifetime>) -> Self {
                let element = Self { #(#reads),* };
                let _ = (#(&element.#names,)*);
                element
            }
        }
    })
}

/// The lifetime of the trace in the struct, or one for the trait alone.
pub struct Lives {
    pub trait_lifetime: Lifetime,
    pub generics: TokenStream,
}

pub fn lives(input: &DeriveInput) -> Result<Lives> {
    let mut lifetimes = input.generics.lifetimes();
    let lives = match lifetimes.next() {
        Some(LifetimeParam { lifetime, .. }) => {
            Lives { trait_lifetime: lifetime.clone(), generics: quote!(<#lifetime>) }
        }
        None => Lives {
            trait_lifetime: Lifetime::new("'t", proc_macro2::Span::call_site()),
            generics: quote!(),
        },
    };
    if lifetimes.next().is_some() || input.generics.type_params().next().is_some() {
        return Err(Error::new_spanned(&input.generics, "a record has at most one lifetime"));
    }
    Ok(lives)
}

fn declaration(field: &Field) -> Result<TokenStream> {
    let name = field.column();
    let ty = static_type(&field.ty);
    let column = quote!(d.column::<#ty>(#name));
    let origins = field.origins().map(|(origin, when)| {
        let when = when.map(|when: &Expr| quote!(.when(#when)));
        let origin = source(origin);
        quote!(#when #origin)
    });
    let origins: TokenStream = match &field.origin {
        Origin::Structure(argument) => {
            return Ok(quote!(<#ty as ::sdk::group::Group>::declare(d, #argument);));
        }
        Origin::Rows { argument, count, after, number } => {
            let moment = moment(*after);
            let vectors = match count {
                Count::Argument(count) => quote!(d.vectors(#argument, #count, #moment, #number);),
                Count::Message => quote!(d.message_vectors(#argument, #moment, #number);),
            };
            return Ok(quote! {
                <#ty as ::sdk::Elements>::declare(d);
                #vectors
            });
        }
        Origin::Items { argument, count, item, after } => {
            let moment = moment(*after);
            return Ok(quote! {
                <#ty as ::sdk::Elements>::declare(d);
                d.structures(#argument, #count, #item, #moment, "item_number");
            });
        }
        _ => origins.collect(),
    };
    let unless = &field.unless;
    let unless = quote!(#(.unless(#unless))*);
    let modifiers = field.modifiers.iter().map(|modifier| match modifier {
        Modifier::Bits { table, when: None } => quote!(.bits(#table)),
        Modifier::Bits { table, when: Some(when) } => quote!(.bits_when(#table, #when)),
        Modifier::Names(table) => {
            quote!(.bits(#table).shown(::sdk::abi::display::NAMES))
        }
        Modifier::Octal => quote!(.shown(::sdk::abi::display::OCTAL)),
        Modifier::Hex => quote!(.shown(::sdk::abi::display::HEX)),
        Modifier::Compared => quote!(.compared()),
        Modifier::NotCompared => quote!(.not_compared()),
        Modifier::Added => quote!(.added()),
        Modifier::Shares => quote!(.shares()),
        Modifier::Target => quote!(.target()),
        Modifier::Environment => quote!(.environment()),
        Modifier::Makes => quote!(.makes()),
        Modifier::Removes => quote!(.removes()),
        Modifier::Source => quote!(.taken_from()),
        Modifier::Owner => quote!(.owner()),
    });
    Ok(quote!(let _ = #column #unless #origins #(#modifiers)*;))
}

/// The call that adds `origin` to a column's declaration.
fn source(origin: &Origin) -> TokenStream {
    match origin {
        Origin::Arg(argument) => quote!(.number(::sdk::declare::arg(#argument))),
        Origin::Return => quote!(.number(::sdk::declare::ret())),
        Origin::Path(argument) => quote!(.string(#argument)),
        Origin::String { argument, limit } => {
            let limit = limit.unwrap_or(4096);
            quote!(.string_up_to(#argument, #limit))
        }
        Origin::Input { argument, length, whole: false } => {
            quote!(.input(#argument, ::sdk::declare::arg(#length)))
        }
        Origin::Input { argument, length, whole: true } => {
            quote!(.input_whole(#argument, ::sdk::declare::arg(#length)))
        }
        Origin::Output { argument, length, filled } => match filled {
            Filled::Returned => quote!(.output(#argument, ::sdk::declare::ret())),
            Filled::Behind(pointer) => quote!(.output_filled(#argument, #pointer)),
            Filled::Whole => quote!(.output(#argument, ::sdk::declare::arg(#length))),
        },
        Origin::Memory { argument, via, after, offset, width } => {
            let moment = moment(*after);
            match (via, width) {
                (Some(via), _) => quote!(.memory_via(#argument, #via, #moment, #offset)),
                (None, Some(width)) => {
                    quote!(.memory_of_width(#argument, #moment, #offset, #width))
                }
                (None, None) => quote!(.memory(#argument, #moment, #offset)),
            }
        }
        Origin::Time { kind, argument, after, offset } => {
            let moment = moment(*after);
            quote!(.#kind(#argument, #moment, #offset))
        }
        Origin::Sized { argument, number, table } => quote!(.sized(#argument, #number, #table)),
        Origin::Size { number, table } => quote!(.size(#number, #table)),
        Origin::Code { argument, table } => {
            quote!(.code(::sdk::declare::arg(#argument), #table))
        }
        Origin::Test(conditions) => match conditions.as_slice() {
            [condition] => quote!(.test(#condition)),
            conditions => quote!(.test_any(&[#(#conditions),*])),
        },
        Origin::Unset => quote!(),
        Origin::ElementLength => quote!(.element_length()),
        Origin::ElementBytes => quote!(.element_bytes()),
        Origin::ElementAddress => quote!(.element_address()),
        Origin::Beside(item) => quote!(.beside(#item)),
        Origin::Behind { argument, pointer, length, width, after } => {
            let moment = moment(*after);
            quote!(.behind(#argument, #pointer, (#length, #width), #moment))
        }
        Origin::Member { offset, width: Some(width) } => quote!(.member(#offset, #width)),
        Origin::Member { offset, width: None } => quote!(.member_at(#offset)),
        Origin::Structure(_) | Origin::Rows { .. } | Origin::Items { .. } => quote!(),
    }
}

pub fn moment(after: bool) -> TokenStream {
    let moment = if after { format_ident!("After") } else { format_ident!("Before") };
    quote!(::sdk::declare::Moment::#moment)
}

fn read(field: &Field) -> TokenStream {
    let Field { name, ty, .. } = field;
    match field.origin {
        Origin::Structure(_) => quote! {
            #name: {
                fields.skip(<#ty as ::sdk::group::Group>::COLUMNS);
                ::core::default::Default::default()
            }
        },
        Origin::Rows { .. } | Origin::Items { .. } => quote!(#name: {
            let rows = fields.rows();
            fields.skip(1);
            rows
        }),
        _ => quote!(#name: fields.take()),
    }
}

/// The type with its lifetimes made `'static`, for places that only look at its constants.
fn static_type(ty: &syn::Type) -> TokenStream {
    fn replace(stream: TokenStream) -> TokenStream {
        use proc_macro2::{Group, Ident, TokenTree};
        let mut after_quote = false;
        let tokens = stream.into_iter().map(|token| match token {
            TokenTree::Ident(ident) if after_quote => {
                after_quote = false;
                TokenTree::Ident(Ident::new("static", ident.span()))
            }
            TokenTree::Group(group) => {
                TokenTree::Group(Group::new(group.delimiter(), replace(group.stream())))
            }
            other => {
                after_quote = matches!(&other, TokenTree::Punct(p) if p.as_char() == '\'');
                other
            }
        });
        tokens.collect()
    }
    replace(quote!(#ty))
}
