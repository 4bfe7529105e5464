//! The arguments of a field's attribute.

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Expr, Ident, LitInt, Result, Token};

pub fn words(attribute: &Attribute) -> Result<Words> {
    let words = attribute.parse_args_with(Punctuated::<Word, Token![,]>::parse_terminated)?;
    Ok(Words { attribute: attribute.clone(), words: words.into_iter().collect() })
}

/// The arguments of an attribute: `1`, `word`, `key = 1` and `when = condition`.
pub struct Words {
    attribute: Attribute,
    words: Vec<Word>,
}

impl Words {
    pub fn first<T>(&self) -> Result<T>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        match self.words.first() {
            Some(Word::Number(number)) => number.base10_parse(),
            _ => Err(Error::new_spanned(&self.attribute, "the argument's number comes first")),
        }
    }

    pub fn value<T>(&self, name: &str) -> Result<Option<T>>
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

    pub fn required(&self, name: &str) -> Result<u8> {
        let missing =
            || Error::new_spanned(&self.attribute, format!("`{name} = argument` is missing"));
        self.value(name)?.ok_or_else(missing)
    }

    pub fn condition(&self) -> Option<Expr> {
        self.words.iter().find_map(|word| match word {
            Word::When(condition) => Some(condition.clone()),
            _ => None,
        })
    }

    pub fn has(&self, name: &str) -> bool {
        self.words.iter().any(|word| matches!(word, Word::Flag(flag) if flag == name))
    }
}

pub enum Word {
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

pub fn number(attribute: &Attribute) -> Result<u8> {
    attribute.parse_args::<LitInt>()?.base10_parse()
}

/// The expressions that are an attribute's arguments.
pub fn expressions(attribute: &Attribute) -> Result<Punctuated<Expr, Token![,]>> {
    attribute.parse_args_with(Punctuated::parse_terminated)
}

/// Parses `when = condition`.
pub fn condition(input: ParseStream<'_>) -> Result<Expr> {
    let key: Ident = input.parse()?;
    if key != "when" {
        return Err(Error::new_spanned(key, "expected `when = condition`"));
    }
    input.parse::<Token![=]>()?;
    input.parse()
}

/// An argument of `#[holds]`.
pub enum Test {
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
