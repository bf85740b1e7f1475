//! What a hostile app would try: one attack per invocation, or all one after the other.
//!
//! It is one static program, so that it runs in any sandbox. `oz-probe NAME` tries an attack and
//! prints one line. Exit status 0: it succeeded, and the line says what was got; 1: it was
//! refused, and the line says how; 2: there is nothing here to try it on. `--list` says what each
//! stands for, `--all` tries all. `oz-probe host DIR -- COMMAND` is the other side: it fills a
//! throw-away home with what the attacks are after, runs a command that is to contain them, and
//! says what harm was done.
//!
//! **Never run it as root or where there is something to lose**: it means what it does.

mod attack;
mod attacks;
mod bus;
mod connect;
mod echo;
mod hog;
mod host;
mod intrude;
mod nested;
mod outcome;
mod raw;
mod suite;
mod sys;
mod target;
mod wayland;

use std::io::{Write, stdout};
use std::process::ExitCode;

use outcome::{Outcome, Stop, refused};
use target::Target;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if rustix::process::geteuid().is_root() && !attacks::is_second_step() {
        say("untried root may do everything, and would harm the machine");
        return ExitCode::from(2);
    }
    let outcome = match words[..] {
        ["--list"] => return done(suite::list(&mut stdout())),
        ["--all"] => return done(suite::run(&mut stdout())),
        ["host", dir, "--", ref command @ ..] => return host::run(dir, command),
        ["victim", ref rest @ ..] => return host::victim(rest),
        // What single tests want to try with arguments of their own.
        ["syscall", number, ref arguments @ ..] => raw::syscall(number, arguments),
        ["option", ref numbers @ ..] => raw::socket_option(numbers),
        ["nested", flags, ref words @ ..] => nested::attempt(flags, words),
        ["connect", kind, place] => connect::attempt(kind, place),
        ["serve", kind, place, name] => old(echo::serve(kind, place, name)),
        ["talk", kind, place] => old(echo::talk(kind, place)),
        ["send", place] => connect::send(place),
        ["ask", place] => connect::ask(place),
        ["intrude", pid, seconds] => intrude::attempt(pid, seconds),
        ["unguard", pid] => intrude::unguard(pid),
        ["hog", what, seconds] => old(hog::attempt(what, seconds)),
        ["watch-as-told"] => old(hog::watch_as_told()),
        ["starve"] => old(hog::starve()),
        ["pass"] => old(hog::pass()),
        ["globals"] => old(wayland::globals()),
        ["clipboard-read", seconds] => old(wayland::clipboard_read(seconds)),
        ["clipboard-set", text, seconds] => old(wayland::clipboard_set(text, seconds)),
        [name] => match attack::named(name) {
            Some(attack) => (attack.run)(&Target::load()),
            None => Err(Stop::Untried(
                "there is no such attack: see --list".to_owned(),
            )),
        },
        _ => Err(Stop::Untried(
            "usage: oz-probe NAME | --list | --all".to_owned(),
        )),
    };
    report(outcome)
}

fn old(attempt: Result<String, String>) -> Outcome {
    attempt.or_else(refused)
}

fn report(outcome: Outcome) -> ExitCode {
    let (word, detail, code) = match outcome {
        Ok(detail) => ("ok", detail, 0),
        Err(Stop::Refused(why)) => ("refused", why, 1),
        Err(Stop::Untried(why)) => ("untried", why, 2),
    };
    say(&format!("{word} {}", detail.trim().escape_debug()));
    ExitCode::from(code)
}

fn done(result: std::io::Result<()>) -> ExitCode {
    ExitCode::from(u8::from(result.is_err()))
}

fn say(line: &str) {
    // Who closed our stdout does not want to know.
    let _ = writeln!(stdout(), "{line}");
}
