//! Words in the language of the person.

/// The name of our translations.
const DOMAIN: &str = "oz";

/// Chooses the language by the environment, and finds its translations beside the program that runs:
/// `PREFIX/libexec/oz/oz-panel` has them in `PREFIX/share/locale`.
pub fn choose_language() {
    gettextrs::setlocale(gettextrs::LocaleCategory::LcAll, "");
    let program = std::env::current_exe().unwrap_or_default();
    let prefix = program.ancestors().nth(3);
    if let Some(prefix) = prefix {
        // Without translations the words are English, which nobody needs to be told.
        let _ = gettextrs::bindtextdomain(DOMAIN, prefix.join("share/locale"));
    }
    let _ = gettextrs::bind_textdomain_codeset(DOMAIN, "UTF-8");
    let _ = gettextrs::textdomain(DOMAIN);
}

/// A sentence in the person's language.
pub fn tr(sentence: &str) -> String {
    gettextrs::gettext(sentence)
}

/// A sentence with places like `{name}` in it, each filled once, by position: what fills one place is never looked at
/// for further places.
pub fn tr_with(sentence: &str, fill: &[(&str, &str)]) -> String {
    filled(&tr(sentence), fill)
}

/// A sentence about a number, which is at `{n}` in it.
pub fn tr_count(one: &str, many: &str, n: usize) -> String {
    let count = u32::try_from(n).unwrap_or(u32::MAX);
    let sentence = gettextrs::ngettext(one, many, count);
    filled(&sentence, &[("n", &n.to_string())])
}

fn filled(sentence: &str, fill: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let place = after.split_once('}').and_then(|(name, behind)| {
            let value = fill.iter().find(|(known, _)| *known == name)?.1;
            Some((value, behind))
        });
        match place {
            Some((value, behind)) => {
                text.push_str(value);
                rest = behind;
            }
            None => {
                text.push('{');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_once() {
        let fill = [("app", "{file}"), ("file", "notes.txt")];
        assert_eq!(
            filled("{app} wants {file} {and} {", &fill),
            "{file} wants notes.txt {and} {"
        );
    }

    #[test]
    fn numbers_choose_their_sentence() {
        assert_eq!(tr_count("{n} file", "{n} files", 1), "1 file");
        assert_eq!(tr_count("{n} file", "{n} files", 2), "2 files");
    }
}
