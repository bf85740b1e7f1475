//! Rules about the user's files: paths and patterns of paths, and what an app may do there.
//!
//! A rule names a place: below the home (`~/Music`), in a well-known directory (`xdg:DOWNLOAD`,
//! `xdg:DOCUMENTS/Work`), or absolutely. `*` and `?` stand for parts of one name. Of the rules that hold
//! for a file the one with the most specific path decides, which is the deepest.

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::suggest;
use crate::plan::Effect;

/// What a rule says of its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What an app may do there.
    pub effect: Effect,
    /// It is no error if the place does not exist.
    pub optional: bool,
    /// A launch makes a directory of it if it does not exist.
    pub make: bool,
}

/// A rule with more than one word.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Whole {
    /// What an app may do there.
    access: Effect,
    /// It is no error if the place does not exist.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    optional: bool,
    /// A launch makes a directory of it if it does not exist: a folder that the app shares with its user.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    make: bool,
}

/// How a rule is written, for the schema.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code)] // only its shape is wanted
enum Said {
    Word(Effect),
    Whole(Whole),
}

impl JsonSchema for Rule {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rule".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Said::json_schema(generator)
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.optional && !self.make {
            return self.effect.serialize(serializer);
        }
        let whole = Whole {
            access: self.effect,
            optional: self.optional,
            make: self.make,
        };
        whole.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Rule;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("\"read\", \"write\", \"copy-on-write\", \"hide\" or an object { … }")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Rule, E> {
                let known = Effect::WORDS.iter().find(|(known, _)| *known == word);
                let effect = known.ok_or_else(|| {
                    E::unknown_variant(word, const { &["read", "write", "copy-on-write", "hide"] })
                })?;
                Ok(Rule {
                    effect: effect.1,
                    optional: false,
                    make: false,
                })
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Rule, M::Error> {
                let whole = Whole::deserialize(MapAccessDeserializer::new(map))?;
                if whole.make && whole.access == Effect::Hide {
                    return Err(M::Error::custom(
                        "what is hidden is not made\nleave \"make\" out, or show it",
                    ));
                }
                Ok(Rule {
                    effect: whole.access,
                    optional: whole.optional,
                    make: whole.make,
                })
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// Where a rule's path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Base {
    /// In the home directory.
    Home,
    /// In one of [`XDG_NAMES`].
    Xdg(&'static str),
    /// At the root.
    Root,
}

/// The place that a rule is about, or a pattern of places.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct RulePath {
    text: String,
    base: Base,
    /// Where in the text the names below the base begin.
    below: usize,
}

/// The user's well-known directories that a rule can name after `xdg:`.
pub const XDG_NAMES: &[&str] = &[
    "DESKTOP",
    "DOCUMENTS",
    "DOWNLOAD",
    "MUSIC",
    "PICTURES",
    "PUBLICSHARE",
    "TEMPLATES",
    "VIDEOS",
];

/// Longest path, in bytes.
const MAX_PATH: usize = 3072;

/// Where the system's files are, which every sandbox shows or does not whatever rules say.
const SYSTEM: &[&str] = &[
    "bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "sbin", "sys", "usr",
];

/// Most names of one path that are patterns: each one multiplies what has to be looked at.
const MAX_PATTERNS: usize = 4;

impl RulePath {
    /// As the profile says it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where it starts.
    pub fn base(&self) -> Base {
        self.base
    }

    /// The names below that; none for a well-known directory as a whole.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let below = &self.text[self.below..];
        below.split('/').filter(|name| !name.is_empty())
    }

    /// It may stand for any number of places.
    pub fn is_pattern(&self) -> bool {
        self.names().any(is_pattern)
    }
}

/// Whether a name of a rule's path stands for more than itself.
pub fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?'])
}

/// Whether a pattern stands for a name of the host, which need not be UTF-8. `*` is any number of
/// characters, `?` is one. At its start they stand for a dot only `with_hidden`: in a shell `*` leaves out what is
/// hidden, too.
pub fn matches(pattern: &str, name: &[u8], with_hidden: bool) -> bool {
    if name.starts_with(b".") && !pattern.starts_with('.') && !with_hidden {
        return false;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let name = characters(name);
    // The last `*` that was met and what of the name it was tried with so far.
    let mut star: Option<(usize, usize)> = None;
    let (mut p, mut n) = (0, 0);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some('?') => (p, n) = (p + 1, n + 1),
            Some(c) if name[n] == Some(*c) => (p, n) = (p + 1, n + 1),
            _ => match star {
                Some((at, tried)) => {
                    star = Some((at, tried + 1));
                    (p, n) = (at + 1, tried + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// The characters of a name; what is none stands for itself alone.
fn characters(name: &[u8]) -> Vec<Option<char>> {
    let chunks = name.utf8_chunks();
    chunks
        .flat_map(|chunk| {
            let valid = chunk.valid().chars().map(Some);
            valid.chain(chunk.invalid().iter().map(|_| None))
        })
        .collect()
}

impl TryFrom<String> for RulePath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.len() > MAX_PATH {
            return Err(format!(
                "the path is longer than {MAX_PATH} bytes\nname a directory above it"
            ));
        }
        let (base, below) = start(&text)?;
        if text.ends_with('/') {
            return Err(format!(
                "the path ends with a slash\nwrite {:?}",
                text.trim_end_matches('/')
            ));
        }
        let names = &text[below..];
        if !names.is_empty() {
            names.split('/').try_for_each(sound)?;
        }
        let patterns = names.split('/').filter(|name| is_pattern(name)).count();
        if patterns > MAX_PATTERNS {
            return Err(format!(
                "more than {MAX_PATTERNS} names of this path are patterns\nwrite a rule for a directory above"
            ));
        }
        let first = names.split('/').next().filter(|_| base == Base::Root);
        if let Some(first) = first.filter(|first| SYSTEM.contains(first)) {
            return Err(format!(
                "what is in /{first} is the system's, and rules are about the user's files\nleave it out; files.system shows more of /etc, /var/lib and /var/cache"
            ));
        }
        if first.is_some_and(is_pattern) {
            return Err("the first name of an absolute path cannot be a pattern\nname the directory, such as /srv/*/music".to_owned());
        }
        Ok(Self { base, below, text })
    }
}

/// Where a path starts, and where in its text the names below that begin.
fn start(text: &str) -> Result<(Base, usize), String> {
    if matches!(text, "~" | "~/") {
        return Err("the whole home directory cannot be the place of a rule\nname the directories that the app needs, such as ~/Documents".to_owned());
    }
    if text.starts_with("~/") {
        return Ok((Base::Home, 2));
    }
    if text.starts_with('~') {
        return Err("the homes of others have no name here\nwrite ~/… for the user's own home, or an absolute path".to_owned());
    }
    if let Some(rest) = text.strip_prefix("xdg:") {
        let name = rest.split('/').next().unwrap_or_default();
        let known = XDG_NAMES.iter().find(|known| **known == name);
        let known = known.ok_or_else(|| unknown_directory(name, rest))?;
        let end = "xdg:".len() + name.len();
        return Ok((Base::Xdg(known), (end + 1).min(text.len())));
    }
    match text {
        "" => Err("an empty path names no place\nwrite ~/DIRECTORY, xdg:DOWNLOAD or an absolute path".to_owned()),
        "/" => Err("the root as a whole cannot be the place of a rule\nname the directories that the app needs".to_owned()),
        _ if text.starts_with('/') => Ok((Base::Root, 1)),
        _ if text.starts_with('$') => Err("variables are not replaced in paths\nwrite ~/… for the home, or xdg:DOWNLOAD for the user's downloads".to_owned()),
        _ if text.contains("://") => Err("this is an address, not a path\nwrite the path alone, such as ~/Documents".to_owned()),
        _ => Err(format!(
            "a path starts at the home, at a well-known directory or at the root\ndid you mean {:?}?",
            format!("~/{}", text.trim_start_matches("./"))
        )),
    }
}

fn unknown_directory(name: &str, rest: &str) -> String {
    let near = suggest::nearest(&name.to_uppercase(), XDG_NAMES.iter().copied());
    let help = match near {
        Some(near) => format!("did you mean \"xdg:{near}{}\"?", &rest[name.len()..]),
        None => format!("there are {}", XDG_NAMES.join(", ")),
    };
    format!("there is no well-known directory called {name:?}\n{help}")
}

/// Refuses a name that is none, or that does not mean what it seems to.
fn sound(name: &str) -> Result<(), String> {
    match name {
        "" => Err("there are two slashes in a row\nwrite one".to_owned()),
        "." | ".." => Err("a path with . or .. may lead elsewhere than it seems\nwrite the path that is meant".to_owned()),
        _ if name.contains("**") => Err("** does not stand for any depth\n* stands for one name; write a rule for each depth, such as ~/Projects/*/target".to_owned()),
        _ if name.len() > 255 => Err("a name of the path is longer than 255 bytes\nno file has such a name".to_owned()),
        _ => Ok(()),
    }
}

impl From<RulePath> for String {
    fn from(path: RulePath) -> Self {
        path.text
    }
}

impl std::fmt::Display for RulePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_what_they_would_in_a_shell() {
        for (pattern, name, matched) in [
            ("*", "a", true),
            ("*", "", true),
            ("*", ".a", false),
            (".*", ".a", true),
            ("?a", ".a", false),
            ("foo*", "foo", true),
            ("foo*", "foobar", true),
            ("foo*", "fo", false),
            ("*.txt", "a.txt.txt", true),
            ("*.txt", "a.txt.tx", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxcyyb", false),
            ("?", "é", true),
            ("??", "é", false),
            ("[a]", "a", false),
            ("[a]", "[a]", true),
        ] {
            assert_eq!(
                matches(pattern, name.as_bytes(), false),
                matched,
                "{pattern} {name}"
            );
        }
        assert!(matches("*", b".a", true) && matches("?a", b".a", true));
        assert!(matches("a*", b"a\xff\xfe", false) && matches("a??", b"a\xff\xfe", false));
        assert!(!matches("a?", b"a\xff\xfe", false));
    }

    #[test]
    fn paths_have_a_base_and_names() {
        let parsed = |text: &str| RulePath::try_from(text.to_owned()).expect("is a path");
        let names = |text: &str| parsed(text).names().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(parsed("~/a/b").base(), Base::Home);
        assert_eq!(names("~/a/b"), ["a", "b"]);
        assert_eq!(parsed("xdg:MUSIC").base(), Base::Xdg("MUSIC"));
        assert_eq!(names("xdg:MUSIC"), [""; 0]);
        assert_eq!(names("xdg:MUSIC/a*"), ["a*"]);
        assert_eq!(names("/srv/x"), ["srv", "x"]);
        assert!(parsed("~/a/*/b").is_pattern() && !parsed("~/a").is_pattern());
    }
}
