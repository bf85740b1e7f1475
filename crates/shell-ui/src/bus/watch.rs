//! What happens to sandboxes, by signals: nothing is asked twice.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use gtk::glib::variant::ToVariant;
use gtk::{gio, glib};

use super::copies::{self, COPIES};
use super::decode::{self, Properties};
use super::{Bus, NAME, PROPERTIES, ROOT, SANDBOX, STRANGER, Until};
use crate::model::{Event, Levels, Sandbox};

const OBJECTS: &str = "org.freedesktop.DBus.ObjectManager";

/// The interfaces of an object, each with its properties.
type Interfaces = HashMap<String, Properties>;

/// Sandboxes as they were told so far: a signal says only what is different.
#[derive(Default)]
struct Known(RefCell<HashMap<String, Sandbox>>);

/// Keeps the watch; it ends with it.
pub struct Watch {
    _signals: Vec<gio::SignalSubscription>,
    _name: Until,
}

/// Starts the daemon if it does not run, and says what happens from now on.
pub fn watch(bus: &Bus, tell: impl Fn(Event) + 'static) -> Watch {
    let known = Rc::new(Known::default());
    let tell: Rc<dyn Fn(Event)> = Rc::new(tell);
    let signals = [
        (OBJECTS, "InterfacesAdded"),
        (OBJECTS, "InterfacesRemoved"),
        (PROPERTIES, "PropertiesChanged"),
        (SANDBOX, "Levels"),
    ];
    let signals = signals.map(|(interface, member)| {
        let (known, tell) = (Rc::clone(&known), Rc::clone(&tell));
        let flags = gio::DBusSignalFlags::NONE;
        bus.0.subscribe_to_signal(
            Some(NAME),
            Some(interface),
            Some(member),
            None,
            None,
            flags,
            move |signal| {
                let event = known.take(signal.signal_name, signal.object_path, signal.parameters);
                if let Some(event) = event {
                    tell(event);
                }
            },
        )
    });
    let (appeared, vanished) = (Rc::clone(&tell), tell);
    let asked = bus.clone();
    let forget = Rc::clone(&known);
    let name = gio::bus_watch_name_on_connection(
        &bus.0,
        NAME,
        gio::BusNameWatcherFlags::AUTO_START,
        move |_, _, _| {
            let (bus, known, tell) = (asked.clone(), Rc::clone(&known), Rc::clone(&appeared));
            glib::spawn_future_local(async move {
                if let Some(event) = known.all(&bus).await {
                    tell(event);
                }
                if let Ok(copies) = bus.copies().await {
                    tell(Event::Copies(copies));
                }
            });
        },
        move |_, _| {
            forget.0.borrow_mut().clear();
            vanished(Event::NoDaemon);
        },
    );
    Watch {
        _signals: signals.into(),
        _name: Until::undo(move || gio::bus_unwatch_name(name)),
    }
}

impl Known {
    /// Everything, at once.
    async fn all(&self, bus: &Bus) -> Option<Event> {
        let get = (ROOT, OBJECTS, "GetManagedObjects");
        let (reply, _) = bus.call(get, ().to_variant(), None).await.ok()?;
        let objects = reply.child_value(0);
        let mut all = HashMap::new();
        for object in objects.iter() {
            let path = object.child_value(0).str()?.to_owned();
            let interfaces: Interfaces = object.child_value(1).get()?;
            if let Some(sandbox) = shown(&interfaces) {
                all.insert(path, sandbox);
            }
        }
        *self.0.borrow_mut() = all.clone();
        Some(Event::All(all.into_iter().collect()))
    }

    /// What a signal says.
    fn take(&self, signal: &str, path: &str, arguments: &glib::Variant) -> Option<Event> {
        let mut known = self.0.borrow_mut();
        match signal {
            "InterfacesAdded" => {
                let (path, interfaces): (glib::Variant, Interfaces) =
                    (arguments.child_value(0), arguments.child_value(1).get()?);
                let path = path.str()?.to_owned();
                let sandbox = shown(&interfaces)?;
                known.insert(path.clone(), sandbox.clone());
                Some(Event::Added(path, Box::new(sandbox)))
            }
            "InterfacesRemoved" => {
                let path = arguments.child_value(0).str()?.to_owned();
                let interfaces: Vec<String> = arguments.child_value(1).get()?;
                let ours = |name: &String| name == SANDBOX || name == STRANGER;
                (interfaces.iter().any(ours) && known.remove(&path).is_some())
                    .then_some(Event::Gone(path))
            }
            "PropertiesChanged" => {
                let of = arguments.child_value(0);
                if of.str() == Some(COPIES) {
                    let changed: Properties = arguments.child_value(1).get()?;
                    return Some(Event::Copies(copies::kept(changed.get("Copies")?)));
                }
                let sandbox = known.get_mut(path).filter(|_| of.str() == Some(SANDBOX))?;
                decode::change(sandbox, &arguments.child_value(1).get()?);
                Some(Event::Added(path.to_owned(), Box::new(sandbox.clone())))
            }
            "Levels" if known.contains_key(path) => {
                let (speaker, microphone) = arguments.get()?;
                let levels = Levels {
                    speaker,
                    microphone,
                };
                Some(Event::Levels(path.to_owned(), levels))
            }
            _ => None,
        }
    }
}

fn shown(interfaces: &Interfaces) -> Option<Sandbox> {
    let own = interfaces.get(SANDBOX).map(decode::sandbox);
    own.or_else(|| interfaces.get(STRANGER).map(decode::stranger))
}
