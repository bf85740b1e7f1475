//! The `Exec` key: first escapes of the file's strings, then quotes of the command line.
//! <https://specifications.freedesktop.org/desktop-entry-spec/latest/exec-variables.html>

/// Undoes `\s`, `\n`, `\t`, `\r` and `\\`; other backslashes stay.
pub(super) fn unescape(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match chars.next() {
            Some('s') => plain.push(' '),
            Some('n') => plain.push('\n'),
            Some('t') => plain.push('\t'),
            Some('r') => plain.push('\r'),
            Some('\\') | None => plain.push('\\'),
            Some(other) => plain.extend(['\\', other]),
        }
    }
    plain
}

/// Splits a command line; none if a quote is open at its end.
pub(crate) fn split(line: &str) -> Option<Vec<String>> {
    let mut arguments = Vec::new();
    let mut current: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                let argument = current.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '\\' => match chars.next()? {
                            c @ ('"' | '`' | '$' | '\\') => argument.push(c),
                            other => argument.extend(['\\', other]),
                        },
                        c => argument.push(c),
                    }
                }
            }
            ' ' | '\t' | '\n' => arguments.extend(current.take()),
            c => current.get_or_insert_default().push(c),
        }
    }
    arguments.extend(current);
    Some(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_escapes_are_those_of_the_specification() {
        let arguments = |line: &str| split(&unescape(line));
        let words =
            |words: &[&str]| Some(words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>());
        assert_eq!(arguments("app  %U"), words(&["app", "%U"]));
        assert_eq!(
            arguments(r#""/opt/my app/run" --x="" """#),
            words(&["/opt/my app/run", "--x=", ""])
        );
        assert_eq!(
            arguments(r#"sh -c "echo \\$HOME \\"q\\" \\\\""#),
            words(&["sh", "-c", r#"echo $HOME "q" \"#])
        );
        assert_eq!(arguments("a\\sb"), words(&["a", "b"]));
        assert_eq!(arguments("\"open"), None);
        assert_eq!(arguments(""), words(&[]));
    }
}
