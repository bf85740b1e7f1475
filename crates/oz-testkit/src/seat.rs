//! Talking to `oz-seat`, the mouse and keyboard of a headless desktop.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// How long the compositor may take to see an event.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends one command and waits until the compositor has seen its events.
pub fn send(socket: &Path, command: &str) -> Result<()> {
    let mut stream = UnixStream::connect(socket)
        .with_context(|| format!("no seat listens on {}", socket.display()))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(format!("{command}\n").as_bytes())?;
    let mut answer = String::new();
    BufReader::new(stream)
        .read_line(&mut answer)
        .context("the seat does not answer")?;
    match answer.trim_end() {
        "ok" => Ok(()),
        other => bail!(
            "`{command}`: {}",
            other.strip_prefix("error ").unwrap_or(other)
        ),
    }
}
