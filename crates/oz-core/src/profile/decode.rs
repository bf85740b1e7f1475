//! From a tree to typed sections, by serde, with the place of each error.

use std::fmt;
use std::ops::Range;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    Visitor,
};
use serde::forward_to_deserialize_any;

use super::tree::{Member, Node, Value};
use super::{Diagnostic, ProfileError, Text, suggest};

/// What is wrong and where; the innermost place wins.
#[derive(Debug)]
pub(super) struct Error {
    kind: Kind,
    span: Option<Range<usize>>,
}

#[derive(Debug)]
enum Kind {
    UnknownKey {
        key: String,
        known: &'static [&'static str],
    },
    UnknownWord {
        word: String,
        known: &'static [&'static str],
    },
    Missing(&'static str),
    Type {
        found: String,
        expected: String,
    },
    /// A sentence and, after a line break, what to do.
    Custom(String),
}

impl Error {
    fn at(mut self, span: &Range<usize>) -> Self {
        self.span.get_or_insert_with(|| span.clone());
        self
    }

    /// The same for people.
    pub(super) fn explain(self, text: &Text) -> ProfileError {
        let span = self.span.unwrap_or(0..0);
        let at = |message| Diagnostic::new(&text.path, &text.text, span, message);
        match self.kind {
            Kind::UnknownKey { key, known } => ProfileError::Key(Box::new(
                at(format!("there is no key {key:?} here"))
                    .label(did_you_mean(&key, known))
                    .help(Some(format!("the keys here are {}", known.join(", ")))),
            )),
            Kind::UnknownWord { word, known } => ProfileError::Value(Box::new(
                at(format!(
                    "{word:?} is not one of the words that this key takes"
                ))
                .label(did_you_mean(&word, known))
                .help(Some(format!("it takes {}", known.join(", ")))),
            )),
            Kind::Missing(key) => ProfileError::Value(Box::new(
                at(format!("the key {key:?} is missing"))
                    .label("in this object")
                    .help(Some(format!("add {key:?}"))),
            )),
            Kind::Type { found, expected } => ProfileError::Value(Box::new(
                at(format!("expected {expected}, found {found}")).label(format!("not {expected}")),
            )),
            Kind::Custom(sentence) => {
                let (message, help) = sentence.split_once('\n').unwrap_or((&sentence, ""));
                let help = (!help.is_empty()).then(|| help.to_owned());
                ProfileError::Value(Box::new(at(message.to_owned()).label("here").help(help)))
            }
        }
    }
}

fn did_you_mean(written: &str, known: &[&'static str]) -> String {
    match suggest::nearest(written, known.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => "not known".to_owned(),
    }
}

/// serde's words for types are Rust's; these are JSON's.
fn in_plain_words(expected: &str) -> String {
    match expected {
        "a sequence" => "a list [ … ]".to_owned(),
        "a map" => "an object { … }".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "u32" => "a whole number, 0 or more".to_owned(),
        other if other.starts_with("struct ") => "an object { … }".to_owned(),
        other if other.contains("string") || other.contains("identifier") => "a string".to_owned(),
        other if other.contains(" enum ") || other.starts_with("enum ") => "a string".to_owned(),
        other => other.to_owned(),
    }
}

fn found(unexpected: Unexpected<'_>) -> String {
    match unexpected {
        Unexpected::Bool(_) => "true or false".to_owned(),
        Unexpected::Unsigned(n) => format!("the number {n}"),
        Unexpected::Signed(n) => format!("the number {n}"),
        Unexpected::Float(n) => format!("the number {n}"),
        Unexpected::Str(s) => format!("the string {s:?}"),
        Unexpected::Unit => "null".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "an object".to_owned(),
        other => other.to_string(),
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)
    }
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self { kind, span: None }
    }
}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Kind::Custom(message.to_string()).into()
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Kind::Type {
            found: found(unexpected),
            expected: in_plain_words(&expected.to_string()),
        }
        .into()
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Kind::UnknownKey {
            key: key.to_owned(),
            known,
        }
        .into()
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Kind::UnknownWord {
            word: word.to_owned(),
            known,
        }
        .into()
    }

    fn missing_field(key: &'static str) -> Self {
        Kind::Missing(key).into()
    }
}

impl Node {
    /// Where to point: containers may span many lines, their first character does not.
    fn pointer(&self) -> Range<usize> {
        match self.value {
            Value::List(_) | Value::Object(_) => self.span.start..self.span.start + 1,
            _ => self.span.clone(),
        }
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(b) => visitor.visit_bool(*b),
            Value::Number(digits) => {
                if let Ok(n) = digits.parse() {
                    visitor.visit_u64(n)
                } else if let Ok(n) = digits.parse() {
                    visitor.visit_i64(n)
                } else {
                    visitor.visit_f64(digits.parse().unwrap_or(f64::NAN))
                }
            }
            Value::String(string) => visitor.visit_borrowed_str(string),
            Value::List(elements) => visitor.visit_seq(Elements(elements.iter())),
            Value::Object(members) => visitor.visit_map(Members {
                rest: members.iter(),
                value: None,
            }),
        }
        .map_err(|error| error.at(&self.pointer()))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.value {
            Value::String(word) => {
                let word: StrDeserializer<'_, Error> = word.as_str().into_deserializer();
                visitor
                    .visit_enum(word)
                    .map_err(|error| error.at(&self.span))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    /// serde's structs also take lists, whose elements would have no names.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if let Value::List(_) = self.value {
            let error: Error = serde::de::Error::invalid_type(Unexpected::Seq, &visitor);
            return Err(error.at(&self.pointer()));
        }
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map identifier ignored_any
    }
}

struct Elements<'de>(std::slice::Iter<'de, Node>);

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        match self.0.next() {
            None => Ok(None),
            // Errors of the element's type arise after its own deserializer has returned.
            Some(node) => seed
                .deserialize(node)
                .map(Some)
                .map_err(|error| error.at(&node.pointer())),
        }
    }
}

struct Members<'de> {
    rest: std::slice::Iter<'de, Member>,
    value: Option<&'de Node>,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some(member) = self.rest.next() else {
            return Ok(None);
        };
        self.value = Some(&member.node);
        let key: StrDeserializer<'_, Error> = member.key.as_str().into_deserializer();
        seed.deserialize(key)
            .map(Some)
            .map_err(|error| error.at(&member.key_span))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let node = self
            .value
            .take()
            .ok_or_else(|| Error::from(Kind::Missing("value")))?;
        seed.deserialize(node)
            .map_err(|error| error.at(&node.pointer()))
    }
}
