//! What the host offers: the list at the start, and screens and seats that come and go later.

use std::collections::BTreeMap;

use tracing::debug;
use wayland_client::protocol::wl_callback::{self, WlCallback};
use wayland_client::protocol::wl_display::WlDisplay;
use wayland_client::protocol::wl_registry::{self, WlRegistry};
use wayland_client::{Connection, Dispatch, EventQueue, QueueHandle};

use super::prefetch::Questions;
use crate::bridge::known::Known;
use crate::globals;
use crate::session::Session;

/// The host's globals that are on the allow list, at the version that both sides know.
#[derive(Debug, Default, Clone)]
pub(crate) struct HostGlobals(pub(crate) BTreeMap<u32, (&'static str, u32)>);

impl HostGlobals {
    /// The first global of an interface, with its version.
    pub(crate) fn offered(&self, interface: &str) -> Option<(u32, u32)> {
        self.0
            .iter()
            .find(|(_, (name, _))| *name == interface)
            .map(|(name, (_, version))| (*name, *version))
    }

    fn add(&mut self, name: u32, interface: &str, version: u32) {
        let allowed = globals::allowed(interface);
        if let Some(allowed) = allowed.filter(|allowed| version >= allowed.min_version) {
            self.0
                .insert(name, (allowed.interface, version.min(allowed.max_version)));
        }
    }
}

/// The state of a connection before its client is let in.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) globals: HostGlobals,
    pub(crate) known: Known,
    pub(crate) done: bool,
    /// It is to say which buffers of a GPU it takes, which is much.
    pub(crate) gpu: bool,
    registry: WlRegistry,
    display: WlDisplay,
    questions: Option<Questions>,
}

impl Listing {
    /// Asks for the list. The answer arrives on the returned queue; nobody waits for it.
    pub(crate) fn start(conn: &Connection, gpu: bool) -> (EventQueue<Self>, Self) {
        let queue = conn.new_event_queue();
        let display = conn.display();
        let registry = display.get_registry(&queue.handle(), ());
        display.sync(&queue.handle(), ());
        let globals = HostGlobals::default();
        let listing = Self {
            globals,
            known: Known::default(),
            done: false,
            gpu,
            registry,
            display,
            questions: None,
        };
        (queue, listing)
    }
}

impl Dispatch<WlRegistry, ()> for Listing {
    fn event(
        state: &mut Self,
        _registry: &WlRegistry,
        event: wl_registry::Event,
        (): &(),
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let wl_registry::Event::Global {
            name,
            interface,
            version,
        } = event
        {
            state.globals.add(name, &interface, version);
        }
    }
}

impl Dispatch<WlCallback, ()> for Listing {
    fn event(
        state: &mut Self,
        _callback: &WlCallback,
        event: wl_callback::Event,
        (): &(),
        _conn: &Connection,
        qh: &QueueHandle<Self>,
    ) {
        if !matches!(event, wl_callback::Event::Done { .. }) {
            return;
        }
        if let Some(questions) = state.questions.take() {
            questions.finish();
            state.done = true;
        } else {
            state.questions = Some(Questions::ask(state, &state.registry, qh));
            state.display.sync(qh, ());
        }
    }
}

impl Session {
    /// The number here of what is a global of the host's.
    fn mirrored_as(&self, host: u32) -> Option<u32> {
        let mut all = self.mirrored.iter();
        let is = |known: &Option<(u32, u32)>| known.is_some_and(|(name, _)| name == host);
        all.find_map(|(number, known)| is(&known.host).then_some(*number))
    }
}

impl Dispatch<WlRegistry, ()> for Session {
    fn event(
        session: &mut Self,
        _registry: &WlRegistry,
        event: wl_registry::Event,
        (): &(),
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        match event {
            // This registry tells everything once more; what is mirrored already is known. Only
            // screens and seats may appear later: managers do not come and go.
            wl_registry::Event::Global {
                name,
                interface,
                version,
            } if matches!(interface.as_str(), "wl_output" | "wl_seat") => {
                if let Some(allowed) = globals::allowed(&interface)
                    && session.mirrored_as(name).is_none()
                {
                    session.mirror(name, allowed.interface, version.min(allowed.max_version));
                }
            }
            wl_registry::Event::GlobalRemove { name } => {
                if let Some(number) = session.mirrored_as(name)
                    && let Some(gone) = session.mirrored.remove(&number)
                {
                    debug!(name, "a global of the host is gone");
                    session.dh.disable_global::<Self>(gone.global);
                }
            }
            _ => {}
        }
    }
}
