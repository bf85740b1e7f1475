//! The panel, opened.

use anyhow::{Context, Result};
use oz_e2e::run::Started;
use oz_e2e::{Run, Session, oz, wait};
use oz_testkit::desktop::{Widget, Window};

/// What the panel calls itself, to the desktop and to screen readers.
pub(super) const APP: &str = "org.oz.Panel";

/// What the toolkit says of the desktop that it is on, and not of the panel.
const OF_THE_DESKTOP: [&str; 2] = [
    // It places a list anew in another way there.
    "Compositor doesn't support moving popups",
    // The file chooser asks for disks.
    "GVFS-RemoteVolumeMonitor-WARNING",
];

/// The panel on the screen, with the keyboard.
pub(super) struct Panel<'a> {
    pub(super) session: &'a Session,
    program: Started,
    pub(super) window: Window,
}

impl<'a> Panel<'a> {
    pub(super) fn open(session: &'a Session) -> Result<Self> {
        Self::open_with(session, oz(["panel"]))
    }

    pub(super) fn open_with(session: &'a Session, run: Run) -> Result<Self> {
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
    pub(super) fn press(&self, name: &str) -> Result<()> {
        self.session.press(APP, "push button", name)
    }

    /// Goes to one of the lists at the side.
    pub(super) fn turn_to(&self, list: &str) -> Result<()> {
        let role = self.session.wait_for_widget(APP, |w| {
            w.name == list
                && ["radio button", "toggle button", "page tab"].contains(&w.role.as_str())
        });
        self.session.press(APP, &role?.role, list)
    }

    /// Goes on by a key until the keyboard is at a widget.
    pub(super) fn key_to(&self, key: &str, fits: impl Fn(&Widget) -> bool) -> Result<()> {
        for _ in 0..40 {
            self.session.key(key, "press")?;
            let all = self.session.widgets(APP)?;
            if all.iter().any(|w| fits(w) && w.is("focused")) {
                return Ok(());
            }
        }
        let all = self.session.widgets(APP)?;
        let focused: Vec<&Widget> = all.iter().filter(|w| w.is("focused")).collect();
        anyhow::bail!("the keyboard does not come there, but to {focused:?}")
    }

    /// Waits until a person can read this.
    pub(super) fn wait_for_text(&self, text: &str) -> Result<()> {
        let fits = |widget: &Widget| widget.name.contains(text) && widget.place.is_some();
        self.session
            .wait_for_widget(APP, fits)
            .map(drop)
            .with_context(|| format!("{text:?} cannot be read"))
    }

    /// Waits until nobody can read this.
    pub(super) fn wait_for_no_text(&self, text: &str) {
        wait::for_condition(&format!("no {text:?}"), || {
            let widgets = self.session.widgets(APP).unwrap_or_default();
            !widgets.is_empty()
                && !widgets
                    .iter()
                    .any(|widget| widget.name.contains(text) && widget.place.is_some())
        });
    }

    /// A picture for a person to look at.
    pub(super) fn shoot(&self, name: &str) -> Result<()> {
        self.session.settled(&self.window)?;
        self.session.shoot(name)
    }

    /// Closes it: it ends, and has complained about nothing.
    pub(super) fn close(self) -> Result<()> {
        self.session.close(&self.window)?;
        self.end_by_itself()
    }

    /// Waits for its end; it has complained about nothing.
    pub(super) fn end_by_itself(self) -> Result<()> {
        let ran = self.program.end_within(wait::PATIENCE).ok();
        let complaint = ran.complaint();
        let of_ours = |line: &&str| {
            !line.is_empty() && !OF_THE_DESKTOP.iter().any(|known| line.contains(known))
        };
        anyhow::ensure!(complaint.lines().find(of_ours).is_none(), "{ran}");
        Ok(())
    }
}
