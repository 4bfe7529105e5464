//! The attributes of a struct and of its fields, parsed.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, Fields, Ident, LitInt, LitStr, Path, Result, Token,
    Type,
};

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

/// `selects(ARGUMENT, VALUE, mask = MASK)`.
pub struct Selects {
    argument: u8,
    value: u64,
    mask: u64,
}

impl Selects {
    /// The claim to those calls of `call` that are meant.
    pub fn of(&self, call: &str) -> String {
        let Self { argument, value, mask } = self;
        format!("{call}:{argument}={value:#x}/{mask:#x}")
    }
}

impl Parse for Selects {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let words = Punctuated::<Word, Token![,]>::parse_terminated(input)?;
        let words: Vec<&Word> = words.iter().collect();
        let (argument, value, mask) = match words.as_slice() {
            [Word::Number(argument), Word::Number(value)] => (argument, value, 0xffff_ffff),
            [Word::Number(argument), Word::Number(value), Word::Value(key, mask)]
                if key == "mask" =>
            {
                (argument, value, mask.base10_parse()?)
            }
            _ => return Err(input.error("selects(ARGUMENT, VALUE, mask = MASK) is expected")),
        };
        let (argument, value): (u8, u64) = (argument.base10_parse()?, value.base10_parse()?);
        if argument > 5 || value & !mask != 0 {
            return Err(input.error("no argument, or a value beyond its mask"));
        }
        Ok(Self { argument, value, mask })
    }
}

/// What `#[record(…)]` says.
pub struct RecordAttribute {
    pub syscalls: Vec<LitStr>,
    pub selects: Option<Selects>,
    pub extent: String,
    pub returns: Option<Ident>,
    pub returns_when: Option<Expr>,
    pub blocks: bool,
    pub cpus: bool,
    pub looks: bool,
    pub looks_when: Option<Expr>,
    pub changes_fs: bool,
    pub keeps_offset: bool,
    pub changes: Option<Ident>,
    pub privileged: bool,
    pub effects: Vec<&'static str>,
    pub effects_when: Option<Expr>,
    pub stream: bool,
    pub at_entry: bool,
    pub start: Option<Ident>,
    pub simulated: Option<LitStr>,
    pub partly: bool,
    pub networked: bool,
    pub refused: Option<LitStr>,
    pub hides: Option<LitStr>,
    pub encode: Option<Path>,
    pub number: Option<Expr>,
    pub strings: Vec<u8>,
    pub tail_last: Option<LitStr>,
    pub classes: Vec<LitStr>,
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

/// The expressions that are an attribute's arguments.
fn expressions(attribute: &Attribute) -> Result<Punctuated<Expr, Token![,]>> {
    attribute.parse_args_with(Punctuated::parse_terminated)
}

/// An argument of `#[holds]`.
enum Test {
    Holds(Expr),
    When(Expr),
}

impl Parse for Test {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(Ident) && input.peek2(Token![=]) {
            condition(input).map(Self::When)
        } else {
            input.parse().map(Self::Holds)
        }
    }
}

/// Parses `when = condition`.
fn condition(input: ParseStream<'_>) -> Result<Expr> {
    let key: Ident = input.parse()?;
    if key != "when" {
        return Err(Error::new_spanned(key, "expected `when = condition`"));
    }
    input.parse::<Token![=]>()?;
    input.parse()
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

fn number(attribute: &Attribute) -> Result<u8> {
    attribute.parse_args::<LitInt>()?.base10_parse()
}

/// The arguments of an attribute: `1`, `word`, `key = 1` and `when = condition`.
struct Words {
    attribute: Attribute,
    words: Vec<Word>,
}

enum Word {
    Number(LitInt),
    Flag(Ident),
    Value(Ident, LitInt),
    When(Expr),
}

impl Parse for Word {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(LitInt) {
            return Ok(Self::Number(input.parse()?));
        }
        if input.peek2(Token![=]) && input.fork().parse::<Ident>()? == "when" {
            return condition(input).map(Self::When);
        }
        let key: Ident = input.parse()?;
        if input.parse::<Option<Token![=]>>()?.is_some() {
            return Ok(Self::Value(key, input.parse()?));
        }
        Ok(Self::Flag(key))
    }
}

fn words(attribute: &Attribute) -> Result<Words> {
    let words = attribute.parse_args_with(Punctuated::<Word, Token![,]>::parse_terminated)?;
    Ok(Words { attribute: attribute.clone(), words: words.into_iter().collect() })
}

impl Words {
    fn first<T>(&self) -> Result<T>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        match self.words.first() {
            Some(Word::Number(number)) => number.base10_parse(),
            _ => Err(Error::new_spanned(&self.attribute, "the argument's number comes first")),
        }
    }

    fn value<T>(&self, name: &str) -> Result<Option<T>>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        let found = self.words.iter().find_map(|word| match word {
            Word::Value(key, value) if key == name => Some(value),
            _ => None,
        });
        found.map(LitInt::base10_parse).transpose()
    }

    fn required(&self, name: &str) -> Result<u8> {
        let missing =
            || Error::new_spanned(&self.attribute, format!("`{name} = argument` is missing"));
        self.value(name)?.ok_or_else(missing)
    }

    fn condition(&self) -> Option<Expr> {
        self.words.iter().find_map(|word| match word {
            Word::When(condition) => Some(condition.clone()),
            _ => None,
        })
    }

    fn has(&self, name: &str) -> bool {
        self.words.iter().any(|word| matches!(word, Word::Flag(flag) if flag == name))
    }
}

/// The texts in the parentheses after a word.
fn texts(meta: &ParseNestedMeta<'_>) -> Result<Punctuated<LitStr, Token![,]>> {
    let content;
    syn::parenthesized!(content in meta.input);
    Punctuated::parse_terminated(&content)
}

/// Parses `#[record(…)]`.
pub fn record_attribute(input: &DeriveInput) -> Result<RecordAttribute> {
    let attribute =
        input.attrs.iter().find(|attribute| attribute.path().is_ident("record")).ok_or_else(
            || Error::new_spanned(&input.ident, "#[record(syscall = \"…\")] is missing"),
        )?;
    let mut record = RecordAttribute {
        syscalls: Vec::new(),
        selects: None,
        extent: String::new(),
        returns: None,
        returns_when: None,
        blocks: false,
        cpus: false,
        looks: false,
        looks_when: None,
        changes_fs: false,
        keeps_offset: false,
        changes: None,
        privileged: false,
        effects: Vec::new(),
        effects_when: None,
        stream: false,
        at_entry: false,
        start: None,
        simulated: None,
        refused: None,
        hides: None,
        partly: false,
        networked: false,
        encode: None,
        number: None,
        strings: Vec::new(),
        tail_last: None,
        classes: Vec::new(),
    };
    attribute.parse_nested_meta(|meta| {
        let Some(key) = meta.path.get_ident() else { return Err(meta.error("unknown word")) };
        match key.to_string().as_str() {
            "syscall" => record.syscalls.push(meta.value()?.parse()?),
            "syscalls" => record.syscalls.extend(texts(&meta)?),
            "class" => record.classes.push(meta.value()?.parse()?),
            "classes" => record.classes.extend(texts(&meta)?),
            "selects" => {
                let content;
                syn::parenthesized!(content in meta.input);
                record.selects = Some(content.parse()?);
            }
            "extent" => record.extent = meta.value()?.parse::<LitStr>()?.value(),
            "returns" => record.returns = Some(meta.value()?.call(Ident::parse_any)?),
            "returns_when" => record.returns_when = Some(meta.value()?.parse()?),
            "at_entry" => record.at_entry = true,
            "blocks" => record.blocks = true,
            "cpus" => record.cpus = true,
            "looks" => record.looks = true,
            "looks_when" => record.looks_when = Some(meta.value()?.parse()?),
            "changes_fs" => record.changes_fs = true,
            "keeps_offset" => record.keeps_offset = true,
            "changes" => record.changes = Some(meta.value()?.parse()?),
            "privileged" => record.privileged = true,
            "lists" => record.effects.push("LISTS"),
            "maps_when" => {
                record.effects.push("MAPS");
                record.effects_when = Some(meta.value()?.parse()?);
            }
            "unmaps" => record.effects.push("UNMAPS"),
            "syncs" => record.effects.push("SYNCS"),
            "stored" => record.effects.push("STORED"),
            "loads" => record.effects.push("LOADS"),
            "loaded" => record.effects.push("LOADED"),
            "stream" => (record.blocks, record.stream) = (true, true),
            "start" => record.start = Some(meta.value()?.parse()?),
            "simulated" => record.simulated = Some(meta.value()?.parse()?),
            "refused" => record.refused = Some(meta.value()?.parse()?),
            "hides" => record.hides = Some(meta.value()?.parse()?),
            "partly" => record.partly = true,
            "networked" => record.networked = true,
            "encode" => record.encode = Some(meta.value()?.parse()?),
            "number" => record.number = Some(meta.value()?.parse()?),
            "strings" => {
                let content;
                syn::parenthesized!(content in meta.input);
                for argument in Punctuated::<LitInt, Token![,]>::parse_terminated(&content)? {
                    record.strings.push(argument.base10_parse()?);
                }
            }
            "tail_last" => record.tail_last = Some(meta.value()?.parse()?),
            _ => return Err(meta.error("unknown word")),
        }
        Ok(())
    })?;
    if record.selects.is_some() && (record.extent.is_empty() || record.syscalls.is_empty()) {
        let missing = "some of a call's calls need an extent of their own, beside the call's name";
        return Err(Error::new_spanned(attribute, missing));
    }
    if record.extent.is_empty() {
        let Some(first) = record.syscalls.first() else {
            let missing = "`syscall = \"…\"` is missing, or `extent = \"…\"` of what isn't a call";
            return Err(Error::new_spanned(attribute, missing));
        };
        record.extent = first.value();
    }
    Ok(record)
}
