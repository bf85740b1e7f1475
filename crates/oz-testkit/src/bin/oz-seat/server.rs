//! The socket: one thread per client, one command at a time.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, anyhow};

use crate::request::{self, Request};

/// A pointer and a keyboard.
pub trait Devices: Send + 'static {
    /// Does what is asked and returns when it has been seen.
    fn perform(&mut self, request: &Request) -> Result<()>;
}

/// Serves until the compositor goes.
pub fn serve(path: &Path, seat: impl Devices) -> Result<()> {
    let seat = Arc::new(Mutex::new(seat));
    // Bound only now: who can connect finds the devices there.
    let listener =
        UnixListener::bind(path).with_context(|| format!("cannot listen on {}", path.display()))?;
    for client in listener.incoming() {
        let (client, seat) = (client?, seat.clone());
        std::thread::spawn(move || {
            // A client that goes away in the middle is no concern of anybody.
            let _ = converse(&client, &seat);
        });
    }
    Ok(())
}

fn converse(client: &UnixStream, seat: &Mutex<impl Devices>) -> Result<()> {
    for line in BufReader::new(client).lines() {
        let outcome = request::parse(&line?).and_then(|request| {
            seat.lock()
                .map_err(|_| anyhow!("the seat is broken"))?
                .perform(&request)
        });
        let answer = match outcome {
            Ok(()) => "ok\n".to_owned(),
            Err(error) => format!("error {error:#}\n"),
        };
        (&*client).write_all(answer.as_bytes())?;
    }
    Ok(())
}
