//! Scripts: whose they are, and what they say on lines that say it plainly. What they compute nobody knows.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;

use oz_core::wire::analysis::{Analysis, Kind, MOST_WORDS, is_plain};

/// How much of a script is read, in bytes.
const READ: u64 = 128 << 10;

pub(super) fn analyse(file: &mut File) -> Analysis {
    let mut bytes = Vec::new();
    let whole = file.take(READ + 1).read_to_end(&mut bytes).is_ok();
    let complete = whole && bytes.len() as u64 <= READ;
    let text = String::from_utf8_lossy(&bytes);
    let interpreter = interpreter(text.lines().next().unwrap_or_default());
    let base = interpreter
        .as_deref()
        .and_then(|path| path.rsplit('/').next());
    let base = base.unwrap_or_default();
    let is_python = base.starts_with("python") || base.starts_with("pypy");
    let is_shell = ["sh", "bash", "dash", "zsh", "ksh", "busybox"].contains(&base);
    let words = |found: BTreeSet<String>| found.into_iter().take(MOST_WORDS).collect();
    Analysis {
        kind: Kind::Script,
        modules: if is_python {
            words(modules(&text))
        } else {
            Vec::new()
        },
        runs: if is_shell {
            words(runs(&text))
        } else {
            Vec::new()
        },
        interpreter,
        complete,
        ..Analysis::default()
    }
}

/// What the first line names: a path, or the program that `env` is to find.
fn interpreter(line: &str) -> Option<String> {
    let mut words = line.strip_prefix("#!")?.split_whitespace();
    let first = words.next()?;
    let found = if first.ends_with("/env") {
        words.find(|word| !word.starts_with('-') && !word.contains('='))?
    } else {
        first
    };
    is_plain(found).then(|| found.to_owned())
}

/// `import a, b.c` and `from a.b import c`: the names before the dots; for gi and Qt, which are many, with what is
/// taken of them.
fn modules(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text.lines().map(str::trim_start) {
        if let Some(rest) = line.strip_prefix("from ") {
            let mut words = rest.split_whitespace();
            let module = words.next().unwrap_or_default();
            found.insert(module.split('.').next().unwrap_or_default().to_owned());
            if module == "gi.repository"
                || module.starts_with("PyQt")
                || module.starts_with("PySide")
            {
                let taken = rest.split_once(" import ").map(|(_, taken)| taken);
                let taken = taken.unwrap_or_default().split(',').map(str::trim);
                found.extend(taken.map(str::to_owned));
            }
        } else if let Some(rest) = line.strip_prefix("import ") {
            let names = rest
                .split(',')
                .filter_map(|name| name.split_whitespace().next());
            found.extend(names.filter_map(|name| name.split('.').next().map(str::to_owned)));
        }
    }
    found.retain(|name| is_plain(name));
    found
}

/// The words behind `exec`: what the script becomes.
fn runs(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text
        .lines()
        .map(str::trim_start)
        .filter(|line| !line.starts_with('#'))
    {
        let mut after_exec = false;
        for word in line.split(|c: char| c.is_whitespace() || "\"';&|()=<>`".contains(c)) {
            if after_exec && !word.starts_with(['-', '$']) && is_plain(word) {
                found.insert(word.to_owned());
            }
            after_exec = word == "exec";
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn an_interpreter_is_a_path_or_what_env_finds() {
        for (line, found) in [
            ("#!/bin/sh -e", Some("/bin/sh")),
            ("#! /usr/bin/env python3", Some("python3")),
            ("#!/usr/bin/env -S A=b python3 -u", Some("python3")),
            ("#!", None),
            ("#!/usr/bin/env", None),
            ("#!/bin/\u{202e}hs", None),
        ] {
            assert_eq!(interpreter(line).as_deref(), found, "{line}");
        }
    }

    #[test]
    fn modules_are_those_that_lines_name() {
        let text = "import os, socket as s\nfrom urllib.request import urlopen\n  import gi\n\
                    from gi.repository import Gtk, Gst\n# import nothing\nimport \u{202e}x\n";
        assert_eq!(
            modules(text),
            words(&["Gst", "Gtk", "gi", "os", "socket", "urllib"])
        );
    }

    #[test]
    fn a_shell_runs_what_it_names() {
        let text = "#!/bin/sh\nX=\"$(command -v a)\"\nexec firefox-esr \"$@\"\nexec \"$X.real\"\n\
                    GDB=/usr/bin/gdb\nexec /usr/lib/x/x\n# /bin/comment\n";
        assert_eq!(runs(text), words(&["/usr/lib/x/x", "firefox-esr"]));
    }
}
