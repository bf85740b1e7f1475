//! Whose work is in the package, and on which terms.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{sh, stage};

/// The file that Debian reads.
pub(super) fn copyright() -> Result<String> {
    let mut text = String::from(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
         Upstream-Name: oz\n\
         Comment: /usr/share/doc/oz/licences.gz has the whole texts of what is linked into the programs.\n\n\
         Files: *\n\
         Copyright: 2026 The developers of Oz\n\
         License: MPL-2.0\n On Debian systems, the full text of the Mozilla Public License 2.0 is in\n \
         /usr/share/common-licenses/MPL-2.0.\n",
    );
    text.push_str("\nComment: Linked into the programs:\n");
    for crate_ in linked()? {
        writeln!(
            text,
            " {} {}: {}",
            crate_.name, crate_.version, crate_.terms
        )?;
    }
    Ok(text)
}

/// The texts that these crates ask to be passed on, each once, with whose it is.
pub(super) fn of_what_is_linked() -> Result<String> {
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for crate_ in linked()? {
        for text in crate_.texts()? {
            texts.entry(text).or_default().insert(crate_.name.clone());
        }
    }
    let mut all = String::from(
        "What the programs of Oz are made of beside its own source, on these terms.\n",
    );
    for (text, names) in texts {
        let names: Vec<_> = names.into_iter().collect();
        write!(all, "\n\n==== {}\n\n{}\n", names.join(", "), text.trim())?;
    }
    Ok(all)
}

/// A crate of somebody else's.
struct Crate {
    name: String,
    version: String,
    terms: String,
    manifest: String,
}

impl Crate {
    /// Its licences and notices.
    fn texts(&self) -> Result<Vec<String>> {
        let directory = Path::new(&self.manifest).parent().context("no directory")?;
        let mut texts = Vec::new();
        for entry in fs::read_dir(directory)?.flatten() {
            let name = entry.file_name().to_string_lossy().to_uppercase();
            let is_text = [
                "LICENSE",
                "LICENCE",
                "COPYING",
                "COPYRIGHT",
                "NOTICE",
                "UNLICENSE",
            ]
            .iter()
            .any(|start| name.starts_with(start));
            if is_text && entry.file_type()?.is_file() {
                texts.push(String::from_utf8_lossy(&fs::read(entry.path())?).into_owned());
            }
        }
        Ok(texts)
    }
}

/// Every crate of which there is something in our programs, by name.
fn linked() -> Result<Vec<Crate>> {
    let mut cargo = sh::cargo();
    cargo.args(["metadata", "--format-version=1", "--filter-platform"]);
    let text = sh::read(cargo.arg(stage::host_triple()?))?;
    let metadata: Value = serde_json::from_str(&text)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let ours = stage::packages();
    let is_ours = |package: &&Value| {
        package["source"].is_null()
            && package["name"]
                .as_str()
                .is_some_and(|name| ours.contains(&name))
    };
    let first = packages
        .iter()
        .filter(is_ours)
        .map(|package| &package["id"]);
    let reached = reached(
        &metadata["resolve"]["nodes"],
        first.filter_map(Value::as_str),
    );
    let word = |value: &Value| value.as_str().unwrap_or("see its texts").to_owned();
    let mut all: Vec<Crate> = packages
        .iter()
        .filter(|package| !package["source"].is_null())
        .filter(|package| {
            package["id"]
                .as_str()
                .is_some_and(|id| reached.contains(id))
        })
        .map(|package| Crate {
            name: word(&package["name"]),
            version: word(&package["version"]),
            terms: word(&package["license"]),
            manifest: word(&package["manifest_path"]),
        })
        .collect();
    all.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    Ok(all)
}

/// What is reached from some packages without those that only tests and build scripts want.
fn reached<'a>(nodes: &'a Value, first: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let nodes: BTreeMap<&str, &Value> = nodes
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|node| Some((node["id"].as_str()?, &node["deps"])))
        .collect();
    let mut open: Vec<&str> = first.collect();
    let mut reached = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !reached.insert(id) {
            continue;
        }
        let dependencies = nodes.get(id).and_then(|deps| deps.as_array());
        for dependency in dependencies.into_iter().flatten() {
            let kinds = dependency["dep_kinds"].as_array();
            let linked = kinds.is_none_or(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()));
            if let Some(id) = dependency["pkg"].as_str().filter(|_| linked) {
                open.push(id);
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_tests_want_is_not_linked() {
        let kind =
            |pkg: &str, kind: Value| serde_json::json!({"pkg": pkg, "dep_kinds": [{"kind": kind}]});
        let nodes = serde_json::json!([
            {"id": "oz", "deps": [kind("a", Value::Null), kind("t", "dev".into())]},
            {"id": "a", "deps": [kind("b", Value::Null), kind("c", "build".into())]},
            {"id": "b", "deps": []},
        ]);
        let reached = reached(&nodes, std::iter::once("oz"));
        assert_eq!(reached, ["oz", "a", "b"].into());
    }
}
