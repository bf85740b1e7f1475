//! What is wished of what sandboxes wrote over copies.

use std::rc::Rc;
use std::time::{Duration, Instant};

use adw::prelude::*;
use gtk::glib;
use oz_core::OsBytes;

use super::application::Panel;
use super::changes::Wish;
use super::{difference, installed, log, pictures};
use crate::bus::{self, Left};
use crate::model::{Changed, Copies, Picture, Pictures, Review};
use crate::words::{tr, tr_count, tr_with};

/// How often somebody who looks at what a running app writes is told, at most.
const PAUSE: Duration = Duration::from_secs(2);
/// How much longer than a look itself it takes until the next one: there may be very many changes.
const REST: u32 = 10;

impl Panel {
    /// Listens to the page of changes, and keeps it as it is.
    pub(super) fn follow_copies(self: &Rc<Self>) {
        let to = Rc::downgrade(self);
        self.window.changes().connect_wish(move |wish| {
            if let Some(panel) = to.upgrade() {
                glib::spawn_future_local(async move {
                    if let Err(words) = panel.fulfil_of_copies(wish).await {
                        panel.window.say(&words);
                    }
                });
            }
        });
        let to = Rc::downgrade(self);
        self.window.connect_changes_looked(move || {
            if let Some(panel) = to.upgrade() {
                glib::spawn_future_local(async move { panel.look_at_changes().await });
            }
        });
        let to = Rc::downgrade(self);
        glib::spawn_future_local(async move {
            let mut pause = PAUSE;
            loop {
                glib::timeout_future(pause).await;
                let Some(panel) = to.upgrade() else { return };
                let begun = Instant::now();
                // What an app writes nobody says; all else comes by signals.
                let runs = panel.window.changes().of().0.running;
                if runs && panel.window.shows_changes() {
                    panel.look_at_changes().await;
                }
                pause = PAUSE.max(begun.elapsed() * REST);
            }
        });
    }

    /// Shows what the sandbox of the page has changed by now. One look at a time: who asks meanwhile has it done once more.
    async fn look_at_changes(&self) {
        if self.looking.replace(true) {
            self.look_again.set(true);
            return;
        }
        loop {
            self.look_again.set(false);
            let page = self.window.changes();
            let id = page.of().0.id;
            // It may have gone; that is told.
            if let Ok((changes, complete)) = self.bus.changes(&id).await {
                page.show_changes(&id, changes, complete);
            }
            if !self.look_again.get() {
                break;
            }
        }
        self.looking.set(false);
    }

    async fn fulfil_of_copies(&self, wish: Wish) -> bus::Result<()> {
        let page = self.window.changes();
        let (copies, review) = page.of();
        match wish {
            Wish::Compare(change) => self.compare(&copies.id, &change).await,
            Wish::Enlarge(change, all) => {
                pictures::show(&self.window, &change.name(), &all);
                Ok(())
            }
            Wish::Draw => {
                self.draw().await;
                Ok(())
            }
            // One thing at a time.
            _ if page.is_busy() => Ok(()),
            Wish::Merge => self.merge(&copies, &review).await,
            Wish::Undo => self.undo(&copies.id).await,
            Wish::Clone => self.clone_sandbox(&copies.id).await,
            Wish::Unbox => self.unbox(&copies, &review).await,
            Wish::Discard => self.discard(&copies.id).await,
        }
    }

    async fn compare(&self, id: &str, change: &Changed) -> bus::Result<()> {
        let difference = self.bus.compare(id, &change.token).await?;
        difference::show(&self.window, &change.name(), &difference);
        Ok(())
    }

    /// Has all pictures drawn that are looked at.
    async fn draw(&self) {
        let page = self.window.changes();
        let mut next = page.begin_drawing(true);
        while let Some(change) = next {
            let id = page.of().0.id;
            let pictures = self.bus.pictures(&id, &change.token).await;
            // What nobody draws is no picture.
            let pictures = pictures.unwrap_or(Pictures {
                before: Picture::Unknown,
                after: Picture::Unknown,
            });
            page.drawn(&change, pictures);
            next = page.begin_drawing(false);
        }
    }

    /// Says on the page that something is done, as long as it is.
    async fn working<T>(&self, doing: &str, work: impl Future<Output = T>) -> T {
        let page = self.window.changes();
        page.set_busy(Some(doing));
        let done = work.await;
        page.set_busy(None);
        done
    }

    /// Asks about protected places, if some of what is chosen is in one: whether to go on, and with them.
    async fn also_protected(&self, review: &Review) -> bool {
        let count = review.protected();
        if count == 0 {
            return true;
        }
        let heading = tr("Write to protected places?");
        let words = tr_count(
            "{n} of the changes is in a protected place or leads out of what was copied: it may run when you log in, or give away what is secret.",
            "{n} of the changes are in protected places or lead out of what was copied: they may run when you log in, or give away what is secret.",
            count,
        );
        self.is_sure(&heading, &words, &tr("_Write There")).await
    }

    async fn merge(&self, copies: &Copies, review: &Review) -> bus::Result<()> {
        if self.also_protected(review).await {
            self.take_over(&copies.id, review).await?;
        }
        Ok(())
    }

    /// Takes over what is chosen, and says what came of it; whether nothing was left.
    async fn take_over(&self, id: &str, review: &Review) -> bus::Result<bool> {
        let doing = tr_count(
            "Merging {n} change…",
            "Merging {n} changes…",
            review.count(),
        );
        let chosen = review.chosen();
        let merge = self.bus.merge(id, &chosen, review.protected() > 0);
        let (taken, left) = self.working(&doing, merge).await?;
        let taken = usize::try_from(taken).unwrap_or(usize::MAX);
        let words = tr_count(
            "{n} change is in your files now",
            "{n} changes are in your files now",
            taken,
        );
        self.window.say(&words);
        self.show_left(&left);
        Ok(left.is_empty())
    }

    async fn undo(&self, id: &str) -> bus::Result<()> {
        let heading = tr("Undo the last merge?");
        let words = tr(
            "Your files are as they were before it, and the changes are in the sandbox again. What you have changed since stays as it is.",
        );
        if !self.is_sure(&heading, &words, &tr("_Undo")).await {
            return Ok(());
        }
        let undo = self.bus.undo(id);
        let (done, left) = self.working(&tr("Taking the merge back…"), undo).await?;
        let done = usize::try_from(done).unwrap_or(usize::MAX);
        let words = tr_count(
            "{n} change is in the sandbox again",
            "{n} changes are in the sandbox again",
            done,
        );
        self.window.say(&words);
        self.show_left(&left);
        Ok(())
    }

    /// Shows what was left as it was, and why.
    fn show_left(&self, left: &Left) {
        if left.is_empty() {
            return;
        }
        let count = tr_count(
            "{n} is left as it was",
            "{n} are left as they were",
            left.len(),
        );
        let shown = |bytes: &[u8]| OsBytes::from(bytes.to_vec()).to_string();
        let line = |(path, why): &(Vec<u8>, String)| {
            format!("{}\n    {}\n", shown(path), shown(why.as_bytes()))
        };
        let (window, text) = log::reader(&self.window, &count, &tr("What was left, and why"));
        let lines: String = left.iter().map(line).collect();
        text.buffer().set_text(&lines);
        window.present();
    }

    async fn clone_sandbox(&self, id: &str) -> bus::Result<()> {
        let heading = tr_with("Clone {app}?", &[("app", id)]);
        let words = tr(
            "Another sandbox goes on from here under a name of its own: small letters, digits, “-”, “_” and “.”.",
        );
        let question = adw::MessageDialog::new(Some(&self.window), Some(&heading), Some(&words));
        question.add_responses(&[("no", &tr("_Cancel")), ("yes", &tr("C_lone"))]);
        let name = gtk::Entry::new();
        name.set_text(&format!("{id}-2"));
        let label = gtk::Label::builder()
            .label(tr("_Name"))
            .use_underline(true)
            .xalign(0.0)
            .mnemonic_widget(&name)
            .build();
        let asks = gtk::Box::new(gtk::Orientation::Vertical, 6);
        asks.append(&label);
        asks.append(&name);
        let asked = question.downgrade();
        name.connect_activate(move |_| {
            if let Some(question) = asked.upgrade() {
                question.response("yes");
                question.close();
            }
        });
        question.set_extra_child(Some(&asks));
        if self.chosen(question).await != "yes" {
            return Ok(());
        }
        let name = name.text();
        let clone = self.bus.clone_sandbox(id, &name);
        self.working(&tr("Cloning…"), clone).await?;
        self.window.select_copies(&name);
        Ok(())
    }

    async fn discard(&self, id: &str) -> bus::Result<()> {
        let heading = tr_with("Throw away what {app} wrote?", &[("app", id)]);
        let words = tr(
            "Your own files are as they are. What it wrote is gone, and so is what would undo the last merge.",
        );
        if !self.is_sure(&heading, &words, &tr("_Discard")).await {
            return Ok(());
        }
        let discard = self.bus.discard(id);
        self.working(&tr("Throwing it away…"), discard).await
    }

    /// Takes over all, and lets the app start without a sandbox.
    async fn unbox(&self, copies: &Copies, review: &Review) -> bus::Result<()> {
        let id = &copies.id;
        let fill = [("app", id.as_str())];
        if review.left() > 0 || review.incomplete {
            return Err(tr_with(
                "{app} stays in its sandbox: decide on all of its changes first, or discard them",
                &fill,
            ));
        }
        let heading = tr_with("Take {app} out of its sandbox?", &fill);
        let words = tr(
            "All that it wrote is taken over, and your desktop starts it without a sandbox from then on.",
        );
        let sure = self.is_sure(&heading, &words, &tr("_Unbox")).await;
        if !sure || !self.also_protected(review).await {
            return Ok(());
        }
        if review.count() > 0 && !self.take_over(id, review).await? {
            return Ok(());
        }
        self.bus.discard(id).await?;
        let of_it = |app: &crate::model::App| {
            app.enabled && app.profile.as_deref() == Some(copies.profile.as_str())
        };
        if installed::list().await?.iter().any(of_it) {
            let switched = installed::disable(&copies.profile).await?;
            self.tell(&switched).await;
        }
        self.window
            .say(&tr_with("{app} is in your own home from now on", &fill));
        Ok(())
    }
}
