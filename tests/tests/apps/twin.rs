//! The same app twice: first directly, then in a sandbox, to be compared.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use oz_e2e::marked::shown_and_marked;
use oz_e2e::window::coverage;
use oz_e2e::{Session, oz, wait};
use oz_testkit::desktop::{Picture, Rgb, Window};

/// An app and what to open in it.
pub struct Twin<'a> {
    /// What `oz run` calls it.
    pub name: &'a str,
    /// What a shell calls it.
    pub program: &'a str,
    /// Its arguments.
    pub arguments: Vec<PathBuf>,
    /// What the host's desktop takes its window for: the id of its launcher.
    pub app_id: &'a str,
    /// A part of its window's title.
    pub title: &'a str,
    /// A colour that fills at least this part of its window.
    pub colour: Option<(Rgb, f64)>,
    /// How much of the window may look different, for carets that blink and the like.
    pub may_differ: f64,
}

/// A window and what is in it.
struct Seen {
    window: Window,
    picture: Picture,
}

impl Twin<'_> {
    /// Runs both and compares them; the pictures go where a person can look at them.
    pub fn compare(&self, session: &Session) -> Result<()> {
        let mut command = Command::new(self.program);
        // Inside there is no service that keeps how a document was looked at last, and evince shows its side bar only
        // where there is one.
        command.env("GIO_USE_VFS", "local");
        let mut direct = session.start(command.args(&self.arguments))?;
        let outside = self
            .see(session, "direct")
            .with_context(|| direct.output())?;
        session.close_all(|_| true)?;
        direct.wait(wait::PATIENCE)?;

        let mut boxed = oz(["run", self.name]).args(&self.arguments).start();
        let seen = self.see(session, "oz");
        let inside =
            seen.with_context(|| format!("{}\n{}", boxed.text_so_far(), boxed.complaint_so_far()))?;
        ensure!(boxed.is_running(), "`oz run` stays with its app");
        ensure!(oz_e2e::cli::running().len() == 1);
        let name = format!("{}-mark", self.name);
        shown_and_marked(session, &inside.window, self.name, &name)?;
        session.close_all(|_| true)?;
        boxed.end_within(wait::PATIENCE).ok();

        ensure!(
            inside.window.title == outside.window.title,
            "{:?} is {:?} outside",
            inside.window,
            outside.window
        );
        ensure!(inside.window.app_id == self.app_id, "{:?}", inside.window);
        self.compare_pictures(&outside, &inside)
    }

    fn see(&self, session: &Session, how: &str) -> Result<Seen> {
        let window = session.wait_for_window(wait::LONG, |w| w.title.contains(self.title))?;
        session.give_focus(&window)?;
        if let Some((colour, part)) = self.colour {
            session.wait_for_colour(&window, colour, part)?;
        }
        let picture = session.settled(&window)?;
        session.shoot(&format!("{}-{how}", self.name))?;
        Ok(Seen {
            window: session.again(&window)?,
            picture,
        })
    }

    fn compare_pictures(&self, outside: &Seen, inside: &Seen) -> Result<()> {
        let (a, b) = (outside.window.content, inside.window.content);
        ensure!(
            (a.width, a.height) == (b.width, b.height),
            "{}: {b:?} inside, {a:?} outside",
            self.name
        );
        let mut different = 0_u32;
        for y in 0..a.height {
            for x in 0..a.width {
                let same =
                    outside.picture.at(a.x + x, a.y + y) == inside.picture.at(b.x + x, b.y + y);
                different += u32::from(!same);
            }
        }
        let part = f64::from(different) / (f64::from(a.width) * f64::from(a.height));
        ensure!(
            part <= self.may_differ,
            "{}: {part:.3} of the window looks different",
            self.name
        );
        if let Some((colour, least)) = self.colour {
            ensure!(coverage(&inside.picture, &inside.window, colour) >= least);
        }
        Ok(())
    }
}
