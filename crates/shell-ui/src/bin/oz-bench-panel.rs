//! Draws the panel with many sandboxes, and says how smooth that was, as one line of JSON.
//!
//! Usage: `oz-bench-panel SANDBOXES FRAMES`.

use std::io::Write;

use anyhow::{Context, Result, bail};

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [sandboxes, frames] = &words[..] else {
        bail!("usage: oz-bench-panel SANDBOXES FRAMES");
    };
    let measured = shell_ui::panel::bench::measure(sandboxes.parse()?, frames.parse()?);
    let measured = measured.context("there is no display to draw on")?;
    let line = serde_json::to_string(&measured)?;
    writeln!(std::io::stdout(), "{line}").context("nobody reads it")
}
