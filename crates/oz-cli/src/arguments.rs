//! What the user typed, as it was typed: nothing is looked up here.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use oz_core::plan::{self, Mode};
use oz_core::profile::files::Home;

use crate::commands;

/// Run desktop apps in sandboxes
#[derive(Debug, Parser)]
#[command(
    name = "oz",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

impl Arguments {
    /// Understands a command line.
    pub(crate) fn read(line: Vec<OsString>) -> Result<Self, clap::Error> {
        let mut arguments = match OnlyRun::understand(&line) {
            Some(run) => Self {
                verb: Verb::Run(run),
            },
            None => Self::try_parse_from(&line)?,
        };
        // All that is behind the first word is in `words` as it is, so what stands before
        // them is the `--` that clap has taken away, or an option.
        let is_command =
            |words: &[OsString]| !words.is_empty() && line[line.len() - words.len() - 1] == "--";
        match &mut arguments.verb {
            Verb::Run(run) => run.command = is_command(&run.words),
            Verb::Learn(learn) => learn.command = is_command(&learn.words),
            _ => {}
        }
        Ok(arguments)
    }
}

/// The verb for which people wait, by itself: to make all the others known takes as long as it does to find out
/// what it was asked for.
#[derive(Parser)]
#[command(name = "oz", disable_help_subcommand = true)]
struct OnlyRun {
    #[command(subcommand)]
    verb: TheRun,
}

#[derive(Subcommand)]
enum TheRun {
    Run(Run),
}

impl OnlyRun {
    /// Nothing for any other line, nor for one that is wrong or asks for help: that is said by who knows all verbs.
    fn understand(line: &[OsString]) -> Option<Run> {
        if line.get(1)? != "run" {
            return None;
        }
        let TheRun::Run(run) = Self::try_parse_from(line).ok()?.verb;
        Some(run)
    }
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Run(Run),
    Ps(Ps),
    Stop(Stop),
    Shell(Shell),
    Logs(Logs),
    Add(Add),
    Remove(Remove),
    Files(Files),
    Denied(Denied),
    Changes(Changes),
    Merge(Merge),
    Discard(Discard),
    Clone(Clone),
    Reset(Reset),
    Unbox(Unbox),
    Forward(Forward),
    Unforward(Unforward),
    Mic(Mic),
    Speaker(Speaker),
    Clipboard(Clipboard),
    Attach(Attach),
    Answer(Answer),
    Panel(Panel),
    Check(Check),
    Plan(Plan),
    #[command(subcommand)]
    Profile(commands::profile::Verb),
    Learn(Learn),
    Enable(Enable),
    Disable(Disable),
    Status(StatusOf),
    Data(Data),
    Doctor(Doctor),
    Completions(Completions),
    #[command(hide = true)]
    Manual(Manual),
}

/// Networks by their words, so that a shell can complete them.
fn modes() -> impl TypedValueParser<Value = Mode> {
    PossibleValuesParser::new(Mode::ALL.map(Mode::word)).try_map(|word| word.parse::<Mode>())
}

/// Ways of the clipboard, likewise.
fn clipboards() -> impl TypedValueParser<Value = plan::Clipboard> {
    let all = plan::Clipboard::ALL;
    PossibleValuesParser::new(all.map(plan::Clipboard::word)).try_map(move |word| {
        let found = all.into_iter().find(|clipboard| clipboard.word() == word);
        found.ok_or("no such way")
    })
}

/// Run an app, or any command, in a sandbox
#[derive(Debug, Args)]
#[command(
    override_usage = "oz run [OPTIONS] NAME [FILE|URI|ARG]...\n       oz run [OPTIONS] -- COMMAND [ARG]...",
    after_help = "Existing files among the arguments of NAME are given to the app, as its profile says; \
                  a COMMAND gets only what --read and --write name.\n\n\
                  Exit status: the program's own, or 128 + its signal; 125 if there is no sandbox, \
                  126 if the program cannot be executed, 127 if it is not there."
)]
pub(crate) struct Run {
    /// Follow this profile instead of the app's own (commands: instead of a template that fits)
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Leave nothing behind, whatever the profile says
    #[arg(long)]
    pub(crate) ephemeral: bool,
    /// Another home than the profile's: none, ephemeral, private or copy-on-write
    #[arg(long, value_name = "MODE")]
    pub(crate) home: Option<Home>,
    /// Let the app see the user's home, without what is protected, and change a copy of it: as --home copy-on-write
    #[arg(long, conflicts_with = "home")]
    pub(crate) cow: bool,
    /// In the sandbox of this name, which has ended or is a clone: go on with what was written in it
    #[arg(long, value_name = "ID", conflicts_with_all = ["ephemeral", "home", "cow"])]
    pub(crate) sandbox: Option<String>,
    /// Try it: over a copy of the home, without a network unless --net says so. What it changed is shown at the end, to be merged,
    /// thrown away or kept
    #[arg(long = "try", conflicts_with_all = ["ephemeral", "home", "sandbox", "write", "detach"])]
    pub(crate) trial: bool,
    /// With --try: over a copy of this directory as well
    #[arg(long, value_name = "DIR", requires = "trial")]
    pub(crate) dir: Vec<PathBuf>,
    /// With --try: what becomes of what it changed, instead of a question
    #[arg(long, value_enum, value_name = "WHAT", requires = "trial")]
    pub(crate) then: Option<Then>,
    /// With --try: merge what is in protected places too
    #[arg(long, requires = "trial")]
    pub(crate) protected: bool,
    /// From the programs of this unpacked distribution instead of the system's: of `debootstrap`, of an image of a container
    #[arg(long, value_name = "DIR", conflicts_with = "sandbox")]
    pub(crate) root: Option<PathBuf>,
    /// With --root: let the app change a copy of the distribution, without its /etc
    #[arg(long, requires = "root")]
    pub(crate) root_cow: bool,
    /// Another network than the profile's: none, internet (never this machine or its neighbours), or
    /// host (this machine's own, without a wall)
    #[arg(long, value_name = "MODE", value_parser = modes())]
    pub(crate) net: Option<Mode>,
    /// Show a file or a directory to the app
    #[arg(long, value_name = "PATH")]
    pub(crate) read: Vec<PathBuf>,
    /// Let the app change a file or a directory
    #[arg(long, value_name = "PATH")]
    pub(crate) write: Vec<PathBuf>,
    /// Print the sandbox's name and do not wait; output goes to its log
    #[arg(long)]
    pub(crate) detach: bool,
    /// Say which system calls were refused, as what, how often and why; to standard error, or to a file
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true,
        conflicts_with = "detach"
    )]
    pub(crate) explain: Option<Option<PathBuf>>,
    /// With --explain or --try: as one JSON document at the end
    #[arg(long)]
    pub(crate) json: bool,
    /// An app with its arguments, or behind `--` a command with its own: all that follows is theirs
    #[arg(value_name = "NAME", trailing_var_arg = true)]
    pub(crate) words: Vec<OsString>,
    /// The words are a command: they stood behind `--`.
    #[arg(skip)]
    pub(crate) command: bool,
}

/// What becomes of what was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Then {
    /// It is taken over
    Merge,
    /// It never was
    Discard,
    /// It stays in its sandbox
    Keep,
}

/// Train an app: run it in its sandbox, see what it uses, and propose what its profile needs and what not
#[derive(Debug, Args)]
#[command(
    override_usage = "oz learn [--read PATH]... [--write PATH]... NAME [FILE|ARG]...\n       oz learn [OPTIONS] -- COMMAND [ARG]...\n       oz learn --show|--save|--forget NAME",
    after_help = "The sandbox is the same as by `oz run`: nothing more is open while it is trained. Several runs are put together.\n\n\
                  What takes something away is saved with one yes (--yes). What gives something needs a yes of its own: \
                  a question on a terminal, or --give KEY."
)]
pub(crate) struct Learn {
    /// Show what the trainings so far propose
    #[arg(long, value_name = "NAME", conflicts_with_all = ["save", "forget"])]
    pub(crate) show: Option<String>,
    /// Save it in the user's profile
    #[arg(long, value_name = "NAME", conflicts_with = "forget")]
    pub(crate) save: Option<String>,
    /// Forget what was seen; what was saved stays
    #[arg(long, value_name = "NAME")]
    pub(crate) forget: Option<String>,
    /// With --save: take away without asking what was not used
    #[arg(long, requires = "save")]
    pub(crate) yes: bool,
    /// With --save: give this as well
    #[arg(long, value_name = "KEY", requires = "save")]
    pub(crate) give: Vec<String>,
    /// With --show: print JSON
    #[arg(long, requires = "show")]
    pub(crate) json: bool,
    /// Show a file or a directory to the app
    #[arg(long, value_name = "PATH")]
    pub(crate) read: Vec<PathBuf>,
    /// Let the app change a file or a directory
    #[arg(long, value_name = "PATH")]
    pub(crate) write: Vec<PathBuf>,
    /// An app with its arguments, or behind `--` a command with its own
    #[arg(
        value_name = "NAME",
        trailing_var_arg = true,
        required_unless_present_any = ["show", "save", "forget"],
        conflicts_with_all = ["show", "save", "forget"]
    )]
    pub(crate) words: Vec<OsString>,
    /// The words are a command: they stood behind `--`.
    #[arg(skip)]
    pub(crate) command: bool,
}

/// List the sandboxes that run
#[derive(Debug, Args)]
pub(crate) struct Ps {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// End a sandbox and all programs in it
#[derive(Debug, Args)]
pub(crate) struct Stop {
    /// The sandbox
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(crate) id: Option<String>,
    /// End all of them
    #[arg(long)]
    pub(crate) all: bool,
}

/// Open a shell, or run a command, inside a running sandbox
#[derive(Debug, Args)]
pub(crate) struct Shell {
    /// The sandbox
    pub(crate) id: String,
    /// A command instead of the shell
    #[arg(value_name = "COMMAND", last = true)]
    pub(crate) command: Vec<OsString>,
}

/// Show what programs said that were started with --detach
#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// The sandbox; without it all that run
    pub(crate) id: Option<String>,
    /// Go on until the sandbox ends
    #[arg(short, long)]
    pub(crate) follow: bool,
}

/// Show files or directories to a running sandbox, at the same path
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The sandbox
    pub(crate) id: String,
    /// Let the app change them
    #[arg(long)]
    pub(crate) write: bool,
    /// Take them back after so many minutes, or seconds, hours or days with `s`, `h` or `d` behind the number
    #[arg(long = "for", value_name = "MINUTES", value_parser = seconds)]
    pub(crate) seconds: Option<u32>,
    /// Give them to later sandboxes of the app as well, until they are removed
    #[arg(long, conflicts_with = "seconds")]
    pub(crate) lasting: bool,
    /// The files and directories
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
}

/// Seconds of a number with a unit; without one they are minutes.
fn seconds(text: &str) -> Result<u32, String> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[number.len()..] {
        "s" => Some(1),
        "" | "m" => Some(60),
        "h" => Some(3600),
        "d" => Some(86_400),
        _ => None,
    };
    let number = number.parse::<u32>().ok().filter(|number| *number > 0);
    let seconds = number
        .zip(unit)
        .and_then(|(number, unit)| number.checked_mul(unit));
    seconds.ok_or_else(|| "write a number of minutes, or one such as 30s, 2h, 1d".to_owned())
}

/// Take files or directories back; what the app has open stays open until it closes it
#[derive(Debug, Args)]
#[command(
    override_usage = "oz remove ID PATH...\n       oz remove --profile NAME PATH...",
    after_help = "What was given for good is not given to later sandboxes either."
)]
pub(crate) struct Remove {
    /// Instead of from a sandbox, from a profile that was given them for good
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The sandbox, unless a profile is named, and the files and directories
    #[arg(value_name = "ID PATH", required = true)]
    pub(crate) words: Vec<OsString>,
}

/// List what a running sandbox was refused, how often, and why
#[derive(Debug, Args)]
pub(crate) struct Denied {
    /// The sandbox
    pub(crate) id: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// List what a sandbox wrote over copies of your files
#[derive(Debug, Args)]
pub(crate) struct Changes {
    /// The sandbox, running or ended
    pub(crate) id: String,
    /// Only these files and directories
    pub(crate) paths: Vec<PathBuf>,
    /// Show how the content of text files differs, line by line
    #[arg(long)]
    pub(crate) diff: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Take over what a sandbox wrote over copies of your files, once it has ended
#[derive(Debug, Args)]
#[command(
    after_help = "What was changed outside as well is left out, unless one of --take-theirs and --both is given. \
                  What is in protected places, and links that lead to one or out of what is copied, are left out without --protected."
)]
pub(crate) struct Merge {
    /// The sandbox
    pub(crate) id: String,
    /// Only these files and directories
    pub(crate) paths: Vec<PathBuf>,
    /// Take the last merge back, as far as nothing was changed since: your files are as before, the changes in the sandbox again
    #[arg(long, conflicts_with_all = ["paths", "combine", "take_theirs", "both", "protected"])]
    pub(crate) undo: bool,
    /// Where both have changed a text, put both changes together, as far as they are of other lines and it is known what it was before
    #[arg(long)]
    pub(crate) combine: bool,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) decided: Decided,
}

/// What is taken over that nobody takes over without a word.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Decided {
    /// Where both have changed something, take the sandbox's
    #[arg(long, conflicts_with = "both")]
    pub(crate) take_theirs: bool,
    /// Where both have changed something, put the sandbox's beside it, as NAME.ID
    #[arg(long)]
    pub(crate) both: bool,
    /// Take over what is in protected places or leads to one too: it may run when you log in, or give away your keys
    #[arg(long)]
    pub(crate) protected: bool,
}

/// Throw away what a sandbox wrote over copies of your files, once it has ended
#[derive(Debug, Args)]
pub(crate) struct Discard {
    /// The sandbox
    pub(crate) id: String,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Make another sandbox that goes on where one is now, once that has ended
#[derive(Debug, Args)]
#[command(
    after_help = "The clone has what was written over copies of your files, and the same profile: no more is open to it, and \
                  what the other one was given while it ran is not the clone's. `oz run --sandbox NAME` runs something in it."
)]
pub(crate) struct Clone {
    /// The sandbox
    pub(crate) id: String,
    /// What the other one is called: small letters, digits, `-`, `_` and `.`
    pub(crate) name: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Make a sandbox as if nothing had ever run in it, once it has ended
///
/// What it wrote over copies of your files, its own home and its log go. Your own files, its profile and files that it was given for
/// good stay.
#[derive(Debug, Args)]
pub(crate) struct Reset {
    /// The sandbox
    pub(crate) id: String,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    /// Print JSON: what is gone
    #[arg(long)]
    pub(crate) json: bool,
}

/// Make an app a part of the system, once it has ended: take over all that it wrote, and have it started without a sandbox
#[derive(Debug, Args)]
#[command(
    after_help = "If something is left that needs a decision, the sandbox stays as it is. What is no file, directory or link goes with it."
)]
pub(crate) struct Unbox {
    /// The sandbox
    pub(crate) id: String,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    /// Print JSON: what became of it
    #[arg(long, requires = "yes")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) decided: Decided,
}

/// List the files that a sandbox was given
#[derive(Debug, Args)]
pub(crate) struct Files {
    /// The sandbox
    #[arg(required_unless_present = "lasting", conflicts_with = "lasting")]
    pub(crate) id: Option<String>,
    /// Instead of a sandbox's, those that profiles were given for good
    #[arg(long)]
    pub(crate) lasting: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Let a running app use the microphone, or not
#[derive(Debug, Args)]
#[command(
    after_help = "off: recording is refused, and the host's microphone is closed.\n\
                  silent: it records silence, and the host's microphone is closed.\n\
                  ask: you are asked when it next records.\n\
                  on: it records."
)]
pub(crate) struct Mic {
    /// The sandbox
    pub(crate) id: String,
    /// What becomes of recording
    #[arg(required_unless_present = "volume")]
    pub(crate) state: Option<MicState>,
    /// Percent of what it would record
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) volume: Option<u8>,
}

/// Let a running app be heard, or not
#[derive(Debug, Args)]
#[command(after_help = "off: playing is refused; what plays is not heard.\n\
                  silent: it plays and is not heard.\n\
                  on: it is heard.")]
pub(crate) struct Speaker {
    /// The sandbox
    pub(crate) id: String,
    /// What becomes of playing
    #[arg(required_unless_present = "volume")]
    pub(crate) state: Option<SpeakerState>,
    /// Percent of what it plays
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) volume: Option<u8>,
}

/// Show the windows of a running app on another compositor or X server
#[derive(Debug, Args)]
#[command(
    after_help = "Without --display it is that of the session that this is said in. The one that shows \
                  them now may be gone or not; a new one at the same socket has them by itself."
)]
pub(crate) struct Attach {
    /// The sandbox
    pub(crate) id: String,
    /// The compositor's socket, as in WAYLAND_DISPLAY, or the X server, as in DISPLAY
    #[arg(long, value_name = "DISPLAY")]
    pub(crate) display: Option<PathBuf>,
}

/// Let what is copied pass between a running app and the rest, or not
#[derive(Debug, Args)]
#[command(after_help = "off: nothing passes; copying within the app works.\n\
                  ask: both ways, once you have said yes, for each copy.\n\
                  in: into the app only.\n\
                  out: out of the app only.\n\
                  both: both ways. It is read right after a key or button in the app's window; else you are asked.\n\n\
                  What is dragged goes the same ways.")]
pub(crate) struct Clipboard {
    /// The sandbox
    pub(crate) id: String,
    /// Which way
    #[arg(value_parser = clipboards())]
    pub(crate) direction: plan::Clipboard,
}

/// What becomes of recording.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum MicState {
    Off,
    Silent,
    Ask,
    On,
}

/// What becomes of playing.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SpeakerState {
    Off,
    Silent,
    On,
}

impl MicState {
    /// As the bus calls it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Silent => "silent",
            Self::Ask => "ask",
            Self::On => "on",
        }
    }
}

impl SpeakerState {
    /// As the bus calls it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Silent => "silent",
            Self::On => "on",
        }
    }
}

/// List the questions of sandboxes that wait for you, or answer one
#[derive(Debug, Args)]
#[command(override_usage = "oz answer [--json]\n       oz answer PROMPT yes|no")]
pub(crate) struct Answer {
    /// Print the list as JSON
    #[arg(long, conflicts_with = "prompt")]
    pub(crate) json: bool,
    /// The question's number in the list
    #[arg(requires = "answer")]
    pub(crate) prompt: Option<String>,
    /// What you say to it
    #[arg(hide_possible_values = true, value_name = "yes|no")]
    pub(crate) answer: Option<YesNo>,
}

/// Open the panel: what runs, with its files, sound, network and questions
#[derive(Debug, Args)]
pub(crate) struct Panel {}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum YesNo {
    Yes,
    No,
}

/// Prove from inside and outside which walls of a running sandbox hold
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 if every wall that was asked for holds, else 1.")]
pub(crate) struct Check {
    /// The sandbox
    pub(crate) id: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a forward is, for both verbs that take one.
const FORWARD: &str = "SPEC is DIRECTION:LISTEN[=TARGET]. DIRECTION is `in` (listens inside, connects on \
                       the host) or `out` (listens on the host, connects inside). LISTEN and TARGET are \
                       tcp:[ADDRESS:]PORT, udp:[ADDRESS:]PORT or unix:PATH. Without an ADDRESS it is \
                       127.0.0.1; a TARGET without a protocol has that of LISTEN; without a TARGET it is \
                       the same as LISTEN.\n\n\
                       in:tcp:9050              the host's Tor, at port 9050 inside\n\
                       in:tcp:80=192.168.1.5:80 one machine of the LAN, at port 80 inside\n\
                       in:tcp:5432=unix:/run/postgresql/.s.PGSQL.5432\n\
                       out:tcp:8080=80          port 80 inside, at 127.0.0.1:8080 of the host";

/// Lead a port or a socket through the wall of a sandbox's network
#[derive(Debug, Args)]
#[command(after_help = FORWARD)]
pub(crate) struct Forward {
    /// The sandbox
    pub(crate) id: String,
    /// What leads where
    pub(crate) spec: plan::Forward,
}

/// Close what `oz forward` or the profile has opened, and the connections through it
#[derive(Debug, Args)]
#[command(after_help = FORWARD)]
pub(crate) struct Unforward {
    /// The sandbox
    pub(crate) id: String,
    /// What led where
    pub(crate) spec: plan::Forward,
}

/// Print everything that a launch would do
#[derive(Debug, Args)]
#[command(override_usage = "oz plan [OPTIONS] NAME\n       oz plan [OPTIONS] -- COMMAND [ARG]...")]
pub(crate) struct Plan {
    /// Follow this profile
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// As with `oz run --ephemeral`
    #[arg(long)]
    pub(crate) ephemeral: bool,
    /// As with `oz run --home`
    #[arg(long, value_name = "MODE")]
    pub(crate) home: Option<Home>,
    /// As with `oz run --cow`
    #[arg(long, conflicts_with = "home")]
    pub(crate) cow: bool,
    /// As with `oz run --try`
    #[arg(long = "try", conflicts_with_all = ["ephemeral", "home"])]
    pub(crate) trial: bool,
    /// As with `oz run --try --dir`
    #[arg(long, value_name = "DIR", requires = "trial")]
    pub(crate) dir: Vec<PathBuf>,
    /// As with `oz run --root`
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// As with `oz run --root-cow`
    #[arg(long, requires = "root")]
    pub(crate) root_cow: bool,
    /// As with `oz run --net`
    #[arg(long, value_name = "MODE", value_parser = modes())]
    pub(crate) net: Option<Mode>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// An app
    #[arg(required_unless_present = "command", conflicts_with = "command")]
    pub(crate) name: Option<String>,
    /// A command with its arguments
    #[arg(value_name = "COMMAND", last = true)]
    pub(crate) command: Vec<OsString>,
}

/// Have the launchers of the desktop start apps in their sandboxes
///
/// That is what a click on an app, "Open with" and a double click on a file do from then on. `oz disable` undoes it exactly.
#[derive(Debug, Args)]
pub(crate) struct Enable {
    /// Profiles, desktop ids or executables
    #[arg(value_name = "APP", required_unless_present = "all_known")]
    pub(crate) apps: Vec<String>,
    /// All apps that are installed and have a profile
    #[arg(long, conflicts_with = "apps")]
    pub(crate) all_known: bool,
    /// What becomes of what the app has kept in the home so far: the app's in its sandbox as well, copied into it, or
    /// left where it is and not seen there
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) data: Option<DataOf>,
    /// Its commands as well, by scripts in ~/.local/bin, so that what a shell starts is in a sandbox
    #[arg(long)]
    pub(crate) shell: bool,
}

/// What an app in a sandbox begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DataOf {
    /// What it has, where it is
    Present,
    /// A copy of what it has
    Copy,
    /// Nothing
    Fresh,
}

/// Say, export or delete what an app in a sandbox has kept
#[derive(Debug, Args)]
pub(crate) struct Data {
    /// A profile, a desktop id or an executable
    pub(crate) app: String,
    /// What to do with it
    #[command(subcommand)]
    pub(crate) what: DataVerb,
}

/// What can be done with it.
#[derive(Debug, Subcommand)]
pub(crate) enum DataVerb {
    /// Say where it is, and how much
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Copy it to a place that does not exist yet
    Export {
        /// Where
        place: PathBuf,
    },
    /// Remove it; what the app has in your home without a sandbox stays
    Delete {
        /// Without asking
        #[arg(long)]
        yes: bool,
    },
}

/// Have apps started as before `oz enable`, without a sandbox
#[derive(Debug, Args)]
pub(crate) struct Disable {
    /// Profiles, desktop ids or executables
    #[arg(value_name = "APP", required_unless_present = "all")]
    pub(crate) apps: Vec<String>,
    /// All that are enabled
    #[arg(long, conflicts_with = "apps")]
    pub(crate) all: bool,
}

/// Say which apps the launchers of the desktop start in their sandboxes
#[derive(Debug, Args)]
pub(crate) struct StatusOf {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Say what this machine can enforce, and what to install
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Print the completions for a shell
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Which shell
    #[arg(required_unless_present = "kept")]
    pub(crate) shell: Option<clap_complete::Shell>,
    /// Print the names of sandboxes that have written over copies
    #[arg(long, hide = true, conflicts_with = "shell")]
    pub(crate) kept: bool,
}

/// Write the manual, a page for each verb (for packagers)
#[derive(Debug, Args)]
pub(crate) struct Manual {
    /// Where; it is made if it is not there
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(line: &[&str]) -> Result<Verb, clap::Error> {
        let line = line.iter().map(OsString::from).collect();
        Arguments::read(line).map(|arguments| arguments.verb)
    }

    #[test]
    fn a_time_is_in_minutes_unless_it_has_a_unit() {
        for (text, wanted) in [
            ("5", 300),
            ("5m", 300),
            ("30s", 30),
            ("2h", 7200),
            ("1d", 86_400),
        ] {
            assert_eq!(seconds(text), Ok(wanted), "{text}");
        }
        for text in ["", "0", "s", "-1", "1.5h", "5 m", "5y", "99999d", "1h30m"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    fn run(line: &[&str]) -> Run {
        match parse(line).expect("parses") {
            Verb::Run(run) => run,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_definition_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_follows_the_name_is_the_apps_and_never_an_option_of_ours() {
        let run = run(&[
            "oz",
            "run",
            "--ephemeral",
            "firefox",
            "--profile",
            "x",
            "--detach",
            "-h",
        ]);
        assert_eq!(run.words, ["firefox", "--profile", "x", "--detach", "-h"]);
        assert!(!run.command);
        assert!(run.ephemeral && !run.detach && run.profile.is_none());
    }

    #[test]
    fn a_command_comes_behind_two_dashes_and_keeps_its_own() {
        let run = run(&[
            "oz", "run", "--read", "/a", "--read", "/b", "--", "sh", "-c", "--", "x",
        ]);
        assert_eq!(run.words, ["sh", "-c", "--", "x"]);
        assert!(run.command);
        assert_eq!(run.read.len(), 2);
    }

    #[test]
    fn two_dashes_behind_a_name_are_the_apps() {
        let run = run(&["oz", "run", "--detach", "firefox", "--", "x"]);
        assert_eq!(run.words, ["firefox", "--", "x"]);
        assert!(run.detach && !run.command);
    }

    #[test]
    fn a_name_that_looks_like_an_option_is_a_usage_error() {
        assert!(parse(&["oz", "run", "--no-such", "x"]).is_err());
        assert!(parse(&["oz", "stop"]).is_err());
        assert!(parse(&["oz", "stop", "--all", "x"]).is_err());
        assert!(parse(&["oz", "plan"]).is_err());
        for line in [
            &["4711"][..],
            &["4711", "maybe"],
            &["4711", "y"],
            &["--json", "4711", "yes"],
            &["4711", "yes", "no"],
        ] {
            let line = [&["oz", "answer"], line].concat();
            assert!(parse(&line).is_err(), "{line:?}");
        }
        assert!(parse(&["oz", "mic", "x"]).is_err());
        assert!(parse(&["oz", "mic", "x", "loud"]).is_err());
        assert!(parse(&["oz", "speaker", "x", "ask"]).is_err());
        assert!(parse(&["oz", "speaker", "x", "--volume", "101"]).is_err());
    }

    #[test]
    fn help_of_every_verb() {
        let mut command = Arguments::command().term_width(90);
        let mut help = command.render_help().to_string();
        for verb in command.get_subcommands_mut() {
            help.push_str(&format!(
                "\n=== {}\n{}",
                verb.get_name().to_owned(),
                verb.render_help()
            ));
        }
        insta::assert_snapshot!(help);
    }
}
