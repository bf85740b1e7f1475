//! A Wayland client that never has a window, so never the user's input.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use wayland_client::globals::{GlobalListContents, registry_queue_init};
use wayland_client::protocol::wl_data_device::{self, WlDataDevice};
use wayland_client::protocol::wl_data_device_manager::WlDataDeviceManager;
use wayland_client::protocol::wl_data_offer::{self, WlDataOffer};
use wayland_client::protocol::wl_data_source::{self, WlDataSource};
use wayland_client::protocol::wl_registry::{self, WlRegistry};
use wayland_client::protocol::wl_seat::WlSeat;
use wayland_client::{
    Connection, Dispatch, EventQueue, QueueHandle, delegate_noop, event_created_child,
};

/// What came of it, or why nothing did.
type Attempt = Result<String, String>;

#[derive(Default)]
struct State {
    types: Vec<String>,
    selection: Option<WlDataOffer>,
    text: String,
    asked: bool,
}

fn error(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// What the compositor offers.
pub fn globals() -> Attempt {
    let connection = Connection::connect_to_env().map_err(error)?;
    let (globals, _) = registry_queue_init::<State>(&connection).map_err(error)?;
    let mut names: Vec<String> = globals
        .contents()
        .clone_list()
        .into_iter()
        .map(|global| global.interface)
        .collect();
    names.sort();
    Ok(names.join(" "))
}

struct Client {
    connection: Connection,
    queue: EventQueue<State>,
    state: State,
    manager: WlDataDeviceManager,
    device: WlDataDevice,
}

fn client() -> Result<Client, String> {
    let connection = Connection::connect_to_env().map_err(error)?;
    let (globals, queue) = registry_queue_init::<State>(&connection).map_err(error)?;
    let handle = queue.handle();
    let seat: WlSeat = globals.bind(&handle, 1..=5, ()).map_err(error)?;
    let manager: WlDataDeviceManager = globals.bind(&handle, 1..=3, ()).map_err(error)?;
    let device = manager.get_data_device(&seat, &handle, ());
    Ok(Client {
        connection,
        queue,
        state: State::default(),
        manager,
        device,
    })
}

impl Client {
    fn watch(&mut self, seconds: &str, mut done: impl FnMut(&State) -> bool) -> Result<(), String> {
        let seconds: u64 = seconds.parse().map_err(error)?;
        let end = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < end && !done(&self.state) {
            self.queue.roundtrip(&mut self.state).map_err(error)?;
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

/// Waits for a selection to be announced and reads it.
pub fn clipboard_read(seconds: &str) -> Attempt {
    let mut client = client()?;
    client.watch(seconds, |state| state.selection.is_some())?;
    let Some(offer) = client.state.selection.clone() else {
        return Err("no selection".to_owned());
    };
    let (mut reader, writer) = std::io::pipe().map_err(error)?;
    let kind = client.state.types.first().cloned().unwrap_or_default();
    offer.receive(kind, writer.as_fd());
    client.connection.flush().map_err(error)?;
    drop(writer);
    let mut text = String::new();
    reader.read_to_string(&mut text).map_err(error)?;
    if text.is_empty() {
        Err("an empty selection".to_owned())
    } else {
        Ok(text)
    }
}

/// Offers text as the selection, with serials that no input ever had.
pub fn clipboard_set(text: &str, seconds: &str) -> Attempt {
    let mut client = client()?;
    let handle = client.queue.handle();
    for serial in [0, 1, u32::MAX] {
        let source = client.manager.create_data_source(&handle, ());
        for kind in ["text/plain;charset=utf-8", "text/plain", "UTF8_STRING"] {
            source.offer(kind.to_owned());
        }
        client.device.set_selection(Some(&source), serial);
    }
    text.clone_into(&mut client.state.text);
    client.watch(seconds, |state| state.asked)?;
    if client.state.asked {
        Ok("somebody pasted it".to_owned())
    } else {
        Err("nobody wanted it".to_owned())
    }
}

impl Dispatch<WlDataDevice, ()> for State {
    fn event(
        state: &mut Self,
        _: &WlDataDevice,
        event: wl_data_device::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        match event {
            wl_data_device::Event::DataOffer { .. } => state.types.clear(),
            wl_data_device::Event::Selection { id } => state.selection = id,
            _ => {}
        }
    }

    event_created_child!(State, WlDataDevice, [
        wl_data_device::EVT_DATA_OFFER_OPCODE => (WlDataOffer, ()),
    ]);
}

impl Dispatch<WlDataOffer, ()> for State {
    fn event(
        state: &mut Self,
        _: &WlDataOffer,
        event: wl_data_offer::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        if let wl_data_offer::Event::Offer { mime_type } = event {
            state.types.push(mime_type);
        }
    }
}

impl Dispatch<WlDataSource, ()> for State {
    fn event(
        state: &mut Self,
        _: &WlDataSource,
        event: wl_data_source::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        if let wl_data_source::Event::Send { fd, .. } = event {
            state.asked = std::fs::File::from(fd)
                .write_all(state.text.as_bytes())
                .is_ok();
        }
    }
}

impl Dispatch<WlRegistry, GlobalListContents> for State {
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

delegate_noop!(State: ignore WlSeat);
delegate_noop!(State: WlDataDeviceManager);
