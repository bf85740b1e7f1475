//! `oz-dialog`: a question about files on standard input, the answer on standard output. The head of
//! `oz_core::wire::dialog` says more.

use std::io::{Read, Write};
use std::process::ExitCode;

use oz_core::wire::dialog::{Asked, JSON_MAX};
use shell_ui::{dialog, style, words};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody can be told that nothing can be said.
            let _ = writeln!(std::io::stderr(), "oz-dialog: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let asked = read(std::io::stdin())?;
    words::choose_language();
    // The name by which the desktop knows its windows.
    gtk::glib::set_prgname(Some("org.oz.Dialog"));
    gtk::glib::set_application_name("Oz");
    adw::init()?;
    style::load();
    let answer = dialog::run(&asked);
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    let mut out = std::io::stdout();
    out.write_all(&line)?;
    Ok(out.flush()?)
}

/// Reads the whole question.
fn read(from: impl Read) -> anyhow::Result<Asked> {
    let mut text = Vec::new();
    let most = u64::try_from(JSON_MAX)?;
    from.take(most + 1).read_to_end(&mut text)?;
    anyhow::ensure!(text.len() <= JSON_MAX, "the question is too long");
    let asked: Asked = serde_json::from_slice(&text)?;
    asked.dialog.check()?;
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_or_no_question_is_refused() {
        let long = vec![b' '; JSON_MAX + 1];
        assert!(read(long.as_slice()).is_err());
        assert!(read(b"{}".as_slice()).is_err());
        assert!(read(b"".as_slice()).is_err());
        let hostile = br#"{"sandbox":"a","dialog":{"kind":"save","title":"","accept_label":null,"modal":true,"multiple":false,"directory":false,"filters":[],"current_filter":null,"choices":[],"current_folder":null,"current_name":"../x","current_file":null,"files":[]}}"#;
        assert!(read(hostile.as_slice()).is_err());
    }
}
