//! `org.oz.Prompter1`: the daemon gives us questions to show. docs/prompts.md has the rules.
//!
//! A window that comes up by itself takes the keyboard from whatever the person does, and on most desktops nothing
//! can be done about it. So a question is shown in the window that is there: if the person has just that one before
//! them. Else we say that we cannot, and the daemon asks by a notification, whose buttons take nothing away; the
//! question is listed in the window as well, for when it is looked at.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use gtk::glib::variant::ToVariant;
use gtk::{gio, glib};

use super::decode::Properties;
use super::{Bus, NAME, PATIENCE_MS, PROPERTIES, ROOT, Result, Until, words};
use crate::model::Prompt;

const PROMPTER: &str = "org.oz.Prompter1";
const PATH: &str = "/org/oz/Prompter1";
const PROMPTS: &str = "org.oz.Prompts1";
const INTERFACE: &str = include_str!("../../../../docs/org.oz.Prompter1.xml");

/// What the daemon says of questions.
pub trait Asked {
    /// A question is to be shown; false if the person cannot see it here. If nobody else could show it either, a
    /// window that may be seen is enough.
    fn show(&self, prompt: Prompt, nobody_else: bool) -> bool;
    /// It is not to be shown any more.
    fn withdraw(&self, id: &str);
    /// These wait, whoever shows them.
    fn list(&self, prompts: Vec<Prompt>);
    /// Nobody asks any more.
    fn none(&self);
}

/// Is the agent as long as it is kept.
pub struct Prompter {
    _name: Until,
    _daemon: Until,
    _changes: gio::SignalSubscription,
}

/// Becomes the agent, unless another one is there already: then as soon as that is gone.
pub fn start(bus: &Bus, asked: Rc<dyn Asked>) -> std::result::Result<Prompter, glib::Error> {
    let owner = Rc::new(RefCell::new(None::<String>));
    serve(bus, Rc::clone(&asked), Rc::clone(&owner))?;
    let list = Rc::clone(&asked);
    let changes = bus.0.subscribe_to_signal(
        Some(NAME),
        Some(PROPERTIES),
        Some("PropertiesChanged"),
        Some(ROOT),
        Some(PROMPTS),
        gio::DBusSignalFlags::NONE,
        move |signal| {
            let changed: Option<Properties> = signal.parameters.child_value(1).get();
            if let Some(prompts) = changed.and_then(|changed| changed.get("Prompts").map(all)) {
                list.list(prompts);
            }
        },
    );
    let (appeared, vanished) = (Rc::clone(&owner), owner);
    let (bus_there, list, gone) = (bus.clone(), Rc::clone(&asked), asked);
    let daemon = gio::bus_watch_name_on_connection(
        &bus.0,
        NAME,
        gio::BusNameWatcherFlags::NONE,
        move |_, _, owner| {
            appeared.replace(Some(owner.to_owned()));
            let (bus, list) = (bus_there.clone(), Rc::clone(&list));
            glib::spawn_future_local(async move {
                if let Some(prompts) = waiting(&bus).await {
                    list.list(prompts);
                }
            });
        },
        move |_, _| {
            vanished.replace(None);
            gone.none();
        },
    );
    let name = gio::bus_own_name_on_connection(
        &bus.0,
        PROMPTER,
        gio::BusNameOwnerFlags::NONE,
        |_, _| {},
        |_, _| {},
    );
    Ok(Prompter {
        _name: Until::undo(move || gio::bus_unown_name(name)),
        _daemon: Until::undo(move || gio::bus_unwatch_name(daemon)),
        _changes: changes,
    })
}

/// What waits when we come.
async fn waiting(bus: &Bus) -> Option<Vec<Prompt>> {
    let arguments = (PROMPTS, "Prompts").to_variant();
    let get = (ROOT, PROPERTIES, "Get");
    let (reply, _) = bus.call(get, arguments, None).await.ok()?;
    Some(all(&reply.child_value(0).as_variant()?))
}

/// Takes the daemon's calls, and nobody else's: anybody on the bus could ask questions in our name.
fn serve(
    bus: &Bus,
    asked: Rc<dyn Asked>,
    daemon: Rc<RefCell<Option<String>>>,
) -> std::result::Result<(), glib::Error> {
    let node = gio::DBusNodeInfo::for_xml(INTERFACE)?;
    let Some(interface) = node.lookup_interface(PROMPTER) else {
        let what = "the description of the interface names another one";
        return Err(glib::Error::new(gio::IOErrorEnum::Failed, what));
    };
    let own = bus.clone();
    let serving = bus.0.register_object(PATH, &interface);
    let serving = serving.method_call(move |_, sender, _, _, method, arguments, call| {
        if sender.is_none() || sender.map(str::to_owned) != *daemon.borrow() {
            call.return_dbus_error("org.oz.Error.Refused", "only the daemon asks");
            return;
        }
        match method {
            "Show" => match prompt(&arguments) {
                Some(prompt) => show(&own, &asked, prompt, call),
                None => call.return_dbus_error("org.oz.Error.InvalidArgument", "it is no prompt"),
            },
            "Withdraw" => {
                if let Some(id) = arguments.child_value(0).str() {
                    asked.withdraw(id);
                }
                call.return_value(None);
            }
            _ => call.return_dbus_error("org.oz.Error.NotFound", "there is no such method"),
        }
    });
    serving.build().map(drop)
}

/// Shows a question if the person can see it here, or nowhere.
fn show(bus: &Bus, asked: &Rc<dyn Asked>, prompt: Prompt, call: gio::DBusMethodInvocation) {
    if asked.show(prompt.clone(), false) {
        return_when_drawn(call);
        return;
    }
    let (bus, asked) = (bus.clone(), Rc::clone(asked));
    glib::spawn_future_local(async move {
        if !bus.has_notifications().await && asked.show(prompt, true) {
            return_when_drawn(call);
        } else {
            call.return_dbus_error("org.oz.Error.NotSeen", "nobody looks at the panel");
        }
    });
}

/// What is to be drawn has been when there is nothing else to do.
fn return_when_drawn(call: gio::DBusMethodInvocation) {
    let call = RefCell::new(Some(call));
    glib::idle_add_local_full(glib::Priority::LOW, move || {
        if let Some(call) = call.take() {
            call.return_value(None);
        }
        glib::ControlFlow::Break
    });
}

/// A prompt that is to be shown.
fn prompt(arguments: &glib::Variant) -> Option<Prompt> {
    type Show = (
        String,
        String,
        String,
        String,
        HashMap<String, glib::Variant>,
    );
    let (id, sandbox, profile, kind, mut details): Show = arguments.get()?;
    let names = ["id", "sandbox", "profile", "kind"];
    for (key, value) in names.into_iter().zip([id, sandbox, profile, kind]) {
        details.insert(key.to_owned(), value.to_variant());
    }
    listed(&details)
}

fn all(list: &glib::Variant) -> Vec<Prompt> {
    let rows: Vec<Properties> = list.get().unwrap_or_default();
    rows.iter().filter_map(listed).collect()
}

fn listed(row: &Properties) -> Option<Prompt> {
    let text = |name: &str| {
        row.get(name)
            .and_then(glib::Variant::str)
            .map(str::to_owned)
    };
    Some(Prompt {
        id: text("id")?,
        name: text("name").or_else(|| text("sandbox"))?,
        sandbox: text("sandbox")?,
        profile: text("profile")?,
        kind: text("kind").unwrap_or_default(),
        program: text("program"),
        out: row.get("out").and_then(glib::Variant::get) == Some(true),
        title: text("title")?,
        body: text("body").unwrap_or_default(),
        icon: text("icon").unwrap_or_else(|| "dialog-question-symbolic".to_owned()),
        shown: text("shown").unwrap_or_default(),
    })
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It counts.
    Taken,
    /// The question has only just appeared: it stays.
    TooSoon,
    /// It is over, or somebody else's.
    Over,
}

impl Bus {
    /// Answers a question: as the one who shows it, or as the person who need not be asked twice.
    pub async fn answer(&self, id: &str, yes: bool, ours: bool) -> Result<Answered> {
        let method = if ours { "Answer" } else { "AnswerByCommand" };
        let arguments = (id, yes).to_variant();
        let answer = (ROOT, PROMPTS, method);
        let Err(error) = self.call(answer, arguments, None).await else {
            return Ok(Answered::Taken);
        };
        let name = gio::DBusError::remote_error(&error).unwrap_or_default();
        match name.as_str() {
            "org.oz.Error.TooSoon" => Ok(Answered::TooSoon),
            "org.oz.Error.NotFound" | "org.oz.Error.Refused" => Ok(Answered::Over),
            _ => Err(words(error)),
        }
    }

    /// Whether somebody shows notifications with buttons, so that a question need not appear here.
    pub async fn has_notifications(&self) -> bool {
        let reply = self.0.call_future(
            Some("org.freedesktop.Notifications"),
            "/org/freedesktop/Notifications",
            "org.freedesktop.Notifications",
            "GetCapabilities",
            None,
            None,
            gio::DBusCallFlags::NONE,
            PATIENCE_MS / 60,
        );
        let capabilities = reply
            .await
            .ok()
            .and_then(|reply| reply.child_value(0).get());
        capabilities.is_some_and(|all: Vec<String>| all.iter().any(|one| one == "actions"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_of_the_interface_is_that_of_the_documentation() {
        let node = gio::DBusNodeInfo::for_xml(INTERFACE).expect("is understood");
        assert!(node.lookup_interface(PROMPTER).is_some());
    }

    #[test]
    fn a_prompt_is_what_is_to_be_shown() {
        let details = HashMap::from([
            ("title".to_owned(), "Let “foot” use it?".to_variant()),
            ("body".to_owned(), "It hears you.".to_variant()),
        ]);
        let show = ("7", "foot", "foot", "microphone", details).to_variant();
        let prompt = prompt(&show).expect("a prompt");
        assert_eq!(
            (prompt.id.as_str(), prompt.title.as_str()),
            ("7", "Let “foot” use it?")
        );
        let nothing: HashMap<String, glib::Variant> = HashMap::new();
        assert_eq!(
            super::prompt(&("7", "foot", "foot", "x", nothing).to_variant()),
            None
        );
    }
}
