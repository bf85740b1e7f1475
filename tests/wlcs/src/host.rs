//! The host: a compositor without a screen that places windows where it is told, and knows what is under pointer and fingers.

use std::cell::Cell;
use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::{Duration, Instant};

use smithay::backend::input::{ButtonState, TouchSlot};
use smithay::backend::renderer::utils::on_commit_buffer_handler;
use smithay::desktop::utils::send_frames_surface_tree;
use smithay::desktop::{PopupKind, PopupManager, Space, Window, WindowSurfaceType};
use smithay::input::pointer::{ButtonEvent, MotionEvent};
use smithay::input::touch::{DownEvent, MotionEvent as TouchMotionEvent, UpEvent};
use smithay::input::{Seat, SeatState};
use smithay::output::{Mode, Output, PhysicalProperties, Subpixel};
use smithay::reexports::wayland_server::backend::{ClientData, ClientId, DisconnectReason};
use smithay::reexports::wayland_server::protocol::wl_surface::WlSurface;
use smithay::reexports::wayland_server::{Display, DisplayHandle, Resource};
use smithay::utils::{Logical, Point, SERIAL_COUNTER, Transform};
use smithay::wayland::compositor::{CompositorClientState, CompositorState, get_parent};
use smithay::wayland::output::OutputManagerState;
use smithay::wayland::selection::data_device::DataDeviceState;
use smithay::wayland::selection::primary_selection::PrimarySelectionState;
use smithay::wayland::shell::xdg::XdgShellState;
use smithay::wayland::shm::ShmState;
use smithay::wayland::viewporter::ViewporterState;

use crate::rig::{Order, Traffic, wait};

mod handlers;

/// Of the screen.
const SIZE: (i32, i32) = (1280, 1024);

pub(super) struct Host {
    dh: DisplayHandle,
    compositor: CompositorState,
    shell: XdgShellState,
    shm: ShmState,
    data_device: DataDeviceState,
    primary: PrimarySelectionState,
    seats: SeatState<Self>,
    seat: Seat<Self>,
    popups: PopupManager,
    space: Space<Window>,
    output: Output,
    /// The surfaces of each client, in the order in which they were made.
    made: HashMap<ClientId, Vec<WlSurface>>,
    clients: Vec<ClientId>,
    begun: Instant,
    /// What was under the pointer when it was told last, and where that began.
    pointed: Option<(WlSurface, Point<f64, Logical>)>,
    /// Somebody has moved the pointer: before that it is nowhere.
    has_pointer: bool,
    // The globals of what needs no state here.
    _others: (ViewporterState, OutputManagerState),
}

/// Where a window's surface begins. Of its geometry that is not said: that grows with its subsurfaces, and the window stays
/// where it is.
fn origin(window: &Window) -> &Cell<Point<i32, Logical>> {
    struct Origin(Cell<Point<i32, Logical>>);
    let data = window.user_data();
    let begin = || Origin(Cell::new((0, 0).into()));
    &data.get_or_insert(begin).0
}

#[derive(Default)]
pub(super) struct Client {
    compositor: CompositorClientState,
}

impl ClientData for Client {
    fn initialized(&self, _client: ClientId) {}
    fn disconnected(&self, _client: ClientId, _reason: DisconnectReason) {}
}

/// Runs until it is told to stop.
pub(super) fn run(
    connections: &Receiver<UnixStream>,
    orders: &Receiver<(Order, SyncSender<()>)>,
    woken: &OwnedFd,
    traffic: &Traffic,
) {
    let mut display = Display::<Host>::new().expect("a display");
    let mut host = Host::new(&display.handle());
    loop {
        host.turn(&mut display, connections, traffic);
        while let Ok((order, done)) = orders.try_recv() {
            // What clients have asked for so far comes first, and what they hear of it is theirs before they go on.
            host.settle(&mut display, connections, traffic);
            let stop = matches!(order, Order::Stop);
            host.obey(order);
            if stop {
                let _ = done.send(());
                return;
            }
            host.settle(&mut display, connections, traffic);
            let _ = done.send(());
        }
        let _ = display.flush_clients();
        wait(woken, display.backend().poll_fd());
    }
}

impl Host {
    fn new(dh: &DisplayHandle) -> Self {
        let mut seats = SeatState::new();
        let mut seat = seats.new_wl_seat(dh, "seat");
        seat.add_pointer();
        seat.add_touch();
        seat.add_keyboard(Default::default(), 600, 25)
            .expect("a keymap");
        let output = Output::new(
            "WLCS-1".to_owned(),
            PhysicalProperties {
                size: (300, 240).into(),
                subpixel: Subpixel::Unknown,
                make: "none".to_owned(),
                model: "none".to_owned(),
            },
        );
        let mode = Mode {
            size: SIZE.into(),
            refresh: 60_000,
        };
        output.change_current_state(
            Some(mode),
            Some(Transform::Normal),
            None,
            Some((0, 0).into()),
        );
        output.set_preferred(mode);
        output.create_global::<Self>(dh);
        let mut space = Space::default();
        space.map_output(&output, (0, 0));
        let primary = PrimarySelectionState::new::<Self>(dh);
        Self {
            dh: dh.clone(),
            compositor: CompositorState::new_v6::<Self>(dh),
            shell: XdgShellState::new::<Self>(dh),
            shm: ShmState::new::<Self>(dh, Vec::new()),
            data_device: DataDeviceState::new::<Self>(dh),
            primary,
            seats,
            seat,
            popups: PopupManager::default(),
            space,
            output,
            made: HashMap::new(),
            clients: Vec::new(),
            begun: Instant::now(),
            pointed: None,
            has_pointer: false,
            _others: (
                ViewporterState::new::<Self>(dh),
                OutputManagerState::new_with_xdg_output::<Self>(dh),
            ),
        }
    }

    fn time(&self) -> u32 {
        u32::try_from(self.begun.elapsed().as_millis()).unwrap_or(u32::MAX)
    }

    /// Takes what has come, and shows it.
    fn turn(
        &mut self,
        display: &mut Display<Self>,
        connections: &Receiver<UnixStream>,
        traffic: &Traffic,
    ) {
        while let Ok(stream) = connections.try_recv() {
            if let Ok(copy) = stream.try_clone() {
                traffic.watch(copy);
            }
            let data = Arc::new(Client::default());
            if let Ok(client) = self.dh.insert_client(stream, data) {
                self.clients.push(client.id());
            }
        }
        let _ = display.dispatch_clients(self);
        self.space.refresh();
        self.popups.cleanup();
        self.frames();
        self.look_under_the_pointer();
        let _ = display.flush_clients();
    }

    /// Goes on until nothing is on its way any more.
    fn settle(
        &mut self,
        display: &mut Display<Self>,
        connections: &Receiver<UnixStream>,
        traffic: &Traffic,
    ) {
        let mut rested = 0;
        while rested < 2 {
            self.turn(display, connections, traffic);
            if traffic.rests() {
                rested += 1;
            } else {
                rested = 0;
                std::thread::sleep(Duration::from_micros(100));
            }
        }
    }

    /// All that is seen is drawn at once.
    fn frames(&mut self) {
        let time = self.begun.elapsed();
        let output = &self.output;
        for window in self.space.elements() {
            window.send_frame(output, time, None, |_, _| Some(output.clone()));
        }
        for surface in self.made.values().flatten().filter(|one| one.is_alive()) {
            // Cursors and pictures that are dragged are in no window.
            if get_parent(surface).is_none() {
                send_frames_surface_tree(surface, output, time, None, |_, _| Some(output.clone()));
            }
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Settle | Order::Stop => {}
            Order::Place(client, surface, at) => self.place(client, surface, at),
            Order::PointTo((x, y)) => self.point((x, y).into()),
            Order::PointBy((x, y)) => {
                let now = self.seat.get_pointer().map(|one| one.current_location());
                self.point(now.unwrap_or_default() + Point::from((x, y)));
            }
            Order::Button(button, pressed) => self.button(button, pressed),
            Order::TouchDown((x, y)) => self.touch_down((x, y).into()),
            Order::TouchMove((x, y)) => self.touch_move((x, y).into()),
            Order::TouchUp => self.touch_up(),
        }
    }

    fn place(&mut self, client: usize, surface: usize, at: (i32, i32)) {
        let made = self.clients.get(client).and_then(|id| self.made.get(id));
        let Some(surface) = made.and_then(|made| made.get(surface)) else {
            return;
        };
        if let Some(window) = self.window_of(surface) {
            origin(&window).set(Point::from(at) - window.geometry().loc);
            self.space.map_element(window, at, true);
        }
    }

    /// The window whose surface this is.
    fn window_of(&self, surface: &WlSurface) -> Option<Window> {
        let fits = |window: &&Window| {
            let toplevel = window.toplevel();
            toplevel.is_some_and(|toplevel| toplevel.wl_surface() == surface)
        };
        self.space.elements().find(fits).cloned()
    }

    /// The highest window at a place, its surface there, and where that begins.
    fn hit(&self, at: Point<f64, Logical>) -> Option<(Window, WlSurface, Point<f64, Logical>)> {
        self.space.elements().rev().find_map(|window| {
            let origin = origin(window).get();
            let within = at - origin.to_f64();
            let (surface, offset) = window.surface_under(within, WindowSurfaceType::ALL)?;
            Some((window.clone(), surface, (origin + offset).to_f64()))
        })
    }

    fn under(&self, at: Point<f64, Logical>) -> Option<(WlSurface, Point<f64, Logical>)> {
        self.hit(at).map(|(_, surface, begin)| (surface, begin))
    }

    fn point(&mut self, at: Point<f64, Logical>) {
        let Some(pointer) = self.seat.get_pointer() else {
            return;
        };
        let event = MotionEvent {
            location: at,
            serial: SERIAL_COUNTER.next_serial(),
            time: self.time(),
        };
        let under = self.under(at);
        self.pointed = under.clone();
        self.has_pointer = true;
        pointer.motion(self, under, &event);
        pointer.frame(self);
    }

    /// What is under a pointer that holds still can become another surface.
    fn look_under_the_pointer(&mut self) {
        let Some(pointer) = self.seat.get_pointer() else {
            return;
        };
        if pointer.is_grabbed() || !self.has_pointer {
            return;
        }
        let at = pointer.current_location();
        if self.under(at) != self.pointed {
            self.point(at);
        }
    }

    fn button(&mut self, button: u32, pressed: bool) {
        let Some(pointer) = self.seat.get_pointer() else {
            return;
        };
        if pressed
            && !pointer.is_grabbed()
            && let Some((window, ..)) = self.hit(pointer.current_location())
        {
            self.raise(&window);
        }
        let event = ButtonEvent {
            serial: SERIAL_COUNTER.next_serial(),
            time: self.time(),
            button,
            state: match pressed {
                true => ButtonState::Pressed,
                false => ButtonState::Released,
            },
        };
        pointer.button(self, &event);
        pointer.frame(self);
    }

    /// The window comes to the front, and has the keyboard.
    fn raise(&mut self, window: &Window) {
        self.space.raise_element(window, true);
        let surface = window.toplevel().map(|one| one.wl_surface().clone());
        if let Some(keyboard) = self.seat.get_keyboard() {
            keyboard.set_focus(self, surface, SERIAL_COUNTER.next_serial());
        }
    }

    fn touch_down(&mut self, at: Point<f64, Logical>) {
        let Some(touch) = self.seat.get_touch() else {
            return;
        };
        let event = DownEvent {
            slot: TouchSlot::from(Some(0)),
            location: at,
            serial: SERIAL_COUNTER.next_serial(),
            time: self.time(),
        };
        let under = self.under(at);
        touch.down(self, under, &event);
        touch.frame(self);
    }

    fn touch_move(&mut self, at: Point<f64, Logical>) {
        let Some(touch) = self.seat.get_touch() else {
            return;
        };
        let event = TouchMotionEvent {
            slot: TouchSlot::from(Some(0)),
            location: at,
            time: self.time(),
        };
        let under = self.under(at);
        touch.motion(self, under, &event);
        touch.frame(self);
    }

    fn touch_up(&mut self) {
        let Some(touch) = self.seat.get_touch() else {
            return;
        };
        let event = UpEvent {
            slot: TouchSlot::from(Some(0)),
            serial: SERIAL_COUNTER.next_serial(),
            time: self.time(),
        };
        touch.up(self, &event);
        touch.frame(self);
    }
}
