//! The template of a command for which nobody named a profile: the one that fits what is known of it. Nothing lasts of
//! such a run, whatever the template says: a home that lasts is of a profile, which has a name.

use std::ffi::OsString;
use std::io::IsTerminal;

use super::Options;
use crate::out;

/// What the daemon takes by itself.
const GENERIC: &str = "generic";

/// Chooses it, and tells whoever sits at the terminal.
pub(crate) fn measure(command: Option<&OsString>, options: &mut Options) {
    // A home that is asked for lasts, maybe, and is that of `generic`, whatever the program.
    // And what is known of programs is of this system's.
    if options.profile.is_some() || options.home.is_some() || options.root.is_some() {
        return;
    }
    // What cannot be told, and what is not there, is the daemon's to say.
    let choice = command.and_then(|command| oz_host::measure::for_a_run(command));
    let Some(choice) = choice.filter(|choice| choice.template != GENERIC) else {
        return;
    };
    if std::io::stderr().is_terminal() {
        out::note(&format!(
            "it runs as `{}`: {}. Nothing of it lasts; `oz profile new` makes it a profile of its own",
            choice.template,
            out::safe(&choice.why)
        ));
    }
    options.profile = Some(choice.template);
    options.ephemeral = Some(true);
}
