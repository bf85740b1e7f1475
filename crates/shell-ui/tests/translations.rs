//! Every sentence that a window shows has its German, with the same places to fill, and there is no German for what is
//! not shown any more.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use oz_core::denied::DENIED;
use oz_core::report::WALLS;

/// What is in the sources, and in the file of translations.
type Sentences = BTreeMap<String, Vec<String>>;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(dir: &Path, all: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(dir).expect("a directory of ours") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, all);
        } else {
            let text = std::fs::read_to_string(&path).expect("a text of ours");
            all.push((path, text));
        }
    }
}

/// The literal that a text begins with, and what is behind it.
fn literal(text: &str) -> Option<(String, &str)> {
    let mut rest = text.trim_start().strip_prefix('"')?;
    let mut value = String::new();
    loop {
        let mut letters = rest.chars();
        match letters.next()? {
            '"' => return Some((value, letters.as_str())),
            '\\' => {
                let escaped = letters.next()?;
                rest = letters.as_str();
                match escaped {
                    // A line that goes on.
                    '\n' => rest = rest.trim_start(),
                    'n' => value.push('\n'),
                    other => value.push(other),
                }
                continue;
            }
            letter => value.push(letter),
        }
        rest = letters.as_str();
    }
}

/// Every sentence of the sources, each with its plural if it has one.
fn shown() -> Sentences {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    // Menus of file managers have the same file of translations.
    sources(&root().join("../../file-manager"), &mut files);
    let mut all = Sentences::new();
    for entry in WALLS {
        all.insert(entry.keeps_from.to_owned(), Vec::new());
    }
    for entry in DENIED {
        for words in [entry.what, entry.why] {
            all.insert(words.to_owned(), Vec::new());
        }
    }
    for (path, text) in files {
        if path.extension().is_some_and(|end| end == "ui") {
            for found in text.split("translatable=\"yes\">").skip(1) {
                let sentence = found.split('<').next().unwrap_or_default();
                all.insert(sentence.to_owned(), Vec::new());
            }
            continue;
        }
        let product = text
            .split("#[cfg(test)]\nmod tests")
            .next()
            .unwrap_or_default();
        for (call, plural) in [("tr(", false), ("tr_with(", false), ("tr_count(", true)] {
            for (at, _) in product.match_indices(call) {
                let word = |letter: char| letter.is_alphanumeric() || letter == '_';
                // The end of another name is no call of this one.
                let other = product[..at].ends_with(word);
                let found = literal(&product[at + call.len()..]).filter(|_| !other);
                let Some((sentence, rest)) = found else {
                    continue;
                };
                let many = rest.trim_start().strip_prefix(',').and_then(literal);
                let many = many.filter(|_| plural).map(|(many, _)| many);
                all.insert(sentence, many.into_iter().collect());
            }
        }
    }
    all
}

/// The entries of a file of translations: sentence and plural, each with its translations.
fn translated() -> (Sentences, Sentences) {
    let text = std::fs::read_to_string(root().join("po/de.po")).expect("there is German");
    let (mut plurals, mut translations) = (Sentences::new(), Sentences::new());
    let mut sentence = String::new();
    for line in text.lines() {
        let Some((key, value)) = line.split_once(' ') else {
            continue;
        };
        let Some((value, _)) = literal(value) else {
            continue;
        };
        match key {
            "msgid" => {
                sentence = value;
                plurals.insert(sentence.clone(), Vec::new());
            }
            "msgid_plural" => plurals.entry(sentence.clone()).or_default().push(value),
            _ if key.starts_with("msgstr") => {
                translations
                    .entry(sentence.clone())
                    .or_default()
                    .push(value);
            }
            _ => {}
        }
    }
    // The head of the file.
    plurals.remove("");
    translations.remove("");
    (plurals, translations)
}

/// The places to fill, in order of their names.
fn places(sentence: &str) -> Vec<&str> {
    let mut places: Vec<&str> = sentence
        .split('{')
        .skip(1)
        .filter_map(|behind| behind.split_once('}').map(|(name, _)| name))
        .collect();
    places.sort_unstable();
    places
}

#[test]
fn every_sentence_has_its_german_and_nothing_else_has() {
    let (plurals, translations) = translated();
    let shown = shown();
    assert!(
        shown.len() > 80,
        "only {} sentences were found",
        shown.len()
    );
    for (sentence, plural) in &shown {
        assert_eq!(
            plurals.get(sentence),
            Some(plural),
            "no German for {sentence:?}"
        );
    }
    for (sentence, german) in &translations {
        assert!(shown.contains_key(sentence), "nobody says {sentence:?}");
        let many = plurals[sentence].first().unwrap_or(sentence);
        assert_eq!(german.len(), 1 + plurals[sentence].len(), "{sentence:?}");
        for german in german {
            assert!(!german.is_empty(), "no German for {sentence:?}");
            assert_eq!(places(german), places(many), "{german:?} of {sentence:?}");
            assert_eq!(
                german.contains('_'),
                sentence.contains('_'),
                "a mnemonic is missing: {german:?} of {sentence:?}"
            );
        }
    }
}
