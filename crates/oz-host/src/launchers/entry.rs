//! A vendor's desktop entry, rewritten so that it starts the app in its sandbox.
//! <https://specifications.freedesktop.org/desktop-entry-spec/latest/>
//!
//! Everything that is not about how the program is started stays as it is, byte for byte: names, icons, MIME
//! types, actions, the class of its windows.

use std::path::Path;

/// The key by which our entries are known; its value is the profile.
pub const MARK: &str = "X-Oz-Profile";

/// What is put in place of the vendor's program.
pub struct Rewrite<'a> {
    /// The command `oz`, by its absolute path.
    pub oz: &'a Path,
    /// The profile, which the marker names.
    pub profile: &'a str,
    /// What a program of the vendor's is launched as: its name if the profile knows it, else the profile's.
    pub name_of: &'a dyn Fn(&str) -> String,
}

/// Whether the text is that of an entry of ours.
pub fn is_ours(text: &str) -> bool {
    text.lines().any(|line| key(line) == Some(MARK))
}

/// The text of our entry; none if nothing in it starts a program.
///
/// In every group `Exec` becomes `oz run` with the original arguments. `TryExec` is dropped, since the program need not be
/// where the launcher looks. `DBusActivatable` becomes false: with it, launchers ask the session bus instead of `Exec`.
pub fn rewrite(text: &str, how: &Rewrite<'_>) -> Option<String> {
    let in_terminal = is_true(text, "Terminal");
    let mut rewritten = false;
    let mut out = String::with_capacity(text.len() + 256);
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\r', '\n']);
        let ending = &line[bare.len()..];
        match key(bare) {
            Some("Exec") => {
                let (_, value) = bare.split_once('=')?;
                out.push_str("Exec=");
                out.push_str(&exec(value.trim_start(), how, in_terminal)?);
                out.push_str(ending);
                rewritten = true;
            }
            Some("DBusActivatable") => {
                out.push_str("DBusActivatable=false");
                out.push_str(ending);
            }
            Some("TryExec" | MARK) => {}
            _ => {
                out.push_str(line);
                if bare.trim_end() == "[Desktop Entry]" {
                    let ending = if ending.is_empty() { "\n" } else { ending };
                    if line.len() == bare.len() {
                        out.push_str(ending);
                    }
                    out.push_str(&format!("{MARK}={}{ending}", how.profile));
                }
            }
        }
    }
    rewritten.then_some(out)
}

/// The program that an `Exec` value starts, behind `env` and what it sets.
pub fn program(value: &str) -> Option<String> {
    command(value).map(|(program, _)| program)
}

/// The value of `Exec` in the main group.
pub fn main_exec(text: &str) -> Option<&str> {
    let mut in_entry = false;
    for line in text.lines() {
        if line.starts_with('[') {
            in_entry = line.trim_end() == "[Desktop Entry]";
        } else if in_entry && key(line) == Some("Exec") {
            return line.split_once('=').map(|(_, value)| value.trim_start());
        }
    }
    None
}

/// Whether a key of the main group is true.
pub fn is_true(text: &str, name: &str) -> bool {
    let mut in_entry = false;
    text.lines().any(|line| {
        if line.starts_with('[') {
            in_entry = line.trim_end() == "[Desktop Entry]";
        }
        let value = line.split_once('=').map(|(_, value)| value.trim());
        in_entry && key(line) == Some(name) && value == Some("true")
    })
}

/// The key of a line, if it is neither a comment nor a translation.
fn key(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    let key = key.trim();
    (!key.starts_with('#')).then_some(key)
}

fn exec(value: &str, how: &Rewrite<'_>, in_terminal: bool) -> Option<String> {
    let (program, rest) = command(value)?;
    // A terminal waits for its program; nothing else does.
    let detach = if in_terminal { "" } else { " --detach" };
    let oz = quoted(&how.oz.to_string_lossy());
    let name = quoted(&(how.name_of)(&program));
    Some(format!("{oz} run{detach} {name}{rest}"))
}

/// The program and all that is behind it, as it is written.
fn command(value: &str) -> Option<(String, &str)> {
    let mut rest = value;
    let mut after_env = false;
    loop {
        let (word, behind) = word(rest)?;
        let sets = after_env && word.split_once('=').is_some_and(|(name, _)| is_name(name));
        if !after_env && (word == "env" || word == "/usr/bin/env") {
            after_env = true;
        } else if !sets {
            return Some((word, behind));
        }
        rest = behind;
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The first word of a command line without its quotes, and what is behind it.
fn word(line: &str) -> Option<(String, &str)> {
    let line = line.trim_start_matches([' ', '\t']);
    let mut end = line.len();
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ' ' | '\t' if !quoted => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    let (raw, behind) = line.split_at(end);
    let mut words = crate::desktop::split(raw)?.into_iter();
    Some((words.next()?, behind))
}

/// A word as `Exec` has it: quoted if the specification reserves one of its characters. The escapes of the quotes are escaped once more, for the file's strings.
fn quoted(word: &str) -> String {
    const RESERVED: &str = " \t\n\"'\\><~|&;$*?#()`";
    let word = word.replace('%', "%%");
    if !word.is_empty() && !word.contains(|c| RESERVED.contains(c)) {
        return word;
    }
    let mut out = String::from("\"");
    for c in word.chars() {
        match c {
            '\\' => out.push_str("\\\\\\\\"),
            '"' | '`' | '$' => out.extend(['\\', '\\', c]),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const VENDOR: &str = "\
[Desktop Entry]
Name=Editor
Name[de]=Texteditor
# Exec=not this
Exec=editor --new %U
TryExec=editor
Icon=editor
MimeType=text/plain;
DBusActivatable=true
StartupWMClass=Editor
Actions=new;
[Desktop Action new]
Name=New
Exec=env GDK_BACKEND=x11 \"/usr/bin/editor\" --new-window \"a b\"
";

    fn rewritten(text: &str) -> Option<String> {
        rewrite(
            text,
            &Rewrite {
                oz: Path::new("/usr/bin/oz"),
                profile: "editor",
                name_of: &|program| program.rsplit('/').next().unwrap_or(program).to_owned(),
            },
        )
    }

    #[test]
    fn only_how_it_is_started_changes() {
        let ours = rewritten(VENDOR).expect("starts a program");
        assert_eq!(
            ours,
            "\
[Desktop Entry]
X-Oz-Profile=editor
Name=Editor
Name[de]=Texteditor
# Exec=not this
Exec=/usr/bin/oz run --detach editor --new %U
Icon=editor
MimeType=text/plain;
DBusActivatable=false
StartupWMClass=Editor
Actions=new;
[Desktop Action new]
Name=New
Exec=/usr/bin/oz run --detach editor --new-window \"a b\"
"
        );
        assert!(is_ours(&ours) && !is_ours(VENDOR));
    }

    #[test]
    fn a_program_in_a_terminal_is_waited_for() {
        let ours = rewritten("[Desktop Entry]\nTerminal=true\nExec=vim %F\n").expect("starts");
        assert!(ours.contains("Exec=/usr/bin/oz run vim %F\n"), "{ours}");
    }

    #[test]
    fn what_starts_nothing_is_not_rewritten() {
        assert_eq!(rewritten("[Desktop Entry]\nName=x\n"), None);
        assert_eq!(rewritten("[Desktop Entry]\nExec=\n"), None);
        assert_eq!(rewritten("[Desktop Entry]\nExec=\"open\n"), None);
    }

    #[test]
    fn a_place_with_reserved_characters_is_quoted_so_that_it_is_read_back() {
        for place in ["/opt/a b/oz", "/opt/\"$x`\\/oz", "/opt/100%/oz"] {
            let line = quoted(place);
            let read = crate::desktop::read_exec(&line).expect("splits");
            assert_eq!(read, [place.replace('%', "%%")]);
        }
    }

    #[test]
    fn windows_line_ends_and_a_missing_last_one_are_no_trouble() {
        let ours = rewritten("[Desktop Entry]\r\nExec=a\r\nName=b").expect("starts");
        assert_eq!(
            ours,
            "[Desktop Entry]\r\nX-Oz-Profile=editor\r\nExec=/usr/bin/oz run --detach a\r\nName=b"
        );
        assert_eq!(rewritten("[Desktop Entry]"), None);
    }
}
