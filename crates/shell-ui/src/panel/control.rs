//! What is wished of apps that are installed.

use std::rc::Rc;

use adw::prelude::*;
use gtk::glib;
use oz_host::profile_edit::Change;

use super::app_page::{Learn, Shown};
use super::application::Panel;
use super::apps::AppWish;
use super::learning::was_trained;
use super::{installed, profiles};
use crate::bus;
use crate::model::{App, permissions};
use crate::words::{tr, tr_with};

impl Panel {
    /// Finds the pictures of the apps that run or may run.
    pub(super) async fn find_icons(&self) {
        let Ok(all) = installed::list().await else {
            return;
        };
        let icon = |app: App| {
            let icon = gtk::gio::Icon::for_string(&app.icon?).ok()?;
            Some((app.profile?, icon))
        };
        self.window
            .set_icons(all.into_iter().filter_map(icon).collect());
    }

    /// Listens to the list of apps and to the page of one.
    pub(super) fn follow_apps(self: &Rc<Self>) {
        let (apps, page) = self.window.apps();
        let to = Rc::downgrade(self);
        self.window.connect_apps_shown(move || {
            if let Some(panel) = to.upgrade() {
                glib::spawn_future_local(async move { panel.list_apps().await });
            }
        });
        let to = Rc::downgrade(self);
        apps.connect_wish(move |app, wish| {
            if let Some(panel) = to.upgrade() {
                let app = app.clone();
                glib::spawn_future_local(async move {
                    match wish {
                        AppWish::Show => panel.show_app(&app).await,
                        AppWish::Enable(on) => panel.enable(&app, on).await,
                    }
                });
            }
        });
        self.follow_learning();
        let to = Rc::downgrade(self);
        page.connect_change(move |changes| {
            let chosen = to.upgrade().and_then(|panel| {
                let app = panel.window.apps().0.selected()?;
                Some((panel, app))
            });
            if let Some((panel, app)) = chosen {
                glib::spawn_future_local(async move { panel.change(&app, changes).await });
            }
        });
    }

    fn follow_learning(self: &Rc<Self>) {
        let (_, page) = self.window.apps();
        let to = Rc::downgrade(self);
        page.connect_learn(move |learn| {
            let chosen = to.upgrade().and_then(|panel| {
                let app = panel.window.apps().0.selected()?;
                Some((panel, app))
            });
            let Some((panel, app)) = chosen else { return };
            glib::spawn_future_local(async move {
                let done = match learn {
                    Learn::Watch => panel.learn(&app).await,
                    Learn::Review => panel.review(&app).await,
                };
                if let Err(words) = done {
                    panel.window.say(&words);
                }
                panel.list_apps().await;
            });
        });
    }

    pub(super) async fn list_apps(&self) {
        match installed::list().await {
            Ok(all) => {
                let (apps, _) = self.window.apps();
                apps.show_apps(&all);
                if let Some(app) = apps.selected() {
                    self.show_app(&app).await;
                }
            }
            Err(words) => self.window.say(&words),
        }
    }

    async fn show_app(&self, app: &App) {
        let (_, page) = self.window.apps();
        page.show_learn(app.profile.is_none(), was_trained(app));
        let shown = match &app.profile {
            None => Shown::Unknown(
                tr("There is no profile for it"),
                tr(
                    "It starts without a sandbox. A profile of yours can change that: see `oz profile`.",
                ),
            ),
            Some(name) => {
                self.window.show_app(app, &Shown::Waiting);
                match self.permissions(name).await {
                    Ok(shown) => shown,
                    Err(why) => Shown::Unknown(tr("It Cannot Be Started"), why),
                }
            }
        };
        self.window.show_app(app, &shown);
    }

    async fn permissions(&self, profile: &str) -> bus::Result<Shown> {
        let plan = self.bus.plan(profile).await?;
        let profile = installed::profile(profile).await?;
        Ok(Shown::Permissions(permissions(&plan), Box::new(profile)))
    }

    async fn change(&self, app: &App, changes: Result<Vec<Change>, String>) {
        let Some(name) = &app.profile else { return };
        let changed = match changes {
            Ok(changes) => profiles::change(name, changes).await.map(drop),
            Err(words) => Err(words),
        };
        if let Err(words) = changed {
            self.window.say(&words);
        }
        // What holds now, whatever was wished.
        match self.permissions(name).await {
            Ok(shown) => self.window.show_app(app, &shown),
            Err(why) => self
                .window
                .show_app(app, &Shown::Unknown(tr("It Cannot Be Started"), why)),
        }
    }

    /// Has an app started in its sandbox, or not any more.
    async fn enable(&self, app: &App, on: bool) {
        let Some(name) = &app.profile else { return };
        let done = match on {
            true => self.switch_on(app, name).await,
            false => self.switch_off(app, name).await,
        };
        if let Err(words) = done {
            self.window.say(&words);
        }
        self.list_apps().await;
    }

    /// Shows at the app that something is done, as long as it is.
    async fn busy<T>(&self, app: &App, work: impl Future<Output = T>) -> T {
        let (apps, _) = self.window.apps();
        apps.set_busy(&app.id, true);
        let done = work.await;
        apps.set_busy(&app.id, false);
        done
    }

    async fn switch_on(&self, app: &App, name: &str) -> bus::Result<()> {
        let switched = self.busy(app, installed::enable(name)).await?;
        self.tell(&switched).await;
        if let Some(kept) = &switched.data {
            match self.what_becomes(name, kept).await.as_str() {
                "copy" => self.busy(app, installed::copy_data(name)).await?,
                "present" => self.busy(app, installed::give_data(name)).await?,
                _ => {}
            }
        }
        let words = tr_with("{app} starts in its sandbox from now on", &[("app", name)]);
        self.window.say(&words);
        Ok(())
    }

    /// Asks what becomes of what the app has kept so far. To close the question is to start fresh, by which nothing is given
    /// away.
    async fn what_becomes(&self, name: &str, kept: &installed::Kept) -> String {
        let size = glib::format_size(kept.size);
        let fill = [
            ("app", name),
            ("size", size.as_str()),
            ("places", kept.places.as_str()),
        ];
        let heading = tr_with("What becomes of what {app} has kept so far?", &fill);
        let mut words = tr_with(
            "{app} has {size} in {places}. Its sandbox can go on with that, with a copy of it, or start fresh.",
            &fill,
        );
        if let Some(program) = &kept.in_use {
            words.push_str("\n\n");
            let fill = [("program", program.as_str())];
            words.push_str(&tr_with(
                "{program} has it in use at this moment: close it before you start the app again.",
                &fill,
            ));
        }
        let question = adw::MessageDialog::new(Some(&self.window), Some(&heading), Some(&words));
        question.add_responses(&[("no", &tr("Start _Fresh")), ("copy", &tr("_Copy It"))]);
        if kept.present {
            question.add_response("present", &tr("_Use It as It Is"));
        }
        self.chosen(question).await
    }

    async fn switch_off(&self, app: &App, name: &str) -> bus::Result<()> {
        let switched = self.busy(app, installed::disable(name)).await?;
        self.tell(&switched).await;
        let places = switched.data.map(|kept| kept.places);
        let places = places.as_deref().unwrap_or_default();
        let fill = [("app", name), ("places", places)];
        self.window.say(&match places {
            "" => tr_with("{app} starts as before, without a sandbox", &fill),
            _ => tr_with(
                "{app} starts as before, without a sandbox; what it has kept there stays in {places}",
                &fill,
            ),
        });
        Ok(())
    }

    /// What else there is to do and to say.
    pub(super) async fn tell(&self, switched: &installed::Switched) {
        if switched.services {
            self.bus.reload_services().await;
        }
        for file in &switched.left {
            let fill = [("file", file.as_str())];
            self.window.say(&tr_with(
                "{file} was changed by somebody since, and is left as it is",
                &fill,
            ));
        }
    }
}
