//! Text as a tree that remembers where each value stands.

use std::collections::HashSet;
use std::ops::Range;

use jsonc_parser::ast::{ObjectPropName, Value as Ast};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::{Diagnostic, ProfileError, Text, scan};

/// A value and the bytes that it takes in its text.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub value: Value,
    pub span: Range<usize>,
}

/// What JSON can say. A number is kept as it was written.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    List(Vec<Node>),
    Object(Vec<Member>),
}

/// A key of an object with its value; no key stands twice in one object.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub key: String,
    pub key_span: Range<usize>,
    pub node: Node,
}

/// JSON as every editor knows it, with comments and trailing commas and nothing else on top.
const DIALECT: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Reads a text into a tree.
pub(super) fn read(text: &Text) -> Result<Node, ProfileError> {
    let plain = scan::without_hash_comments(text)?;
    let parsed = parse_to_ast(&plain, &CollectOptions::default(), &DIALECT).map_err(|error| {
        let range = error.range();
        let mut words = error.kind().to_string();
        if let Some(first) = words.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        ProfileError::Syntax(Box::new(
            Diagnostic::new(
                &text.path,
                &text.text,
                range.start..range.end,
                "this is not JSON with comments".to_owned(),
            )
            .label(words),
        ))
    })?;
    let root = parsed.value.ok_or_else(|| {
        ProfileError::Syntax(Box::new(
            Diagnostic::new(
                &text.path,
                &text.text,
                0..0,
                "the profile is empty".to_owned(),
            )
            .help(Some("write { } for a profile that says nothing".to_owned())),
        ))
    })?;
    convert(text, root)
}

fn convert(text: &Text, value: Ast<'_>) -> Result<Node, ProfileError> {
    let range = value.range();
    let span = range.start..range.end;
    let value = match value {
        Ast::NullKeyword(_) => Value::Null,
        Ast::BooleanLit(literal) => Value::Bool(literal.value),
        Ast::NumberLit(literal) => Value::Number(literal.value.to_owned()),
        Ast::StringLit(literal) => {
            let string = literal.value.into_owned();
            scan::refuse_hidden_in_string(text, &string, span.clone())?;
            Value::String(string)
        }
        Ast::Array(array) => Value::List(
            array
                .elements
                .into_iter()
                .map(|element| convert(text, element))
                .collect::<Result<_, _>>()?,
        ),
        Ast::Object(object) => {
            let mut seen = HashSet::new();
            let mut members = Vec::new();
            for property in object.properties {
                let range = property.name.range();
                let key_span = range.start..range.end;
                let key = match property.name {
                    ObjectPropName::String(name) => name.value.into_owned(),
                    ObjectPropName::Word(name) => name.value.to_owned(),
                };
                scan::refuse_hidden_in_string(text, &key, key_span.clone())?;
                if !seen.insert(key.clone()) {
                    return Err(twice(text, &key, key_span));
                }
                members.push(Member {
                    key,
                    key_span,
                    node: convert(text, property.value)?,
                });
            }
            Value::Object(members)
        }
    };
    Ok(Node { value, span })
}

/// Readers differ in which of two equal keys they believe, so neither is.
fn twice(text: &Text, key: &str, span: Range<usize>) -> ProfileError {
    ProfileError::Key(Box::new(
        Diagnostic::new(
            &text.path,
            &text.text,
            span,
            format!("the key {key:?} is said twice"),
        )
        .label("here for the second time")
        .help(Some("keep one of them".to_owned())),
    ))
}
