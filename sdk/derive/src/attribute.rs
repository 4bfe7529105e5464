//! What the attribute of the struct itself says: `#[record(…)]`.

use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{DeriveInput, Error, Expr, Ident, LitInt, LitStr, Path, Result, Token};

use crate::words::Word;

/// What `#[record(…)]` says.
#[derive(Default)]
pub struct RecordAttribute {
    pub syscalls: Vec<LitStr>,
    pub selects: Option<Selects>,
    pub extent: String,
    pub returns: Option<Ident>,
    pub returns_when: Option<Expr>,
    pub blocks: bool,
    pub reopens: Option<Ident>,
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

/// Parses `#[record(…)]`.
pub fn record_attribute(input: &DeriveInput) -> Result<RecordAttribute> {
    let attribute =
        input.attrs.iter().find(|attribute| attribute.path().is_ident("record")).ok_or_else(
            || Error::new_spanned(&input.ident, "#[record(syscall = \"…\")] is missing"),
        )?;
    let mut record = RecordAttribute::default();
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
            "reopens" => record.reopens = Some(meta.value()?.parse()?),
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

/// The texts in the parentheses after a word.
fn texts(meta: &ParseNestedMeta<'_>) -> Result<Punctuated<LitStr, Token![,]>> {
    let content;
    syn::parenthesized!(content in meta.input);
    Punctuated::parse_terminated(&content)
}
