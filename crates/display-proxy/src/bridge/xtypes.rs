//! The types of what is copied: apps of Wayland know them by MIME type, those of X by atom, and the old ones of X have names
//! of their own for text (ICCCM 2.6.2).

/// Types of one selection; further ones are left out.
pub(crate) const TYPES: usize = 128;

/// As what text is offered to apps of Wayland; the first is the one that is asked for.
const TEXT: [&str; 2] = ["text/plain;charset=utf-8", "text/plain"];

/// What text is called on X. Apps of Wayland use these names as well, for UTF-8.
const NAMES: [&str; 3] = ["UTF8_STRING", "STRING", "TEXT"];

/// One type, as both sides know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Type {
    pub(crate) mime: String,
    pub(crate) atom: u32,
    /// On X it is Latin-1; elsewhere text is UTF-8.
    pub(crate) latin: bool,
}

/// The atoms of text that have no MIME type for a name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextAtoms {
    pub(crate) utf8_string: u32,
    pub(crate) string: u32,
    pub(crate) text: u32,
}

/// What an app of X has, as apps of Wayland ask for it.
pub(crate) fn for_wayland(named: &[(u32, String)]) -> Vec<Type> {
    let mut types: Vec<Type> = Vec::new();
    for (atom, mime) in named.iter().filter(|(_, name)| name.contains('/')) {
        let (mime, atom) = (mime.clone(), *atom);
        let latin = false;
        types.push(Type { mime, atom, latin });
    }
    let called = |wanted: &str| named.iter().find(|(_, name)| name == wanted);
    let text = called("UTF8_STRING").or_else(|| called("STRING"));
    if let Some((atom, name)) = text {
        for mime in TEXT {
            if !types.iter().any(|one| one.mime == mime) {
                types.push(Type {
                    mime: mime.to_owned(),
                    atom: *atom,
                    latin: name == "STRING",
                });
            }
        }
    }
    types.truncate(TYPES);
    types
}

/// What an app of X drags: as above, and what only apps that know it ask for, by its own name. That never leaves the sandbox.
pub(crate) fn for_drag(named: &[(u32, String)]) -> Vec<Type> {
    let mut types = for_wayland(named);
    for (atom, name) in named {
        let is_text = NAMES.contains(&name.as_str()) || name == "COMPOUND_TEXT";
        if !is_text && types.len() < TYPES && !types.iter().any(|one| one.mime == *name) {
            let (mime, atom) = (name.clone(), *atom);
            let latin = false;
            types.push(Type { mime, atom, latin });
        }
    }
    types
}

/// What an app of Wayland has, as apps of X ask for it.
pub(crate) fn for_x(named: Vec<(String, u32)>, atoms: TextAtoms) -> Vec<Type> {
    let has = |wanted: &&&str| named.iter().any(|(mime, _)| mime == **wanted);
    let text = TEXT.iter().chain(&NAMES).find(has).copied();
    let mut types: Vec<Type> = named
        .into_iter()
        .filter(|(mime, _)| !NAMES.contains(&mime.as_str()))
        .take(TYPES)
        .map(|(mime, atom)| Type {
            mime,
            atom,
            latin: false,
        })
        .collect();
    for (atom, latin) in [
        (atoms.utf8_string, false),
        (atoms.string, true),
        (atoms.text, false),
    ] {
        if let Some(mime) = text {
            let mime = mime.to_owned();
            types.push(Type { mime, atom, latin });
        }
    }
    types
}

/// UTF-8 from Latin-1.
pub(crate) fn from_latin(bytes: &[u8]) -> Vec<u8> {
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    text.into_bytes()
}

/// Latin-1 from UTF-8 that comes in pieces. What Latin-1 has not is a question mark.
#[derive(Debug, Default)]
pub(crate) struct ToLatin {
    /// The beginning of a character.
    begun: Vec<u8>,
}

impl ToLatin {
    /// What a further piece becomes.
    pub(crate) fn piece(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut all = std::mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        let mut latin = Vec::with_capacity(all.len());
        let mut rest = all.as_slice();
        loop {
            let (text, next) = match std::str::from_utf8(rest) {
                Ok(text) => (text, None),
                Err(error) => {
                    let (text, after) = rest.split_at(error.valid_up_to());
                    let text = std::str::from_utf8(text).unwrap_or_default();
                    (text, Some((after, error.error_len())))
                }
            };
            latin.extend(text.chars().map(|one| u8::try_from(one).unwrap_or(b'?')));
            match next {
                None => return latin,
                Some((after, None)) => {
                    self.begun = after.to_vec();
                    return latin;
                }
                Some((after, Some(wrong))) => {
                    latin.push(b'?');
                    rest = after.get(wrong..).unwrap_or_default();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ATOMS: TextAtoms = TextAtoms {
        utf8_string: 300,
        string: 31,
        text: 301,
    };

    fn mimes(types: &[Type]) -> Vec<&str> {
        types.iter().map(|one| one.mime.as_str()).collect()
    }

    #[test]
    fn text_of_x_has_the_names_of_wayland() {
        let named = |names: &[&str]| -> Vec<(u32, String)> {
            (1..)
                .zip(names.iter().map(|name| (*name).to_owned()))
                .collect()
        };
        let types = for_wayland(&named(&["TARGETS", "STRING", "UTF8_STRING", "text/html"]));
        assert_eq!(mimes(&types), ["text/html", TEXT[0], TEXT[1]]);
        assert!(types[1].atom == 3 && !types[1].latin);
        let old = for_wayland(&named(&["STRING", "COMPOUND_TEXT"]));
        assert!(old.len() == 2 && old.iter().all(|one| one.atom == 1 && one.latin));
        // What an app names as a MIME type itself is what it says.
        let own = for_wayland(&named(&["text/plain", "UTF8_STRING"]));
        assert!(own[0].mime == "text/plain" && own[0].atom == 1);
        assert_eq!(for_wayland(&named(&["TARGETS", "PIXMAP"])), []);
    }

    #[test]
    fn what_only_two_apps_know_is_dragged_by_its_own_name() {
        let named: Vec<(u32, String)> = [(1, "GTK_TREE_MODEL_ROW"), (2, "STRING")]
            .map(|(atom, name)| (atom, name.to_owned()))
            .to_vec();
        let types = for_drag(&named);
        assert_eq!(mimes(&types), [TEXT[0], TEXT[1], "GTK_TREE_MODEL_ROW"]);
        assert_eq!(for_drag(&named[..1])[0].atom, 1);
    }

    #[test]
    fn text_of_wayland_has_the_names_of_x() {
        let types = for_x(vec![("text/plain".to_owned(), 7)], ATOMS);
        let atoms: Vec<_> = types.iter().map(|one| (one.atom, one.latin)).collect();
        assert_eq!(atoms, [(7, false), (300, false), (31, true), (301, false)]);
        let named = vec![("STRING".to_owned(), 31), ("text/plain".to_owned(), 7)];
        assert_eq!(for_x(named, ATOMS), types);
        let old = for_x(vec![("UTF8_STRING".to_owned(), 300)], ATOMS);
        assert!(old.len() == 3 && old.iter().all(|one| one.mime == "UTF8_STRING"));
        let picture = for_x(vec![("image/png".to_owned(), 7)], ATOMS);
        assert_eq!(picture.len(), 1);
    }

    #[test]
    fn latin_is_made_of_whole_characters_wherever_they_are_cut() {
        let text = "caf\u{e9} \u{20ac} \u{df}".as_bytes();
        for cut in 0..=text.len() {
            let mut to = ToLatin::default();
            let mut latin = to.piece(&text[..cut]);
            latin.extend(to.piece(&text[cut..]));
            assert_eq!(latin, b"caf\xe9 ? \xdf", "cut at {cut}");
        }
        assert_eq!(ToLatin::default().piece(b"a\xff\xfeb"), b"a??b");
        assert_eq!(from_latin(b"caf\xe9"), "caf\u{e9}".as_bytes());
    }
}
