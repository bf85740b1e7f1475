//! What a hostile app would try and a shell cannot: one attempt per invocation.
//!
//! Tests run it outside, where the attempt succeeds, and inside, where it must not. It prints one
//! line, `ok …` or `refused NAME …`, and exits 0 or 1 accordingly; 2 if it was called wrongly.

mod connect;
mod intrude;
mod nested;
mod raw;
mod wayland;

use std::io::Write;
use std::process::ExitCode;

/// Whether an attempt succeeded, and what there is to say about it.
type Attempt = Result<String, String>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let attempt = match words[..] {
        // A system call by number, its arguments as in `raw`.
        ["syscall", number, ref arguments @ ..] => raw::syscall(number, arguments),
        // A socket's option: family, type, level, option, as numbers.
        ["option", ref numbers @ ..] => raw::socket_option(numbers),
        // One of the two above in new namespaces, a user namespace among them.
        ["nested", flags, ref words @ ..] => nested::attempt(flags, words),
        // The same as a program for 32 bits makes it.
        ["int80"] => raw::getpid_of_32_bits(),
        // A connection to a socket in the file system, an abstract one, a port on the loopback.
        ["connect", kind, place] => connect::attempt(kind, place),
        // A datagram to an address, without waiting for an answer.
        ["send", place] => connect::send(place),
        // A question to a server for names: who answers.
        ["ask", place] => connect::ask(place),
        // The globals of the compositor, one per word.
        ["globals"] => wayland::globals(),
        // What a client without a window and without input is told of the clipboard.
        ["clipboard-read", seconds] => wayland::clipboard_read(seconds),
        // A client without a window and without input offers text for a while.
        ["clipboard-set", text, seconds] => wayland::clipboard_set(text, seconds),
        // From outside: a process with every privilege goes into the sandbox of an app, and sleeps.
        ["intrude", pid, seconds] => intrude::attempt(pid, seconds),
        _ => {
            say("usage: see the source");
            return ExitCode::from(2);
        }
    };
    match attempt {
        Ok(detail) => {
            say(&format!("ok {detail}"));
            ExitCode::SUCCESS
        }
        Err(detail) => {
            say(&format!("refused {detail}"));
            ExitCode::FAILURE
        }
    }
}

fn say(line: &str) {
    // Who closed our stdout does not want to know.
    let _ = writeln!(std::io::stdout(), "{}", line.trim_end());
}
