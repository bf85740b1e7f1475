//! `oz`: the command line of Oz. One file per subcommand; what the daemon does is asked of it
//! on the session bus, in as few calls as possible.

mod arguments;
mod ask;
mod bus;
mod commands;
mod error;
mod launch;
mod out;

use std::process::ExitCode;

use arguments::{Arguments, Verb};
use error::{Error, Result};

fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args_os().collect()) {
        Ok(arguments) => arguments,
        Err(usage) => {
            // Help and version are no errors and go to standard output.
            let _ = usage.print();
            return ExitCode::from(if usage.use_stderr() { error::USAGE } else { 0 });
        }
    };
    out::watch_long_work();
    match dispatch(arguments.verb) {
        Ok(code) => ExitCode::from(code),
        // Whoever read our output has had enough.
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            out::error(&error);
            ExitCode::from(error.code())
        }
    }
}

fn dispatch(verb: Verb) -> Result<u8> {
    match verb {
        Verb::Profile(what) => block_on(commands::profile::run(&what)),
        // These need no daemon and never start one.
        Verb::Doctor(what) => commands::doctor::run(&what),
        Verb::Panel(what) => commands::panel::run(&what),
        Verb::Completions(what) => commands::completions::run(&what),
        Verb::Manual(what) => commands::manual::run(&what),
        Verb::Enable(what) => commands::enable::run(&what),
        Verb::Disable(what) => commands::disable::run(&what),
        Verb::Status(what) => commands::status::run(&what),
        Verb::Data(what) => block_on(commands::data::run(what)),
        // A program of the user's runs: everything else waits for it.
        Verb::Run(what) => block_on(commands::run::run(what)),
        Verb::Learn(what) => block_on(commands::learn::run(what)),
        Verb::Shell(what) => block_on(commands::shell::run(what)),
        Verb::Ps(what) => block_on(commands::ps::run(what)),
        // It has a way of its own when the bus has none.
        Verb::Stop(what) => commands::stop::run(&what),
        Verb::Logs(what) => block_on(commands::logs::run(what)),
        Verb::Add(what) => block_on(commands::add::run(what)),
        Verb::Remove(what) => block_on(commands::remove::run(what)),
        Verb::Files(what) => block_on(commands::files::run(what)),
        Verb::Changes(what) => commands::changes::run(&what),
        Verb::Merge(what) => told(commands::merge::run(&what)),
        Verb::Discard(what) => told(commands::discard::run(&what)),
        Verb::Clone(what) => told(commands::clone::run(&what)),
        Verb::Reset(what) => told(block_on(commands::reset::run(what))),
        Verb::Unbox(what) => told(commands::unbox::run(&what)),
        Verb::Denied(what) => block_on(commands::denied::run(what)),
        Verb::Forward(what) => block_on(commands::forward::open(what)),
        Verb::Unforward(what) => block_on(commands::forward::close(what)),
        Verb::Mic(what) => block_on(commands::sound::mic(what)),
        Verb::Speaker(what) => block_on(commands::sound::speaker(what)),
        Verb::Attach(what) => block_on(commands::attach::run(what)),
        Verb::Clipboard(what) => block_on(commands::clipboard::run(what)),
        Verb::Answer(what) => block_on(commands::answer::run(what)),
        Verb::Check(what) => block_on(commands::check::run(what)),
        Verb::Plan(what) => block_on(commands::plan::run(what)),
    }
}

/// After something that may have changed copies, by this process itself: whoever shows them is to hear of it.
fn told(result: Result<u8>) -> Result<u8> {
    let tell = async {
        bus::say_that_copies_changed().await;
        Ok(0)
    };
    block_on(tell).and(result)
}

fn block_on(command: impl Future<Output = Result<u8>>) -> Result<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::no_bus)?;
    let result = runtime.block_on(command);
    // A thread may still wait for input that nobody needs, and all else goes with the process.
    std::mem::forget(runtime);
    result
}
