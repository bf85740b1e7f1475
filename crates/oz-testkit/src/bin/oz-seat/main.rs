//! The mouse and the keyboard of a headless desktop.
//!
//! A headless compositor's seat has no capability until a virtual device exists, so `oz-seat
//! serve` is a Wayland client that makes one of each and keeps them. It takes commands as lines
//! on a unix socket and answers `ok` or `error …` when the compositor has seen the events. `oz-seat
//! serve-x11` does the same on an X server. Every other invocation (`oz-seat move 100 100`) is a client of that socket.

mod device;
mod keys;
mod request;
mod server;
mod x11;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

const USAGE: &str = "\
usage: oz-seat serve | serve-x11 | COMMAND
  move X Y                        the pointer, in pixels of the output
  button left|right|middle [down|up|click]
  axis vertical|horizontal VALUE  a wheel step is 15
  key NAME|CODE [down|up|press]   names as in a-z, 0-9, enter, leftshift, f1; codes as in evdev
  type TEXT…                      printable ASCII, on the us layout
  layout NAME                     the xkb layout of the keyboard
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] | ["-h" | "--help"] => {
            let _ = std::io::stderr().write_all(USAGE.as_bytes());
            return ExitCode::from(2);
        }
        ["serve"] => socket().and_then(|path| server::serve(&path, device::Seat::new()?)),
        ["serve-x11"] => socket().and_then(|path| server::serve(&path, x11::Seat::new()?)),
        _ => socket().and_then(|path| oz_testkit::seat::send(&path, &words.join(" "))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "oz-seat: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn socket() -> Result<PathBuf> {
    std::env::var_os("OZ_SEAT_SOCKET")
        .map(PathBuf::from)
        .context("OZ_SEAT_SOCKET is not set: run this in `cargo xtask session`")
}
