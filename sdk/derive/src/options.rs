//! `Options` for a struct: a field per option.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{
    Data, DeriveInput, Error, Expr, ExprLit, Field, Fields, Lit, LitStr, Meta, Result, Token, Type,
    parenthesized,
};

/// What `#[option(…)]` says.
#[derive(Default)]
struct Attribute {
    default: Option<Expr>,
    minimum: Option<Expr>,
    maximum: Option<Expr>,
    choices: Vec<LitStr>,
}

pub fn options(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(input, "options are a struct"));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new_spanned(input, "the fields need the options' names"));
    };
    if !input.generics.params.is_empty() {
        return Err(Error::new_spanned(&input.generics, "options have no parameters"));
    }
    let options = fields.named.iter().map(option).collect::<Result<Vec<_>>>()?;
    let declarations = options.iter().map(|(declaration, _)| declaration);
    let defaults = options.iter().map(|(_, default)| default);
    let names: Vec<_> = fields.named.iter().map(|field| &field.ident).collect();
    let name = &input.ident;
    Ok(quote! {
        #[automatically_derived]
        impl ::core::clone::Clone for #name {
            fn clone(&self) -> Self {
                *self
            }
        }

        #[automatically_derived]
        impl ::core::marker::Copy for #name {}

        #[automatically_derived]
        impl ::core::default::Default for #name {
            fn default() -> Self {
                Self { #(#names: #defaults),* }
            }
        }

        #[automatically_derived]
        impl ::sdk::Options for #name {
            const DECLARATIONS: &'static [::sdk::abi::OptionDeclaration] = &[#(#declarations),*];

            fn read(mut values: ::sdk::options::Values<'_>) -> Self {
                let default = Self::default();
                let options = Self { #(#names: values.take().unwrap_or(default.#names)),* };
                let _ = (values, #(options.#names),*);
                options
            }
        }
    })
}

/// The declaration of an option, and its default.
fn option(field: &Field) -> Result<(TokenStream, TokenStream)> {
    let name = field.ident.as_ref().expect("named fields have names").unraw().to_string();
    if !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    {
        return Err(Error::new_spanned(field, "an option's name is in lower case"));
    }
    let help = help(field);
    let attribute = attribute(field)?;
    let Attribute { default, minimum, maximum, choices } = &attribute;
    let any = quote!((::core::primitive::i64::MIN, ::core::primitive::i64::MAX));
    let ty = &field.ty;
    let declare = |value, range: &TokenStream| {
        let choices = quote!(&[#(::sdk::abi::Text::new(#choices)),*]);
        quote!(::sdk::options::declaration(#name, #help, #value, #choices, #range))
    };
    if !choices.is_empty() && default.as_ref().is_some_and(|default| !is_among(default, choices)) {
        return Err(Error::new_spanned(default, "the default is none of the choices"));
    }
    let default = || default.clone().ok_or_else(|| Error::new_spanned(field, "it needs a default"));
    match type_name(ty).as_deref() {
        Some("bool") => {
            let default = default().map_or_else(|_| quote!(false), |default| quote!(#default));
            Ok((declare(quote!(::sdk::options::boolean(#default)), &any), default))
        }
        Some("str") if !choices.is_empty() => {
            let default = default()?;
            Ok((declare(quote!(::sdk::options::choice(#default)), &any), quote!(#default)))
        }
        Some("str") => {
            let default = default()?;
            Ok((declare(quote!(::sdk::options::string(#default)), &any), quote!(#default)))
        }
        Some("Path") => {
            let default = default()?;
            let declared = declare(quote!(::sdk::options::path(#default)), &any);
            Ok((declared, quote!(::std::path::Path::new(#default))))
        }
        Some("i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32") => {
            let default = default()?;
            let bound = |given: &Option<Expr>, otherwise| match given {
                Some(bound) => quote!(#bound),
                None => otherwise,
            };
            let minimum = bound(minimum, quote!(<#ty>::MIN as ::core::primitive::i64));
            let maximum = bound(maximum, quote!(<#ty>::MAX as ::core::primitive::i64));
            let range = quote!((#minimum, #maximum));
            Ok((declare(quote!(::sdk::options::integer(#default)), &range), quote!(#default)))
        }
        _ => Err(Error::new_spanned(
            ty,
            "an option is a bool, an integer up to i64, a &'static str or a &'static std::path::Path",
        )),
    }
}

fn is_among(default: &Expr, choices: &[LitStr]) -> bool {
    match default {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            choices.iter().any(|choice| choice.value() == text.value())
        }
        // A constant: the host looks.
        _ => true,
    }
}

/// The last name of a type, behind a reference too.
fn type_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Reference(reference) => match &*reference.elem {
            Type::Path(path) => {
                let name = path.path.segments.last()?.ident.to_string();
                matches!(name.as_str(), "str" | "Path").then_some(name)
            }
            _ => None,
        },
        Type::Path(path) => {
            let name = path.path.segments.last()?.ident.to_string();
            (!matches!(name.as_str(), "str" | "Path")).then_some(name)
        }
        _ => None,
    }
}

/// The field's comment, on one line.
fn help(field: &Field) -> String {
    let lines = field.attrs.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join(" ")
}

fn attribute(field: &Field) -> Result<Attribute> {
    let mut found = Attribute::default();
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("option")) {
        attribute.parse_nested_meta(|meta| {
            let key = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            match key.as_str() {
                "default" => found.default = Some(meta.value()?.parse()?),
                "minimum" => found.minimum = Some(meta.value()?.parse()?),
                "maximum" => found.maximum = Some(meta.value()?.parse()?),
                "choices" => {
                    let content;
                    parenthesized!(content in meta.input);
                    let choices = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
                    found.choices.extend(choices);
                }
                _ => return Err(meta.error("an option has default, minimum, maximum, choices")),
            }
            Ok(())
        })?;
    }
    Ok(found)
}
