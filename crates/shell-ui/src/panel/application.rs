//! One panel for the session: what is told goes into the model, from there into the window; what is wished goes to the
//! daemon.

use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use adw::prelude::*;
use gtk::{gio, glib};

use super::actions::{self, Ask};
use super::page::Wish;
use super::window::Window;
use super::{log, memory, profiles, terminal};
use crate::bus::{self, Answered, Asked, Bus};
use crate::model::{Allow, Event, List, Prompt, Prompts, State};
use crate::style;
use crate::words::{tr, tr_count, tr_with};

/// The name by which desktop and bus know the panel.
pub const ID: &str = "org.oz.Panel";

/// Runs until its window is closed; a second one only brings the first one up. `path` is where programs are.
pub fn run(path: OsString) -> glib::ExitCode {
    let application = adw::Application::builder().application_id(ID).build();
    application.connect_startup(|application| {
        style::load();
        application.set_accels_for_action("window.close", &["<Control>w", "<Control>q"]);
    });
    let panel: Rc<OnceCell<Rc<Panel>>> = Rc::default();
    let programs = path.clone();
    let open = move |application: &adw::Application| {
        // An application that has a name on the bus has a connection.
        let Some(bus) = application.dbus_connection() else {
            // Without a window it ends.
            let _ = writeln!(std::io::stderr(), "oz-panel: there is no session bus");
            return None;
        };
        let panel = panel.get_or_init(|| {
            end_with(&bus);
            Panel::new(application, Bus::new(bus), path.clone())
        });
        panel.window.present();
        Some(Rc::clone(panel))
    };
    actions::add(&application, open.clone(), programs);
    application.connect_activate(move |application| drop(open(application)));
    application.run()
}

/// Ends the panel with its connection to the bus, which ends with the session. Before whatever else hears of that: the
/// toolkit tells who watches names of a connection that is none any more, and that is not to be had in Rust.
fn end_with(bus: &gio::DBusConnection) {
    bus.connect_closed(|_, _, _| std::process::exit(0));
}

pub(super) struct Panel {
    pub(super) window: Window,
    pub(super) bus: Bus,
    path: OsString,
    list: Rc<RefCell<List>>,
    prompts: RefCell<Prompts>,
    /// The sandbox whose levels are said, because a person can see them.
    heard: RefCell<Option<String>>,
    /// What was asked of a sandbox that the panel does not know yet.
    asked: RefCell<Option<(String, Ask)>>,
    /// Whether somebody asks what was changed in copies, and whether it is to be asked again.
    pub(super) looking: Cell<bool>,
    pub(super) look_again: Cell<bool>,
    /// An app is watched.
    pub(super) learning: Cell<bool>,
    /// What ends with the panel.
    kept: OnceCell<(bus::Watch, Option<bus::Prompter>)>,
}

impl Panel {
    fn new(application: &adw::Application, bus: Bus, path: OsString) -> Rc<Self> {
        let list = Rc::default();
        let panel = Rc::new(Self {
            window: Window::new(application, &list),
            bus,
            path,
            list,
            prompts: RefCell::default(),
            heard: RefCell::default(),
            asked: RefCell::default(),
            looking: Cell::default(),
            look_again: Cell::default(),
            learning: Cell::default(),
            kept: OnceCell::new(),
        });
        let to = Rc::downgrade(&panel);
        panel.window.connect_wish(move |sandbox, wish| {
            if let Some(panel) = to.upgrade() {
                let sandbox = sandbox.to_owned();
                glib::spawn_future_local(async move { panel.fulfil(&sandbox, wish).await });
            }
        });
        let to = Rc::downgrade(&panel);
        panel.window.connect_looked(move || {
            if let Some(panel) = to.upgrade() {
                panel.listen();
            }
        });
        panel.follow_apps();
        panel.follow_copies();
        memory::watch(&panel.window);
        let to = Rc::downgrade(&panel);
        glib::spawn_future_local(async move {
            if let Some(panel) = to.upgrade() {
                panel.find_icons().await;
            }
        });
        let to = Rc::downgrade(&panel);
        let watch = bus::watch(&panel.bus, move |event| {
            if let Some(panel) = to.upgrade() {
                panel.take(event);
            }
        });
        let asked = Rc::new(ToPanel(Rc::downgrade(&panel)));
        let prompter = bus::start_prompter(&panel.bus, asked);
        if let Err(error) = &prompter {
            panel.window.say(error.message());
        }
        let _ = panel.kept.set((watch, prompter.ok()));
        panel
    }

    fn take(&self, event: Event) {
        match &event {
            Event::Levels(path, levels) => return self.window.show_levels(path, *levels),
            Event::Copies(all) => return self.window.show_copies(all),
            _ => {}
        }
        if matches!(event, Event::All(_) | Event::NoDaemon) {
            // A daemon that has just come does not know who looks.
            self.heard.take();
        }
        let change = self.list.borrow_mut().take(event);
        self.window.show_change(&change);
        self.listen();
        self.do_what_is_asked();
    }

    /// Has the levels said of the sandbox that a person can see, and of no other.
    fn listen(&self) {
        let now = self.window.looked_at();
        let before = self.heard.replace(now.clone());
        if now == before {
            return;
        }
        for (sandbox, on) in [(before, false), (now, true)] {
            let (Some(sandbox), bus) = (sandbox, self.bus.clone()) else {
                continue;
            };
            glib::spawn_future_local(async move {
                // It may have ended, and a daemon of another version counts nothing.
                let _ = bus.watch_levels(&sandbox, on).await;
            });
        }
    }

    /// Shows a sandbox, and asks for files for it if that is what for; as soon as it is known.
    pub(super) fn ask(&self, sandbox: &str, ask: Ask) {
        self.asked.replace(Some((sandbox.to_owned(), ask)));
        self.do_what_is_asked();
    }

    fn do_what_is_asked(&self) {
        let asked = self.asked.take();
        let known = |(sandbox, _): &(String, Ask)| self.list.borrow().get(sandbox).is_some();
        match asked {
            Some(asked) if !known(&asked) => drop(self.asked.replace(Some(asked))),
            Some((sandbox, ask)) => {
                self.window.select(&sandbox);
                if ask == Ask::Files {
                    self.window.choose_files();
                }
            }
            None => {}
        }
    }

    /// Does what is wished, and says what came of it.
    async fn fulfil(self: Rc<Self>, sandbox: &str, wish: Wish) {
        let done = match wish {
            Wish::Add { files, write } => self.add(sandbox, files, write).await,
            Wish::Remove(file) => self.remove(sandbox, &file).await,
            Wish::Microphone(state) => self.bus.set(sandbox, "Microphone", state).await,
            Wish::Speaker(state) => self.bus.set(sandbox, "Speaker", state).await,
            Wish::Clipboard(ways) => self.bus.set(sandbox, "Clipboard", ways.word()).await,
            Wish::Allow { what, always } => self.allow(sandbox, what, always).await,
            Wish::RemoveForward(forward) => self.bus.remove_forward(sandbox, &forward).await,
            Wish::Changes => {
                self.window.select_copies(&self.id(sandbox));
                Ok(())
            }
            Wish::Shell => terminal::open(&self.id(sandbox), &self.path),
            Wish::Logs => self.show_log(sandbox).await,
            Wish::Stop => self.stop(sandbox).await,
        };
        if let Err(words) = done {
            self.window.say(&words);
        }
        // A switch shows what holds, whatever was wished of it.
        self.window.show_again();
    }

    /// Lets happen what was refused, and says so in the profile if it is for good.
    async fn allow(&self, sandbox: &str, what: Allow, always: bool) -> bus::Result<()> {
        if always {
            let profile = {
                let list = self.list.borrow();
                list.get(sandbox).map(|sandbox| sandbox.profile.clone())
            };
            let profile = profile.unwrap_or_default();
            let heading = tr_with("Always allow this to {app}?", &[("app", &profile)]);
            let words = what.always_words(&profile);
            if !self.is_sure(&heading, &words, &tr("_Always Allow")).await {
                return Ok(());
            }
            profiles::change(&profile, vec![what.always()]).await?;
            self.window.say(&tr_with(
                "Your profile of {app} says so now",
                &[("app", &profile)],
            ));
        }
        match &what {
            Allow::Microphone => self.bus.set(sandbox, "Microphone", "on").await,
            Allow::Speaker => self.bus.set(sandbox, "Speaker", "on").await,
            Allow::Clipboard(ways) => self.bus.set(sandbox, "Clipboard", ways.word()).await,
            // It holds for the next sandbox; files for this one are chosen.
            Allow::Files => Ok(()),
        }
    }

    /// Says something that goes by itself.
    pub(super) fn say(&self, words: &str) {
        self.window.say(words);
    }

    fn id(&self, sandbox: &str) -> String {
        let list = self.list.borrow();
        list.get(sandbox)
            .map(|sandbox| sandbox.id.clone())
            .unwrap_or_default()
    }

    async fn add(&self, sandbox: &str, files: Vec<PathBuf>, write: bool) -> bus::Result<()> {
        let named = match files.as_slice() {
            [one] => name(one),
            many => tr_count("{n} file", "{n} files", many.len()),
        };
        self.bus.add_files(sandbox, files, write).await?;
        let id = self.id(sandbox);
        let fill = [("files", named.as_str()), ("app", id.as_str())];
        self.window.say(&if write {
            tr_with("{app} may change {files}", &fill)
        } else {
            tr_with("{app} may read {files}", &fill)
        });
        Ok(())
    }

    /// Takes a file back, when the person has read what that means.
    async fn remove(&self, sandbox: &str, file: &[u8]) -> bus::Result<()> {
        let id = self.id(sandbox);
        let held = {
            let list = self.list.borrow();
            let files = list.get(sandbox).map(|sandbox| sandbox.files.clone());
            files
                .unwrap_or_default()
                .into_iter()
                .find(|held| held.path == file)
        };
        let Some(held) = held else {
            return Ok(());
        };
        let place = held.as_path().to_owned();
        let look = gio::spawn_blocking(move || place.is_dir());
        let patience = glib::future_with_timeout(std::time::Duration::from_secs(2), look);
        let directory = patience.await.is_ok_and(|looked| looked.unwrap_or(false));
        let heading = tr_with("Take {file} back?", &[("file", &held.name())]);
        let warning = held.warning(&id, directory);
        if !self.is_sure(&heading, &warning, &tr("_Take Back")).await {
            return Ok(());
        }
        self.bus.remove_file(sandbox, file).await
    }

    async fn stop(&self, sandbox: &str) -> bus::Result<()> {
        let id = self.id(sandbox);
        let heading = tr_with("End {app}?", &[("app", &id)]);
        let warning = tr("Its programs are asked to end, and what does not is killed.");
        if !self.is_sure(&heading, &warning, &tr("_End")).await {
            return Ok(());
        }
        let state = self.list.borrow().get(sandbox).map(|sandbox| sandbox.state);
        self.bus.stop(sandbox, state == Some(State::Stranger)).await
    }

    async fn show_log(&self, sandbox: &str) -> bus::Result<()> {
        let id = self.id(sandbox);
        let text = self.bus.log(&id, log::MOST).await?;
        log::show(&self.window, &id, &text);
        Ok(())
    }

    /// Asks whether something that cannot be undone is meant.
    pub(super) async fn is_sure(&self, heading: &str, warning: &str, yes: &str) -> bool {
        let question = adw::MessageDialog::new(Some(&self.window), Some(heading), Some(warning));
        question.add_responses(&[("no", &tr("_Cancel")), ("yes", yes)]);
        question.set_response_appearance("yes", adw::ResponseAppearance::Destructive);
        self.chosen(question).await == "yes"
    }

    /// Waits for the answer; to close the question is to say `no`.
    pub(super) async fn chosen(&self, question: adw::MessageDialog) -> String {
        question.set_default_response(Some("no"));
        question.set_close_response("no");
        let (tell, told) = futures_channel::oneshot::channel();
        let tell = RefCell::new(Some(tell));
        question.connect_response(None, move |_, response| {
            if let Some(tell) = tell.take() {
                // Who asked may have gone.
                let _ = tell.send(response.to_owned());
            }
        });
        question.present();
        told.await.unwrap_or_default()
    }

    fn show_prompts(self: &Rc<Self>) {
        let waiting = self.prompts.borrow().waiting();
        let to = Rc::downgrade(self);
        self.window.show_prompts(&waiting, move |id, yes| {
            if let Some(panel) = to.upgrade() {
                let id = id.to_owned();
                glib::spawn_future_local(async move { panel.answer(&id, yes).await });
            }
        });
    }

    async fn answer(self: Rc<Self>, id: &str, yes: bool) {
        let ours = self.prompts.borrow().is_ours(id);
        match self.bus.answer(id, yes, ours).await {
            // The daemon takes it away, if it is over.
            Ok(Answered::Taken | Answered::TooSoon) => {}
            Ok(Answered::Over) => {
                self.prompts.borrow_mut().withdraw(id);
                self.show_prompts();
            }
            Err(words) => self.window.say(&words),
        }
    }
}

/// The name of a file, fit to be read.
fn name(file: &Path) -> String {
    let name = file.file_name().unwrap_or(file.as_os_str());
    oz_core::OsBytes::from(name.to_owned()).to_string()
}

/// Tells the panel what is asked, as long as there is one.
struct ToPanel(std::rc::Weak<Panel>);

impl ToPanel {
    fn change(&self, change: impl FnOnce(&mut Prompts)) {
        if let Some(panel) = self.0.upgrade() {
            change(&mut panel.prompts.borrow_mut());
            panel.show_prompts();
        }
    }
}

impl Asked for ToPanel {
    fn show(&self, prompt: Prompt, nobody_else: bool) -> bool {
        let seen = |panel: Rc<Panel>| {
            let window = &panel.window;
            window.is_active() || (nobody_else && window.is_mapped())
        };
        let seen = self.0.upgrade().is_some_and(seen);
        if seen {
            self.change(|prompts| prompts.show(prompt));
        }
        seen
    }

    fn withdraw(&self, id: &str) {
        self.change(|prompts| prompts.withdraw(id));
    }

    fn list(&self, all: Vec<Prompt>) {
        self.change(|prompts| prompts.list(all));
    }

    fn none(&self) {
        self.change(Prompts::clear);
    }
}
