//! One key of a profile's text is changed, and everything else in it stays as its author wrote it: comments, order,
//! blanks.

use super::tree::{Member, Node, Value};
use super::{ProfileError, Text, document, merge};

/// How far what is inside stands in.
const INDENT: &str = "  ";

/// The text with one key (`audio.microphone`, `files.rules.~/Music`) said anew, or, without a value, not said any more.
///
/// # Errors
/// The text is no profile, as every reader of it would say. Whether the new one is, the caller has to look.
pub fn edit(
    text: &Text,
    key: &str,
    value: Option<&serde_json::Value>,
) -> Result<String, ProfileError> {
    // Read whole, so that sections are objects.
    let (root, _) = document::read(text)?;
    let depth = if merge::entry(key).is_some() { 3 } else { 2 };
    let path: Vec<&str> = key.splitn(depth, '.').collect();
    let (node, rest) = descend(&root, &path);
    let edit = match (rest, value) {
        ([], Some(value)) => Edit {
            at: node.span.clone(),
            with: value.to_string(),
        },
        ([], None) => match parent(&root, &path) {
            Some(member) => remove(&text.text, member),
            None => return Ok(text.text.clone()),
        },
        (_, None) => return Ok(text.text.clone()),
        (rest, Some(value)) => insert(&text.text, node, rest, value),
    };
    let mut new = text.text.clone();
    new.replace_range(edit.at, &edit.with);
    Ok(new)
}

/// What replaces which bytes.
struct Edit {
    at: std::ops::Range<usize>,
    with: String,
}

fn members(node: &Node) -> &[Member] {
    match &node.value {
        Value::Object(members) => members,
        _ => &[],
    }
}

/// As deep as there is something, and the names for which there is nothing.
fn descend<'a, 'b>(root: &'a Node, path: &'b [&'b str]) -> (&'a Node, &'b [&'b str]) {
    let mut node = root;
    for (index, name) in path.iter().enumerate() {
        let Some(member) = members(node).iter().find(|member| member.key == *name) else {
            return (node, &path[index..]);
        };
        node = &member.node;
    }
    (node, &[])
}

/// The member that a whole path names.
fn parent<'a>(root: &'a Node, path: &[&str]) -> Option<&'a Member> {
    let (last, above) = path.split_last()?;
    let (node, rest) = descend(root, above);
    let found = members(node).iter().find(|member| member.key == *last);
    found.filter(|_| rest.is_empty())
}

fn remove(text: &str, member: &Member) -> Edit {
    let value_end = member.node.span.end;
    let behind = Behind::look(text, value_end);
    let (mut at, mut with) = (member.key_span.start..value_end, String::new());
    if let Some(comma) = behind.comma {
        at.end = comma + 1;
        let between = &text[value_end..comma];
        if !between.trim().is_empty() {
            with = between.to_owned();
        }
    }
    // Nothing else on its lines: they go as a whole.
    let before = text[..at.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[at.end..].find('\n').map(|length| at.end + length);
    let blank = |range: std::ops::Range<usize>| text[range].trim().is_empty();
    if let Some(end) = end
        && with.is_empty()
        && blank(before..at.start)
        && blank(at.end..end)
    {
        at = before..end + 1;
    }
    Edit { at, with }
}

/// Says a value at names that are not there yet, in an object that is.
fn insert(text: &str, object: &Node, names: &[&str], value: &serde_json::Value) -> Edit {
    let line = |at: usize| text[..at].rfind('\n').map_or(0, |at| at + 1);
    if let Some(last) = members(object).last() {
        let value_end = last.node.span.end;
        let behind = Behind::look(text, value_end);
        let start = line(last.key_span.start);
        let column = &text[start..last.key_span.start];
        let ends_line = text[behind.end..].starts_with('\n');
        let new = match column.trim().is_empty() && start > 0 {
            true => format!("\n{column}{}", said(names, value, Some(column))),
            // Behind a comment that takes the rest of the line.
            false if ends_line => format!("\n{}", said(names, value, None)),
            false => format!(" {}", said(names, value, None)),
        };
        let comma = if behind.comma.is_some() { "" } else { "," };
        return Edit {
            with: format!("{comma}{}{new}", &text[value_end..behind.end]),
            at: value_end..behind.end,
        };
    }
    let start = line(object.span.start);
    let blank = |c: &char| matches!(c, ' ' | '\t');
    let outer: String = text[start..].chars().take_while(blank).collect();
    let column = format!("{outer}{INDENT}");
    let inside = object.span.start + 1..object.span.end - 1;
    let kept = text[inside.clone()].trim_end();
    Edit {
        with: format!(
            "{kept}\n{column}{}\n{outer}",
            said(names, value, Some(&column))
        ),
        at: inside,
    }
}

/// `"a": { "b": value }`, on one line or, from a column on, on as many as it has names.
fn said(names: &[&str], value: &serde_json::Value, column: Option<&str>) -> String {
    let Some((first, rest)) = names.split_first() else {
        return value.to_string();
    };
    let first = serde_json::Value::from(*first);
    match column {
        _ if rest.is_empty() => format!("{first}: {value}"),
        None => format!("{first}: {{ {} }}", said(rest, value, None)),
        Some(column) => {
            let inner = format!("{column}{INDENT}");
            let rest = said(rest, value, Some(&inner));
            format!("{first}: {{\n{inner}{rest}\n{column}}}")
        }
    }
}

/// What stands behind a value.
struct Behind {
    /// The comma, if there is one.
    comma: Option<usize>,
    /// The end of the line, if only comments and the comma are on it; else right behind the value or its comma.
    end: usize,
}

impl Behind {
    fn look(text: &str, value_end: usize) -> Self {
        let bytes = text.as_bytes();
        let (mut at, mut comma, mut end) = (value_end, None, value_end);
        while let Some(byte) = bytes.get(at) {
            match byte {
                b',' if comma.is_none() => {
                    comma = Some(at);
                    at += 1;
                    end = at;
                }
                b'\n' if comma.is_some() || !comma_follows(text, at) => {
                    return Self { comma, end: at };
                }
                byte if byte.is_ascii_whitespace() => at += 1,
                b'#' => at += line(&text[at..]),
                b'/' if text[at..].starts_with("//") => at += line(&text[at..]),
                b'/' if text[at..].starts_with("/*") => {
                    at += text[at..]
                        .find("*/")
                        .map_or(text.len() - at, |length| length + 2);
                }
                _ => break,
            }
        }
        Self { comma, end }
    }
}

/// A comma can stand on a line of its own.
fn comma_follows(text: &str, from: usize) -> bool {
    let mut rest = text[from..].trim_start();
    loop {
        let skipped = if rest.starts_with('#') || rest.starts_with("//") {
            line(rest)
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |length| length + 2)
        } else {
            return rest.starts_with(',');
        };
        rest = rest[skipped..].trim_start();
    }
}

fn line(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Catalogue, Layer, parse};
    use proptest::prelude::*;
    use serde_json::json;

    fn text(text: &str) -> Text {
        Text {
            name: "app".into(),
            layer: Layer::User,
            path: "/app.json".into(),
            text: text.into(),
            template: false,
        }
    }

    fn set(before: &str, key: &str, value: serde_json::Value) -> String {
        let new = edit(&text(before), key, Some(&value)).expect("is edited");
        parse(&text(&new)).unwrap_or_else(|error| panic!("{new}: {error}"));
        new
    }

    fn unset(before: &str, key: &str) -> String {
        let new = edit(&text(before), key, None).expect("is edited");
        parse(&text(&new)).unwrap_or_else(|error| panic!("{new}: {error}"));
        new
    }

    #[test]
    fn a_value_is_replaced_where_it_stands() {
        let before = "{ # mine\n  \"audio\": { \"microphone\": \"off\" /* quiet */ } // end\n}\n";
        assert_eq!(
            set(before, "audio.microphone", json!("on")),
            before.replace("\"off\"", "\"on\"")
        );
    }

    #[test]
    fn what_is_new_comes_last_and_comments_stay_where_they_were() {
        let before =
            "// mine\n{\n  \"audio\": {\n    \"speaker\": \"on\" // music\n  } // end\n}\n";
        assert_eq!(
            set(before, "audio.microphone", json!("ask")),
            "// mine\n{\n  \"audio\": {\n    \"speaker\": \"on\", // music\n    \"microphone\": \"ask\"\n  } // end\n}\n"
        );
        assert_eq!(
            set(before, "network.mode", json!("none")),
            "// mine\n{\n  \"audio\": {\n    \"speaker\": \"on\" // music\n  }, // end\n  \"network\": {\n    \"mode\": \"none\"\n  }\n}\n"
        );
        assert_eq!(
            set(
                "{ \"audio\": { \"speaker\": \"on\", } }",
                "audio.microphone",
                json!("on")
            ),
            "{ \"audio\": { \"speaker\": \"on\", \"microphone\": \"on\" } }"
        );
    }

    #[test]
    fn an_empty_profile_is_begun() {
        assert_eq!(
            set("{}\n", "files.rules.~/a.b", json!("read")),
            "{\n  \"files\": {\n    \"rules\": {\n      \"~/a.b\": \"read\"\n    }\n  }\n}\n"
        );
        assert_eq!(
            set("{ // nothing yet\n}\n", "audio.speaker", json!("on")),
            "{ // nothing yet\n  \"audio\": {\n    \"speaker\": \"on\"\n  }\n}\n"
        );
    }

    #[test]
    fn what_is_not_said_any_more_goes_with_its_line() {
        let before = "{\n  \"audio\": {\n    // loud\n    \"speaker\": \"on\",\n    \"microphone\": \"on\"\n  }\n}\n";
        assert_eq!(
            unset(before, "audio.speaker"),
            "{\n  \"audio\": {\n    // loud\n    \"microphone\": \"on\"\n  }\n}\n"
        );
        // A comma may be the last.
        assert_eq!(
            unset(before, "audio.microphone"),
            "{\n  \"audio\": {\n    // loud\n    \"speaker\": \"on\",\n  }\n}\n"
        );
        assert_eq!(unset(before, "network.mode"), before);
        assert_eq!(
            unset("{ \"audio\": { \"speaker\": \"on\" } }", "audio.speaker"),
            "{ \"audio\": {  } }"
        );
    }

    #[test]
    fn what_is_no_profile_is_not_edited() {
        for broken in [
            "",
            "{",
            "{ \"audio\": \u{202e} }",
            "[1] x",
            "[]",
            "{ \"audio\": 5 }",
            "{ \"audo\": {} }",
        ] {
            assert!(
                edit(&text(broken), "audio.speaker", Some(&json!("on"))).is_err(),
                "{broken}"
            );
        }
    }

    /// Blanks and comments that can stand between any two words.
    fn gap() -> impl Strategy<Value = String> {
        let one = prop_oneof![
            Just(" "),
            Just("\n"),
            Just("  "),
            Just("// c , } \"\n"),
            Just("# c { ,\n"),
            Just("/* , \" } */"),
            Just("/**/"),
        ];
        proptest::collection::vec(one, 0..4).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn whatever_stands_round_it_only_the_key_changes(
            gaps in proptest::collection::vec(gap(), 16),
            (comma, outer) in (any::<bool>(), any::<bool>()),
            key in prop_oneof![Just("audio.speaker"), Just("audio.microphone"), Just("network.mode"), Just("files.rules.~/x")],
            remove in any::<bool>(),
        ) {
            let mut gaps = gaps.into_iter();
            let mut before = String::new();
            let last = if comma { "," } else { "" };
            let after = if outer { "," } else { "" };
            for word in ["{", "\"description\"", ":", "\"x\"", ",", "\"audio\"", ":", "{", "\"speaker\"", ":", "\"off\"", last, "}", after, "}"] {
                before.push_str(word);
                before.push_str(&gaps.next().unwrap_or_default());
            }
            let value = match key {
                "network.mode" => json!("internet"),
                "files.rules.~/x" => json!("read"),
                _ => json!("on"),
            };
            let new = edit(&text(&before), key, (!remove).then_some(&value)).expect("is edited");
            let catalogue = Catalogue::new(vec![text(&new)]);
            let profile = catalogue.resolve("app");
            let profile = profile.unwrap_or_else(|error| panic!("{before}\n=>\n{new}\n{error}"));
            let said: std::collections::BTreeMap<_, _> =
                profile.explain().into_iter().map(|(key, value, _)| (key, value)).collect();
            prop_assert_eq!(&said["description"], "\"x\"");
            if !remove {
                prop_assert_eq!(&said[key], &value.to_string());
            }
            let speaker = if key == "audio.speaker" && !remove { "\"on\"" } else { "\"off\"" };
            prop_assert_eq!(&said["audio.speaker"], speaker);
            for comment in ["// c", "# c", "/* , \" } */"].into_iter().filter(|_| !remove) {
                prop_assert_eq!(new.matches(comment).count(), before.matches(comment).count());
            }
        }
    }
}
