//! How sandboxes begin, are joined, and end; what passes between a program inside and its caller.

mod direct;
mod ending;
mod joining;
mod logs;
mod next;
mod shell;
mod status;
mod stdio;
mod strangers;
mod survival;
mod terminal;

/// The text of a profile that runs `sh` with these sections added.
fn shell_profile(sections: &str) -> String {
    format!(r#"{{ "description": "a shell", "match": {{ "executables": ["sh"] }}{sections} }}"#)
}
