//! From several files to one, key by key.
//!
//! Later texts win over earlier ones: templates come before what extends them, and within each the
//! shipped text before the administrator's before the user's. A list is one value. Each variable in
//! `environment.set` and each rule in `files.rules` is a value of its own.

use std::collections::BTreeMap;

use super::rules::RulePath;
use super::tree::{Member, Node, Value};
use super::{Diagnostic, Layer, Origin, ProfileError, Text, error, suggest};

/// Keys whose values are tables that are merged rather than replaced, entry by entry.
const MAPS: &[&str] = &["environment.set", "files.rules"];

/// The table that a key is an entry of, and the entry's name, in which dots mean nothing.
pub(super) fn entry(key: &str) -> Option<(&'static str, &str)> {
    let name = |map: &str| key.strip_prefix(map)?.strip_prefix('.');
    MAPS.iter().find_map(|map| Some((*map, name(map)?)))
}

/// A value and the text that it comes from.
#[derive(Clone, Debug)]
pub(super) struct Leaf<'a> {
    pub text: &'a Text,
    pub member: &'a Member,
}

/// Values by key (`files.home`).
pub(super) type Leaves<'a> = BTreeMap<String, Leaf<'a>>;

impl Leaf<'_> {
    /// Where it stands.
    pub(super) fn origin(&self) -> Origin {
        let (line, _) = error::position(&self.text.text, self.member.key_span.start);
        Origin::File {
            layer: self.text.layer,
            path: self.text.path.clone(),
            line,
        }
    }

    /// Whether both say the same in the same words.
    fn same(&self, other: &Self) -> bool {
        let words = |leaf: &Self| {
            leaf.text
                .text
                .get(leaf.member.node.span.clone())
                .map(str::to_owned)
        };
        words(self) == words(other)
    }
}

/// Keys that the administrator has locked: a key, or a section with all its keys.
#[derive(Debug, Default)]
pub(super) struct Locks(Vec<String>);

impl Locks {
    /// Adds those of a document; a lock that names nothing is refused.
    pub(super) fn add(
        &mut self,
        text: &Text,
        keys: &[String],
        known: &[String],
    ) -> Result<(), ProfileError> {
        for key in keys {
            let names_one = |name: &String| holds(key, name);
            if !known.iter().any(names_one) && !is_an_entry(key) {
                let near = suggest::nearest(key, known.iter().map(String::as_str));
                let at = text.text.find(&format!("\"{key}\"")).unwrap_or(0);
                return Err(ProfileError::Value(Box::new(
                    Diagnostic::new(
                        &text.path,
                        &text.text,
                        at..at + key.len() + 2,
                        format!("there is no key {key:?} to lock"),
                    )
                    .label(near.map_or("not known".to_owned(), |near| {
                        format!("did you mean {near:?}?")
                    })),
                )));
            }
            self.0.push(key.clone());
        }
        Ok(())
    }

    /// Locks that are known to name keys.
    pub(super) fn of(keys: &[String]) -> Self {
        Self(keys.to_vec())
    }

    /// These and the others.
    pub(super) fn join(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// All of them, as they were said.
    pub(super) fn all(&self) -> Vec<String> {
        self.0.clone()
    }

    /// Whether a value is locked.
    pub(super) fn hold(&self, key: &str) -> bool {
        self.0.iter().any(|lock| holds(lock, key))
    }

    /// The rules about files that are locked by themselves.
    pub(super) fn rules(&self) -> Vec<String> {
        let rule = |lock: &String| match entry(lock) {
            Some(("files.rules", path)) => Some(path.to_owned()),
            _ => None,
        };
        self.0.iter().filter_map(rule).collect()
    }

    /// A locked key at which the two differ.
    pub(super) fn difference(&self, one: &Leaves<'_>, other: &Leaves<'_>) -> Option<String> {
        one.keys()
            .chain(other.keys())
            .find(|key| {
                self.hold(key)
                    && match (one.get(*key), other.get(*key)) {
                        (Some(a), Some(b)) => !a.same(b),
                        _ => true,
                    }
            })
            .cloned()
    }
}

fn holds(lock: &str, key: &str) -> bool {
    let above = || {
        key.strip_prefix(lock)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    // An entry's name may begin with that of another.
    key == lock || entry(lock).is_none() && above()
}

/// Whether a lock names an entry of a table as it could stand there.
fn is_an_entry(lock: &str) -> bool {
    match entry(lock) {
        Some(("files.rules", path)) => RulePath::try_from(path.to_owned()).is_ok(),
        Some((_, name)) => !name.is_empty(),
        None => false,
    }
}

/// The values that one text says.
pub(super) fn leaves<'a>(text: &'a Text, root: &'a Node) -> Leaves<'a> {
    let mut leaves = Leaves::new();
    for member in members(root) {
        match member.key.as_str() {
            "$schema" | "extends" | "lock" => {}
            _ => flatten(text, &member.key, member, &mut leaves),
        }
    }
    leaves
}

fn flatten<'a>(text: &'a Text, key: &str, member: &'a Member, leaves: &mut Leaves<'a>) {
    let is_section = !key.contains('.') || MAPS.contains(&key);
    match &member.node.value {
        Value::Object(members) if is_section => {
            for member in members {
                flatten(text, &format!("{key}.{}", member.key), member, leaves);
            }
        }
        _ => {
            leaves.insert(key.to_owned(), Leaf { text, member });
        }
    }
}

fn members(node: &Node) -> &[Member] {
    match &node.value {
        Value::Object(members) => members,
        _ => &[],
    }
}

/// Puts a text's values over those below. Behind a lock shipped texts are silent and the user's are
/// refused: `locked_before` holds the locks that were said before this text, `locks` all of them.
pub(super) fn overlay<'a>(
    merged: &mut Leaves<'a>,
    text: &Text,
    above: Leaves<'a>,
    locked_before: &Locks,
    locks: &Locks,
) -> Result<(), ProfileError> {
    for (key, leaf) in above {
        match text.layer {
            Layer::Shipped if locked_before.hold(&key) => continue,
            Layer::User if locks.hold(&key) => return Err(locked(&leaf, &key)),
            _ => merged.insert(key, leaf),
        };
    }
    Ok(())
}

fn locked(leaf: &Leaf<'_>, key: &str) -> ProfileError {
    ProfileError::Locked(Box::new(
        Diagnostic::new(
            &leaf.text.path,
            &leaf.text.text,
            leaf.member.key_span.clone(),
            format!("the administrator has locked {key}"),
        )
        .label("cannot be changed")
        .help(Some("remove the key, or ask the administrator".to_owned())),
    ))
}

/// The merged values as one tree.
pub(super) fn tree(merged: &Leaves<'_>) -> Node {
    let mut root = Vec::new();
    for (key, leaf) in merged {
        let mut at = &mut root;
        let depth = if entry(key).is_some() { 3 } else { 2 };
        let mut parts = key.splitn(depth, '.').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                at.push(Member {
                    key: part.to_owned(),
                    ..leaf.member.clone()
                });
                break;
            }
            at = child(at, part);
        }
    }
    Node {
        value: Value::Object(root),
        span: 0..0,
    }
}

/// The members of the object of that name, made if it is not there.
fn child<'a>(members: &'a mut Vec<Member>, key: &str) -> &'a mut Vec<Member> {
    let at = match members.iter().position(|member| member.key == key) {
        Some(at) => at,
        None => {
            let node = Node {
                value: Value::Object(Vec::new()),
                span: 0..0,
            };
            members.push(Member {
                key: key.to_owned(),
                key_span: 0..0,
                node,
            });
            members.len() - 1
        }
    };
    // A leaf is never at a section's place: sections take objects only.
    if !matches!(members[at].node.value, Value::Object(_)) {
        members[at].node.value = Value::Object(Vec::new());
    }
    match &mut members[at].node.value {
        Value::Object(inner) => inner,
        _ => unreachable!("made an object above"),
    }
}
