//! What was seen of a program while it was trained, folded into a short list.

use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use oz_core::learn::{MOST_FOLDED, MOST_LOG, MOST_RUNS, fold};

use crate::confine;

/// Reads the lines of several runs from standard input, and prints what they come to.
pub(crate) fn job(home: &Path) -> Result<()> {
    // No file is opened at all.
    confine::reading(&[])?;
    let home = home.to_str().context("the home's path is no text")?;
    let mut lines = Vec::new();
    let most = MOST_LOG * MOST_RUNS as u64;
    io::stdin()
        .take(most)
        .read_to_end(&mut lines)
        .context("cannot read")?;
    let all = lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    let folded = fold(all, home, |line| serde_json::from_slice(line).ok());
    ensure!(folded.is_sane(), "what it comes to has no bounds");
    let json = serde_json::to_vec(&folded)?;
    ensure!(json.len() as u64 <= MOST_FOLDED, "too much is known");
    io::stdout().write_all(&json).context("nobody listens")
}
