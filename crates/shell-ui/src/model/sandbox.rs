//! A running sandbox.

use oz_core::colour::Colour;
use oz_core::plan::{Clipboard, Mode};

use super::{Denial, File, Microphone, Speaker, StillOpen, Wall};
use crate::words::{tr, tr_count};

/// Where it is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It is being built.
    #[default]
    Starting,
    /// Programs run in it.
    Running,
    /// It was asked to end.
    Stopping,
    /// Another version of Oz started it: nothing but its name is known.
    Stranger,
}

/// One sandbox.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sandbox {
    /// Its name.
    pub id: String,
    /// The profile that it follows.
    pub profile: String,
    /// Where it is in its life.
    pub state: State,
    /// Its first process; 0 before it is there.
    pub pid: u32,
    /// Its windows on the screen.
    pub windows: u32,
    /// Its network; absent if it is not known.
    pub network: Option<Mode>,
    /// What leads through the wall of its network, as `oz forward` writes it.
    pub forwards: Vec<String>,
    /// What it holds of the user's files.
    pub files: Vec<File>,
    /// It writes over copies of the user's files.
    pub copies: bool,
    /// What was taken back and is open still, as far as that can be seen.
    pub still_open: Vec<StillOpen>,
    /// What it hears.
    pub microphone: Microphone,
    /// What is heard of it.
    pub speaker: Speaker,
    /// Which way copied text passes; none if it has no windows, or the daemon does not say.
    pub clipboard: Option<Clipboard>,
    /// What it was refused, the last of all first.
    pub denials: Vec<Denial>,
    /// How far its walls hold.
    pub walls: Vec<Wall>,
}

impl Sandbox {
    /// The colour that its windows are marked with.
    pub fn colour(&self) -> Colour {
        Colour::of_profile(&self.profile)
    }

    /// Whether it can be given things.
    pub fn is_running(&self) -> bool {
        self.state == State::Running
    }

    /// What there is to say of it in a line.
    pub fn summary(&self) -> String {
        let mut parts = Vec::new();
        match self.state {
            State::Starting => parts.push(tr("Starting…")),
            State::Stopping => parts.push(tr("Ending…")),
            State::Stranger => return tr("Started by another version of Oz"),
            State::Running => {}
        }
        let windows = usize::try_from(self.windows).unwrap_or(usize::MAX);
        parts.push(match windows {
            0 => tr("No window"),
            windows => tr_count("{n} window", "{n} windows", windows),
        });
        if !self.files.is_empty() {
            parts.push(tr_count("{n} file", "{n} files", self.files.len()));
        }
        match self.network {
            Some(Mode::Internet) => parts.push(tr("Internet")),
            Some(Mode::Host) => parts.push(tr("Network of this computer")),
            Some(Mode::None) | None => {}
        }
        parts.join(" · ")
    }

    /// What its network is, in a sentence.
    pub fn network_words(&self) -> String {
        match self.network {
            Some(Mode::None) => tr("It has no network."),
            Some(Mode::Internet) => {
                tr("It reaches the Internet, but neither this computer nor its neighbours.")
            }
            Some(Mode::Host) => {
                tr("It has the network of this computer: its programs, its neighbours, everything.")
            }
            None => tr("Its network is not known."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_matters() {
        let mut sandbox = Sandbox {
            id: "firefox".into(),
            profile: "firefox".into(),
            state: State::Running,
            windows: 2,
            network: Some(Mode::Internet),
            files: vec![File::default()],
            ..Sandbox::default()
        };
        assert_eq!(sandbox.summary(), "2 windows · 1 file · Internet");
        sandbox.windows = 0;
        sandbox.network = Some(Mode::None);
        sandbox.files.clear();
        assert_eq!(sandbox.summary(), "No window");
        sandbox.state = State::Stopping;
        assert_eq!(sandbox.summary(), "Ending… · No window");
        sandbox.state = State::Stranger;
        assert_eq!(sandbox.summary(), "Started by another version of Oz");
    }
}
