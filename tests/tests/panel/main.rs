//! Windows of Oz's own: the file dialog, the panel.

#[path = "../portals/app.rs"]
mod app;
mod apps;
mod denied;
mod dialog;
mod files;
mod guide;
mod prompts;
mod running;
mod sound;

use anyhow::{Context, Result};
use oz_e2e::run::Started;
use oz_e2e::{Inside, Run, Session, oz, wait};
use oz_testkit::desktop::Window;

/// What the panel calls itself, to the desktop and to screen readers.
const APP: &str = "org.oz.Panel";

/// What the toolkit says of the desktop that it is on, and not of the panel.
const OF_THE_DESKTOP: [&str; 2] = [
    // It places a list anew in another way there.
    "Compositor doesn't support moving popups",
    // The file chooser asks for disks.
    "GVFS-RemoteVolumeMonitor-WARNING",
];

/// The panel on the screen, with the keyboard.
struct Panel<'a> {
    session: &'a Session,
    program: Started,
    window: Window,
}

impl<'a> Panel<'a> {
    fn open(session: &'a Session) -> Result<Self> {
        Self::open_with(session, oz(["panel"]))
    }

    fn open_with(session: &'a Session, run: Run) -> Result<Self> {
        let program = run.start();
        let window = session
            .window_within(wait::LONG, APP, "")
            .with_context(|| program.complaint_so_far())?;
        session.give_focus(&window)?;
        Ok(Self {
            session,
            program,
            window,
        })
    }

    /// Presses a button by its name.
    fn press(&self, name: &str) -> Result<()> {
        self.session.press(APP, "push button", name)
    }

    /// Waits until a person can read this.
    fn wait_for_text(&self, text: &str) -> Result<()> {
        let fits = |widget: &oz_testkit::desktop::Widget| {
            widget.name.contains(text) && widget.place.is_some()
        };
        self.session
            .wait_for_widget(APP, fits)
            .map(drop)
            .with_context(|| format!("{text:?} cannot be read"))
    }

    /// Waits until nobody can read this.
    fn wait_for_no_text(&self, text: &str) {
        wait::for_condition(&format!("no {text:?}"), || {
            let widgets = self.session.widgets(APP).unwrap_or_default();
            !widgets.is_empty()
                && !widgets
                    .iter()
                    .any(|widget| widget.name.contains(text) && widget.place.is_some())
        });
    }

    /// A picture for a person to look at.
    fn shoot(&self, name: &str) -> Result<()> {
        self.session.settled(&self.window)?;
        self.session.shoot(name)
    }

    /// Closes it: it ends, and has complained about nothing.
    fn close(self) -> Result<()> {
        self.session.close(&self.window)?;
        let ran = self.program.end_within(wait::PATIENCE).ok();
        let complaint = ran.complaint();
        let of_ours = |line: &&str| {
            !line.is_empty() && !OF_THE_DESKTOP.iter().any(|known| line.contains(known))
        };
        anyhow::ensure!(complaint.lines().find(of_ours).is_none(), "{ran}");
        Ok(())
    }
}

/// A sandbox in which nothing happens by itself.
fn idle(profile: &str) -> Inside {
    Inside::start(&["--profile", profile, "--", "sleep", "1000"])
}
