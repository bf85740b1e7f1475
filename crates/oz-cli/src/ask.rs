//! Questions to whoever sits at the terminal. Where nobody does there is no answer, and none is made up.

use std::io::{self, BufRead, IsTerminal};

use crate::error::Result;
use crate::out;

/// Whether somebody can be asked.
pub(crate) fn somebody_is_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Whether the answer is yes; anything else is no.
pub(crate) fn yes(question: &str) -> Result<bool> {
    if !somebody_is_there() {
        return Ok(false);
    }
    Ok(answer(question, "yes/no")?.is_some_and(|answer| "yes".starts_with(&answer)))
}

/// What was typed before the question is no answer to it.
pub(crate) fn forget_what_was_typed() {
    use rustix::termios::{QueueSelector, tcflush};
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
}

/// The answer in small letters; none if there is nothing in it.
pub(crate) fn answer(question: &str, answers: &str) -> Result<Option<String>> {
    out::aside(&format!("{question} [{answers}] "))?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let line = line.trim().to_lowercase();
    Ok((!line.is_empty()).then_some(line))
}
