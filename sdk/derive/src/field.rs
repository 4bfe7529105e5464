//! What the attributes of a struct's fields say.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Error, Expr, Fields, Ident, LitInt, Result, Token, Type};

use crate::words::{Test, condition, expressions, number, words};

/// Where a field's value is found.
pub enum Origin {
    Arg(u8),
    Return,
    Path(u8),
    String { argument: u8, limit: Option<u64> },
    Input { argument: u8, length: u8, whole: bool },
    Output { argument: u8, length: Option<u8>, filled: Filled },
    Memory { argument: u8, via: Option<u32>, after: bool, offset: u32, width: Option<u32> },
    Time { kind: Ident, argument: u8, after: bool, offset: u32 },
    Sized { argument: u8, number: Box<Expr>, table: Box<Expr> },
    Size { number: Box<Expr>, table: Box<Expr> },
    Structure(u8),
    Rows { argument: u8, count: Count, after: bool, number: String },
    Behind { argument: u8, pointer: u32, length: u32, width: u32, after: bool },
    Items { argument: u8, count: Box<Expr>, item: Box<Expr>, after: bool },
    Member { offset: u32, width: Option<u32> },
    Code { argument: u8, table: Box<Expr> },
    Test(Vec<Expr>),
    Unset,
    ElementLength,
    ElementBytes,
    ElementAddress,
    Beside(Box<Expr>),
}

/// How many bytes the kernel filled in.
pub enum Filled {
    Returned,
    Behind(u8),
    Whole,
}

/// How many I/O vectors there are.
pub enum Count {
    /// As many as this argument says.
    Argument(u8),
    /// The argument is a `struct msghdr`, which says so.
    Message,
}

/// What adds to the origin.
pub enum Modifier {
    Bits { table: Box<Expr>, when: Option<Box<Expr>> },
    Names(Box<Expr>),
    Octal,
    Hex,
    Compared,
    NotCompared,
    Added,
    Shares,
    Target,
    Environment,
    Makes,
    Removes,
    Source,
    Owner,
}

/// One field of the struct.
pub struct Field {
    pub name: Ident,
    pub ty: Type,
    /// Where its value is found, first of all.
    pub origin: Origin,
    /// When it is found there: if one of these conditions holds; always if there are none.
    pub when: Vec<Expr>,
    /// Where else it is found, and when.
    pub others: Vec<(Origin, Expr)>,
    /// When there is none after all.
    pub unless: Vec<Expr>,
    pub modifiers: Vec<Modifier>,
}

impl Field {
    /// Each place where its value may be found, with its condition.
    pub fn origins(&self) -> impl Iterator<Item = (&Origin, Option<&Expr>)> {
        let always = self.when.is_empty().then_some((&self.origin, None));
        let first = self.when.iter().map(|when| (&self.origin, Some(when)));
        let others = self.others.iter().map(|(origin, when)| (origin, Some(when)));
        always.into_iter().chain(first).chain(others)
    }

    /// The column's name: the field's, without `r#`.
    pub fn column(&self) -> String {
        self.name.unraw().to_string()
    }
}

/// The fields of a struct with named fields.
pub fn fields(input: &DeriveInput) -> Result<Vec<Field>> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(input, "a record is a struct"));
    };
    match &data.fields {
        Fields::Named(named) => named.named.iter().map(field).collect(),
        Fields::Unit => Ok(Vec::new()),
        Fields::Unnamed(_) => Err(Error::new_spanned(input, "the fields need the columns' names")),
    }
}

fn field(field: &syn::Field) -> Result<Field> {
    let name = field.ident.clone().expect("named fields have names");
    let mut origin: Option<(Origin, Option<Expr>)> = None;
    let (mut when, mut unless) = (Vec::new(), Vec::new());
    let (mut others, mut modifiers) = (Vec::new(), Vec::new());
    for attribute in &field.attrs {
        let Some(word) = attribute.path().get_ident().map(Ident::to_string) else { continue };
        let mut only = None;
        let found = match word.as_str() {
            "arg" => Origin::Arg(number(attribute)?),
            "ret" => Origin::Return,
            "pathname" => Origin::Path(number(attribute)?),
            "string" => {
                let words = words(attribute)?;
                Origin::String { argument: words.first()?, limit: words.value("limit")? }
            }
            "input" => {
                let words = words(attribute)?;
                Origin::Input {
                    argument: words.first()?,
                    length: words.required("length")?,
                    whole: words.has("whole"),
                }
            }
            "output" => {
                let words = words(attribute)?;
                let (filled, length) = match words.value("filled")? {
                    Some(argument) => (Filled::Behind(argument), words.value("length")?),
                    None if words.has("whole") => (Filled::Whole, Some(words.required("length")?)),
                    None => (Filled::Returned, Some(words.required("length")?)),
                };
                Origin::Output { argument: words.first()?, length, filled }
            }
            "before" | "after" => {
                let words = words(attribute)?;
                only = words.condition();
                Origin::Memory {
                    argument: words.first()?,
                    via: words.value("via")?,
                    after: word == "after",
                    offset: words.value("offset")?.unwrap_or(0),
                    width: words.value("width")?,
                }
            }
            "timespec" | "timeval" | "seconds" => {
                let words = words(attribute)?;
                only = words.condition();
                Origin::Time {
                    kind: Ident::new(&word, Span::call_site()),
                    argument: words.first()?,
                    after: words.has("after"),
                    offset: words.value("offset")?.unwrap_or(0),
                }
            }
            "structure" => Origin::Structure(number(attribute)?),
            "rows" => {
                let words = words(attribute)?;
                Origin::Rows {
                    argument: words.first()?,
                    count: match words.has("message") {
                        true => Count::Message,
                        false => Count::Argument(words.required("count")?),
                    },
                    after: match (words.has("before"), words.has("after")) {
                        (true, false) => false,
                        (false, true) => true,
                        _ => {
                            return Err(Error::new_spanned(
                                attribute,
                                "say whether the buffers count `before` or `after` the call",
                            ));
                        }
                    },
                    number: "iov_number".to_owned(),
                }
            }
            "items" => attribute.parse_args_with(|input: ParseStream<'_>| {
                let argument = input.parse::<LitInt>()?.base10_parse()?;
                input.parse::<Token![,]>()?;
                let count = Box::new(input.parse()?);
                input.parse::<Token![,]>()?;
                let item = Box::new(input.parse()?);
                input.parse::<Token![,]>()?;
                let moment: Ident = input.parse()?;
                let after = moment == "after";
                if !after && moment != "before" {
                    let message = "say whether the items count `before` or `after` the call";
                    return Err(Error::new_spanned(moment, message));
                }
                Ok(Origin::Items { argument, count, item, after })
            })?,
            "behind" => {
                let words = words(attribute)?;
                let required = |name: &str| {
                    let missing =
                        || Error::new_spanned(attribute, format!("`{name} = offset` is missing"));
                    words.value(name)?.ok_or_else(missing)
                };
                Origin::Behind {
                    argument: words.first()?,
                    pointer: required("pointer")?,
                    length: required("length")?,
                    width: words.value("width")?.unwrap_or(8),
                    after: words.has("after"),
                }
            }
            "member" => {
                let words = words(attribute)?;
                Origin::Member { offset: words.first()?, width: words.value("width")? }
            }
            "code" => attribute.parse_args_with(|input: ParseStream<'_>| {
                let argument = input.parse::<LitInt>()?.base10_parse()?;
                input.parse::<Token![,]>()?;
                Ok(Origin::Code { argument, table: Box::new(input.parse()?) })
            })?,
            "sized" => attribute.parse_args_with(|input: ParseStream<'_>| {
                let argument = input.parse::<LitInt>()?.base10_parse()?;
                input.parse::<Token![,]>()?;
                let number = Box::new(input.parse()?);
                input.parse::<Token![,]>()?;
                Ok(Origin::Sized { argument, number, table: Box::new(input.parse()?) })
            })?,
            "size" => attribute.parse_args_with(|input: ParseStream<'_>| {
                let number = Box::new(input.parse()?);
                input.parse::<Token![,]>()?;
                Ok(Origin::Size { number, table: Box::new(input.parse()?) })
            })?,
            "holds" => {
                let mut conditions = Vec::new();
                for word in
                    attribute.parse_args_with(Punctuated::<Test, Token![,]>::parse_terminated)?
                {
                    match word {
                        Test::Holds(condition) => conditions.push(condition),
                        Test::When(condition) => only = Some(condition),
                    }
                }
                Origin::Test(conditions)
            }
            "when" => {
                when.extend(expressions(attribute)?);
                continue;
            }
            "unless" => {
                unless.extend(expressions(attribute)?);
                continue;
            }
            "unset" => Origin::Unset,
            "length" => Origin::ElementLength,
            "bytes" => Origin::ElementBytes,
            "beside" => Origin::Beside(Box::new(attribute.parse_args()?)),
            "address" => Origin::ElementAddress,
            _ => {
                modifiers.extend(modifier(&word, attribute)?);
                continue;
            }
        };
        match (&origin, only) {
            (None, only) => origin = Some((found, only)),
            (Some((_, Some(_))), Some(only)) => others.push((found, only)),
            _ => {
                let message =
                    "a column has one origin, or several that each say `when = condition`";
                return Err(Error::new_spanned(attribute, message));
            }
        }
    }
    let (origin, only) = origin.ok_or_else(|| {
        Error::new_spanned(field, "say where the value is found, as with #[arg(0)], or #[unset]")
    })?;
    when.extend(only);
    let has_conditions =
        matches!(origin, Origin::Code { .. } | Origin::Sized { .. } | Origin::Size { .. })
            || matches!(&origin, Origin::Test(conditions) if conditions.len() > 1);
    if has_conditions && !when.is_empty() {
        let message = "this origin has conditions of its own, so that it takes no `when`";
        return Err(Error::new_spanned(field, message));
    }
    Ok(Field { name, ty: field.ty.clone(), origin, when, others, unless, modifiers })
}

fn modifier(word: &str, attribute: &Attribute) -> Result<Option<Modifier>> {
    Ok(Some(match word {
        "names" => Modifier::Names(Box::new(attribute.parse_args()?)),
        "bits" => attribute.parse_args_with(|input: ParseStream<'_>| {
            let table = Box::new(input.parse()?);
            let mut when = None;
            if input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
                when = Some(Box::new(condition(input)?));
            }
            Ok(Modifier::Bits { table, when })
        })?,
        "octal" => Modifier::Octal,
        "hex" => Modifier::Hex,
        "compared" => Modifier::Compared,
        "not_compared" => Modifier::NotCompared,
        "added" => Modifier::Added,
        "shares" => Modifier::Shares,
        "target" => Modifier::Target,
        "environment" => Modifier::Environment,
        "makes" => Modifier::Makes,
        "removes" => Modifier::Removes,
        "source" => Modifier::Source,
        "owner" => Modifier::Owner,
        _ => return Ok(None),
    }))
}
