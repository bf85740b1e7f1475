//! The Wayland client.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};

use anyhow::Result;
use wayland_client::globals::{GlobalList, GlobalListContents, registry_queue_init};
use wayland_client::protocol::wl_buffer::WlBuffer;
use wayland_client::protocol::wl_compositor::WlCompositor;
use wayland_client::protocol::wl_data_device::{self, WlDataDevice};
use wayland_client::protocol::wl_data_device_manager::{DndAction, WlDataDeviceManager};
use wayland_client::protocol::wl_data_offer::{self, WlDataOffer};
use wayland_client::protocol::wl_data_source::{self, WlDataSource};
use wayland_client::protocol::wl_pointer::{self, ButtonState, WlPointer};
use wayland_client::protocol::wl_registry::{self, WlRegistry};
use wayland_client::protocol::wl_seat::WlSeat;
use wayland_client::protocol::wl_shm::WlShm;
use wayland_client::protocol::wl_shm_pool::WlShmPool;
use wayland_client::protocol::wl_surface::WlSurface;
use wayland_client::{
    Connection, Dispatch, QueueHandle, WEnum, delegate_noop, event_created_child,
};
use wayland_protocols::xdg::shell::client::xdg_surface::{self, XdgSurface};
use wayland_protocols::xdg::shell::client::xdg_toplevel::{self, XdgToplevel};
use wayland_protocols::xdg::shell::client::xdg_wm_base::{self, XdgWmBase};

use crate::{Content, Options, say, surface};

/// Everything.
pub(crate) struct Client {
    connection: Connection,
    options: Options,
    surface: Option<WlSurface>,
    /// What the next press drags.
    source: Option<WlDataSource>,
    manager: WlDataDeviceManager,
    device: WlDataDevice,
    types: Vec<String>,
    above: Option<WlDataOffer>,
    configured: bool,
    over: bool,
}

/// Shows the window until it is closed.
pub(crate) fn run(options: Options) -> Result<()> {
    let connection = Connection::connect_to_env()?;
    let (globals, mut queue) = registry_queue_init::<Client>(&connection)?;
    let handle = queue.handle();
    let seat: WlSeat = globals.bind(&handle, 1..=5, ())?;
    let manager: WlDataDeviceManager = globals.bind(&handle, 3..=3, ())?;
    let device = manager.get_data_device(&seat, &handle, ());
    let _pointer = seat.get_pointer(&handle, ());
    let surface = surface::make(&globals, &handle, &options)?;
    let mut client = Client {
        connection,
        options,
        surface: Some(surface),
        source: None,
        manager,
        device,
        types: Vec::new(),
        above: None,
        configured: false,
        over: false,
    };
    while !client.over {
        queue.blocking_dispatch(&mut client)?;
        if client.configured {
            client.configured = false;
            client.prepare(&handle);
            client.show(&globals, &handle)?;
        }
    }
    Ok(())
}

impl Client {
    fn show(&self, globals: &GlobalList, handle: &QueueHandle<Self>) -> Result<()> {
        if let Some(surface) = &self.surface {
            surface::show(globals, handle, surface, self.options.colour)?;
            say("shown");
        }
        Ok(())
    }

    /// Makes the source of the next drag, so that a press starts it at once.
    fn prepare(&mut self, handle: &QueueHandle<Self>) {
        if self.options.offers.is_empty() || self.source.is_some() {
            return;
        }
        let source = self.manager.create_data_source(handle, ());
        for (count, (kind, _)) in self.options.offers.iter().enumerate() {
            source.offer(kind.clone());
            if count % 100 == 99 {
                // So many do not fit into a socket at once; who listens reads them meanwhile.
                let _ = self.connection.roundtrip();
            }
        }
        source.set_actions(DndAction::Copy | DndAction::Move);
        self.source = Some(source);
    }

    fn drag(&mut self, serial: u32) {
        if let (Some(source), Some(surface)) = (self.source.take(), &self.surface) {
            self.device.start_drag(Some(&source), surface, None, serial);
            say("drags");
        }
    }

    fn send(&self, kind: &str, to: OwnedFd) {
        let mut content = self.options.offers.iter();
        let content = content.find(|(known, _)| known == kind);
        say(&format!("asked for {kind}"));
        match content.map(|(_, content)| content.clone()) {
            Some(Content::Text(text)) => {
                std::thread::spawn(move || drop(File::from(to).write_all(text.as_bytes())));
            }
            Some(Content::Endless) => {
                std::thread::spawn(move || {
                    let mut pipe = File::from(to);
                    while pipe.write_all(&[b'x'; 4096]).is_ok() {}
                });
            }
            // As long as the program runs, and so its reader waits.
            Some(Content::Never) | None => std::mem::forget(to),
        }
    }

    /// Reads an offer and says what came; when all has come, that the drag is finished.
    fn take(&self, offer: &WlDataOffer, how: &'static str, finish: bool) {
        let mut reads = Vec::new();
        for kind in &self.options.takes {
            // Those that are not offered as well: nobody may answer them.
            let Ok((read, write)) = std::io::pipe() else {
                continue;
            };
            offer.receive(kind.clone(), write.as_fd());
            reads.push((kind.clone(), read));
        }
        let _ = self.connection.flush();
        let (connection, offer, open) = (self.connection.clone(), offer.clone(), self.options.open);
        std::thread::spawn(move || {
            for (kind, mut read) in reads {
                let mut bytes = Vec::new();
                let _ = read.read_to_end(&mut bytes);
                let text = String::from_utf8_lossy(&bytes);
                say(&format!("{how} {kind}: {}", text.replace("\r\n", " ")));
                if open {
                    text.lines().for_each(look);
                }
            }
            if finish {
                offer.finish();
                offer.destroy();
            }
            let _ = connection.flush();
            say(if finish { "took" } else { "looked" });
        });
    }
}

/// Opens the file of a URI of plain letters.
fn look(uri: &str) {
    let Some(path) = uri.strip_prefix("file://") else {
        return;
    };
    match std::fs::read(path) {
        Ok(bytes) => say(&format!(
            "opened {path}: {}",
            String::from_utf8_lossy(&bytes)
        )),
        Err(error) => say(&format!("no {path}: {}", error.kind())),
    }
}

impl Dispatch<WlPointer, ()> for Client {
    fn event(
        client: &mut Self,
        _: &WlPointer,
        event: wl_pointer::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        if let wl_pointer::Event::Button {
            serial,
            state: WEnum::Value(ButtonState::Pressed),
            ..
        } = event
        {
            client.drag(serial);
        }
    }
}

impl Dispatch<WlDataDevice, ()> for Client {
    fn event(
        client: &mut Self,
        _: &WlDataDevice,
        event: wl_data_device::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        use wl_data_device::Event;
        match event {
            Event::DataOffer { .. } => client.types.clear(),
            Event::Enter { serial, id, .. } => {
                say(&format!("over {}", client.types.join(" ")));
                let takes = client.options.takes.iter();
                let wanted = takes.into_iter().find(|kind| client.types.contains(kind));
                if let (Some(offer), Some(kind)) = (&id, wanted) {
                    offer.accept(serial, Some(kind.clone()));
                    offer.set_actions(DndAction::Copy, DndAction::Copy);
                    if client.options.early {
                        client.take(offer, "early", false);
                    }
                }
                client.above = id;
            }
            Event::Leave => {
                say("left");
                client.above = None;
            }
            Event::Drop => {
                say("dropped");
                if let Some(offer) = client.above.take() {
                    client.take(&offer, "got", true);
                }
            }
            _ => {}
        }
    }

    event_created_child!(Client, WlDataDevice, [
        wl_data_device::EVT_DATA_OFFER_OPCODE => (WlDataOffer, ()),
    ]);
}

impl Dispatch<WlDataOffer, ()> for Client {
    fn event(
        client: &mut Self,
        _: &WlDataOffer,
        event: wl_data_offer::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        if let wl_data_offer::Event::Offer { mime_type } = event {
            client.types.push(mime_type);
        }
    }
}

impl Dispatch<WlDataSource, ()> for Client {
    fn event(
        client: &mut Self,
        source: &WlDataSource,
        event: wl_data_source::Event,
        (): &(),
        _: &Connection,
        handle: &QueueHandle<Self>,
    ) {
        use wl_data_source::Event;
        match event {
            Event::Target { mime_type } => {
                say(&format!("target {}", mime_type.unwrap_or_default()));
            }
            Event::Action { dnd_action } => say(&format!("action {}", u32::from(dnd_action))),
            Event::Send { mime_type, fd } => client.send(&mime_type, fd),
            Event::DndDropPerformed => say("let go"),
            Event::DndFinished => {
                say("finished");
                source.destroy();
                client.prepare(handle);
            }
            Event::Cancelled => {
                say("cancelled");
                source.destroy();
                client.prepare(handle);
            }
            _ => {}
        }
    }
}

impl Dispatch<XdgSurface, ()> for Client {
    fn event(
        client: &mut Self,
        surface: &XdgSurface,
        event: xdg_surface::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        if let xdg_surface::Event::Configure { serial } = event {
            surface.ack_configure(serial);
            client.configured = true;
        }
    }
}

impl Dispatch<XdgToplevel, ()> for Client {
    fn event(
        client: &mut Self,
        _: &XdgToplevel,
        event: xdg_toplevel::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        client.over |= matches!(event, xdg_toplevel::Event::Close);
    }
}

impl Dispatch<XdgWmBase, ()> for Client {
    fn event(
        _: &mut Self,
        shell: &XdgWmBase,
        event: xdg_wm_base::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        if let xdg_wm_base::Event::Ping { serial } = event {
            shell.pong(serial);
        }
    }
}

impl Dispatch<WlRegistry, GlobalListContents> for Client {
    fn event(
        _: &mut Self,
        _: &WlRegistry,
        _: wl_registry::Event,
        _: &GlobalListContents,
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
    }
}

delegate_noop!(Client: ignore WlSeat);
delegate_noop!(Client: ignore WlShm);
delegate_noop!(Client: ignore WlBuffer);
delegate_noop!(Client: ignore WlSurface);
delegate_noop!(Client: WlShmPool);
delegate_noop!(Client: WlCompositor);
delegate_noop!(Client: WlDataDeviceManager);
