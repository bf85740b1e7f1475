//! The extension, enabled: its menu in the top bar, by real clicks.

use anyhow::{Result, ensure};
use oz_e2e::{Session, wait};
use oz_testkit::desktop::Shell;

/// What a test ends with.
pub(super) type Outcome = Result<()>;

/// A name of a file that would end its line, turn the reading direction and be bold.
pub(super) const HOSTILE: &str = "a\u{202e}fdp.\n<b>exe\u{200b}";
/// The same, as it may be shown.
pub(super) const HOSTILE_SHOWN: &str = "afdp. <b>exe";
/// The extension.
pub(super) const UUID: &str = "oz@oz.org";
/// Its part of the top bar, in the shell.
const INDICATOR: &str = "Main.panel.statusArea['oz@oz.org']";

/// The top bar with it.
pub(super) struct Bar<'a> {
    pub(super) session: &'a Session,
    pub(super) shell: Shell,
    /// How much the shell had said before.
    said: usize,
}

impl<'a> Bar<'a> {
    /// Enables it.
    pub(super) fn enable(session: &'a Session) -> Result<Self> {
        let shell = session.shell();
        let said = session.log("gnome-shell").len();
        shell.leave_overview()?;
        // What the shell itself has to say would lie over windows.
        let clear = "void Main.messageTray.getSources().forEach(source => source.destroy())";
        shell.eval::<()>(clear)?;
        // They take long where nothing draws but the processor.
        shell.eval::<()>("void imports.gi.St.Settings.get().inhibit_animations()")?;
        shell.enable(UUID, true)?;
        Ok(Self {
            session,
            shell,
            said,
        })
    }

    /// Whether it is in the bar.
    pub(super) fn is_there(&self) -> bool {
        self.shell
            .eval(&format!("{INDICATOR}?.visible ?? false"))
            .is_ok_and(|there: bool| there)
    }

    /// Waits until it is in the bar, or is not.
    pub(super) fn wait_until_there(&self, there: bool) {
        wait::for_condition(&format!("the indicator to be there: {there}"), || {
            self.is_there() == there
        });
    }

    /// Opens its menu.
    pub(super) fn open(&self) -> Result<()> {
        self.wait_until_there(true);
        let closed = format!("!{INDICATOR}.menu.actor.visible");
        self.shell.wait_until("the menu is closed", &closed)?;
        let place: [i32; 4] = self.shell.eval(&format!("ozTest.place({INDICATOR})"))?;
        let [left, top, width, height] = place;
        self.shell.click_at((left + width / 2, top + height / 2))?;
        self.shell
            .wait_until("the menu opens", &format!("{INDICATOR}.menu.isOpen"))
    }

    /// Opens its menu, and in it what there is of a sandbox.
    pub(super) fn open_for(&self, id: &str) -> Result<()> {
        self.open()?;
        self.shell.click(id)?;
        self.shell.wait_for_text(|text| text == "End…").map(drop)
    }

    /// Disables it: it has complained about nothing.
    pub(super) fn disable(self) -> Result<()> {
        self.shell.enable(UUID, false)?;
        let log = self.session.log("gnome-shell");
        let new = log.get(self.said..).unwrap_or_default();
        // A complaint goes on with who called whom. The shell has some of its own, of its windows and services.
        let ours = [
            UUID,
            "Menu.js",
            "uickSettings.js",
            "odalDialog.js",
            "St-",
            "Clutter-",
        ];
        let complaints: Vec<_> = new
            .split("\n(gnome-shell:")
            .filter(|complaint| ours.iter().any(|word| complaint.contains(word)))
            .collect();
        ensure!(
            complaints.is_empty(),
            "the shell complains: {complaints:#?}"
        );
        Ok(())
    }
}
