//! A window from which things are dragged, and on which they are dropped.
//!
//! Pressing the left button in it starts a drag of what it offers; what is dropped is read as the types
//! that it takes. It says on standard output what happens, a line each, so that a test can follow.
//! It is a small honest client, and with some options a hostile one.

mod client;
mod surface;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

const USAGE: &str = "\
usage: oz-drag [OPTION…]
  --title TEXT            of the window
  --colour RRGGBB         of the window
  --offer TYPE=CONTENT    a type that it drags; \\n in the content ends a line
  --types N               N more types that mean nothing, before the others
  --never TYPE            a type that it drags and never sends
  --endless TYPE          a type that it drags and never stops sending
  --take TYPE             a type that it takes when something is dropped
  --early                 it reads already when something comes over it
  --open                  it opens the files of a list that it takes
";

/// What a type is answered with.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Text(String),
    Never,
    Endless,
}

/// What it was told to do.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) title: String,
    pub(crate) colour: u32,
    pub(crate) offers: Vec<(String, Content)>,
    pub(crate) takes: Vec<String>,
    pub(crate) early: bool,
    pub(crate) open: bool,
}

fn main() -> ExitCode {
    let run = options(std::env::args().skip(1)).and_then(client::run);
    match run {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = write!(std::io::stderr(), "oz-drag: {error:#}\n{USAGE}");
            ExitCode::FAILURE
        }
    }
}

fn options(mut words: impl Iterator<Item = String>) -> Result<Options> {
    let mut options = Options {
        title: "oz-drag".to_owned(),
        colour: 0x0020_6040,
        offers: Vec::new(),
        takes: Vec::new(),
        early: false,
        open: false,
    };
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .with_context(|| format!("{word} needs a value"))
        };
        match word.as_str() {
            "--title" => options.title = value()?,
            "--colour" => options.colour = u32::from_str_radix(&value()?, 16)?,
            "--offer" => {
                let value = value()?;
                let (kind, text) = value.split_once('=').context("an offer is TYPE=CONTENT")?;
                let text = text.replace("\\n", "\r\n");
                options.offers.push((kind.to_owned(), Content::Text(text)));
            }
            "--types" => {
                let count: u32 = value()?.parse()?;
                let all = (0..count).map(|n| (format!("x/{n}"), Content::Never));
                options.offers.splice(0..0, all);
            }
            "--never" => options.offers.push((value()?, Content::Never)),
            "--endless" => options.offers.push((value()?, Content::Endless)),
            "--take" => options.takes.push(value()?),
            "--early" => options.early = true,
            "--open" => options.open = true,
            _ => bail!("what is {word}?"),
        }
    }
    Ok(options)
}

/// Says what has happened. Whoever does not listen any more does without.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
