//! One toplevel on one connection.

use std::os::fd::AsFd;

use anyhow::{Context, Result};
use oz_bench::job::monotonic_ns;
use wayland_client::globals::{GlobalListContents, registry_queue_init};
use wayland_client::protocol::{
    wl_buffer::{self, WlBuffer},
    wl_callback::{self, WlCallback},
    wl_compositor::WlCompositor,
    wl_keyboard::{self, WlKeyboard},
    wl_registry::{self, WlRegistry},
    wl_seat::{self, WlSeat},
    wl_shm::{Format, WlShm},
    wl_shm_pool::WlShmPool,
    wl_surface::WlSurface,
};
use wayland_client::{Connection, Dispatch, EventQueue, QueueHandle, WEnum, delegate_noop};
use wayland_protocols::xdg::shell::client::{
    xdg_surface::{self, XdgSurface},
    xdg_toplevel::{self, XdgToplevel},
    xdg_wm_base::{self, XdgWmBase},
};

use crate::memory::{self, Memory};

/// The window, its buffers and the queue of its events.
pub(crate) struct Window {
    pub(crate) memory: Memory,
    queue: EventQueue<State>,
    state: State,
    surface: WlSurface,
    buffers: Vec<WlBuffer>,
}

/// What the events say.
#[derive(Default)]
struct State {
    configured: bool,
    closed: bool,
    /// A frame callback has been asked for and has not come.
    frame_pending: bool,
    busy: Vec<bool>,
    keyboard: Option<WlKeyboard>,
    presses_ns: Vec<u64>,
}

/// What of the window has changed, in pixels of the buffer.
pub(crate) enum Damage {
    All,
    Patch,
}

impl Window {
    /// Opens the window and waits until its first picture is shown.
    pub(crate) fn open() -> Result<Self> {
        let connection = Connection::connect_to_env().context("no Wayland compositor")?;
        let (globals, mut queue) =
            registry_queue_init::<State>(&connection).context("the compositor lists no globals")?;
        let handle = queue.handle();
        let compositor: WlCompositor = globals.bind(&handle, 4..=4, ()).context("wl_compositor")?;
        let shm: WlShm = globals.bind(&handle, 1..=1, ()).context("wl_shm")?;
        let shell: XdgWmBase = globals.bind(&handle, 1..=2, ()).context("xdg_wm_base")?;

        // Not every compositor has one; weston's headless backend has none.
        let _: Result<WlSeat, _> = globals.bind(&handle, 1..=1, ());
        let surface = compositor.create_surface(&handle, ());
        let role = shell.get_xdg_surface(&surface, &handle, ());
        let toplevel = role.get_toplevel(&handle, ());
        toplevel.set_title("oz-bench-client".to_owned());
        toplevel.set_app_id("oz-bench-client".to_owned());
        surface.commit();

        let memory = Memory::new()?;
        let buffers = make_buffers(&shm, &memory, &handle);
        let mut state = State {
            busy: vec![false; buffers.len()],
            ..State::default()
        };
        while !state.configured {
            queue.blocking_dispatch(&mut state)?;
        }
        let mut window = Self {
            memory,
            queue,
            state,
            surface,
            buffers,
        };
        window.show(0, &Damage::All, true)?;
        window.wait_for_frame()?;
        Ok(window)
    }

    /// Attaches a buffer; with `paced`, asks to be told when the next one is wanted.
    pub(crate) fn show(&mut self, buffer: u32, damage: &Damage, paced: bool) -> Result<()> {
        let index = buffer as usize;
        self.state.busy[index] = true;
        self.surface.attach(Some(&self.buffers[index]), 0, 0);
        let [x, y, width, height] = match damage {
            Damage::All => [0, 0, memory::WIDTH, memory::HEIGHT],
            Damage::Patch => [
                memory::PATCH_X,
                memory::PATCH_Y,
                memory::PATCH,
                memory::PATCH,
            ],
        }
        .map(u32::cast_signed);
        self.surface.damage_buffer(x, y, width, height);
        if paced {
            self.surface.frame(&self.queue.handle(), ());
            self.state.frame_pending = true;
        }
        self.surface.commit();
        // Now, not with the next wait: frames must not pile up here.
        Ok(self.queue.flush()?)
    }

    /// Waits until the compositor wants another frame.
    pub(crate) fn wait_for_frame(&mut self) -> Result<()> {
        while self.state.frame_pending {
            self.dispatch()?;
        }
        Ok(())
    }

    /// Waits for a buffer that the compositor does not hold.
    pub(crate) fn free_buffer(&mut self) -> Result<u32> {
        loop {
            if let Some(free) = (0..memory::BUFFERS).find(|at| !self.state.busy[*at as usize]) {
                return Ok(free);
            }
            self.dispatch()?;
        }
    }

    /// Waits for so many presses of keys; when each came.
    pub(crate) fn presses(&mut self, count: usize) -> Result<Vec<u64>> {
        self.state.presses_ns.clear();
        while self.state.presses_ns.len() < count {
            self.dispatch()?;
        }
        Ok(std::mem::take(&mut self.state.presses_ns))
    }

    /// One round trip to the compositor.
    pub(crate) fn round_trip(&mut self) -> Result<()> {
        self.queue.roundtrip(&mut self.state)?;
        Ok(())
    }

    fn dispatch(&mut self) -> Result<()> {
        self.queue.blocking_dispatch(&mut self.state)?;
        anyhow::ensure!(!self.state.closed, "the window was closed");
        Ok(())
    }
}

fn make_buffers(shm: &WlShm, memory: &Memory, handle: &QueueHandle<State>) -> Vec<WlBuffer> {
    let [size, width, height, stride] = [
        memory::PICTURE * memory::BUFFERS,
        memory::WIDTH,
        memory::HEIGHT,
        memory::STRIDE,
    ]
    .map(u32::cast_signed);
    let pool = shm.create_pool(memory.fd().as_fd(), size, handle, ());
    let buffers = (0..memory::BUFFERS)
        .map(|at| {
            let offset = (at * memory::PICTURE).cast_signed();
            pool.create_buffer(
                offset,
                width,
                height,
                stride,
                Format::Xrgb8888,
                handle,
                at as usize,
            )
        })
        .collect();
    pool.destroy();
    buffers
}

impl Dispatch<WlBuffer, usize> for State {
    fn event(
        state: &mut Self,
        _: &WlBuffer,
        event: wl_buffer::Event,
        index: &usize,
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        if let wl_buffer::Event::Release = event {
            state.busy[*index] = false;
        }
    }
}

impl Dispatch<WlCallback, ()> for State {
    fn event(
        state: &mut Self,
        _: &WlCallback,
        event: wl_callback::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        if let wl_callback::Event::Done { .. } = event {
            state.frame_pending = false;
        }
    }
}

impl Dispatch<WlSeat, ()> for State {
    fn event(
        state: &mut Self,
        seat: &WlSeat,
        event: wl_seat::Event,
        (): &(),
        _: &Connection,
        handle: &QueueHandle<Self>,
    ) {
        if let wl_seat::Event::Capabilities {
            capabilities: WEnum::Value(capabilities),
        } = event
            && capabilities.contains(wl_seat::Capability::Keyboard)
            && state.keyboard.is_none()
        {
            state.keyboard = Some(seat.get_keyboard(handle, ()));
        }
    }
}

impl Dispatch<WlKeyboard, ()> for State {
    fn event(
        state: &mut Self,
        _: &WlKeyboard,
        event: wl_keyboard::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        if let wl_keyboard::Event::Key {
            state: WEnum::Value(wl_keyboard::KeyState::Pressed),
            ..
        } = event
        {
            state.presses_ns.push(monotonic_ns());
        }
    }
}

impl Dispatch<XdgSurface, ()> for State {
    fn event(
        state: &mut Self,
        role: &XdgSurface,
        event: xdg_surface::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        if let xdg_surface::Event::Configure { serial } = event {
            role.ack_configure(serial);
            state.configured = true;
        }
    }
}

impl Dispatch<XdgToplevel, ()> for State {
    fn event(
        state: &mut Self,
        _: &XdgToplevel,
        event: xdg_toplevel::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        // Sizes are ignored: every peer must move the same pixels.
        if let xdg_toplevel::Event::Close = event {
            state.closed = true;
        }
    }
}

impl Dispatch<XdgWmBase, ()> for State {
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

impl Dispatch<WlRegistry, GlobalListContents> for State {
    fn event(
        _: &mut Self,
        _: &WlRegistry,
        _: wl_registry::Event,
        _: &GlobalListContents,
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        // Globals that come later are of no use here.
    }
}

delegate_noop!(State: WlCompositor);
delegate_noop!(State: ignore WlShm);
delegate_noop!(State: WlShmPool);
delegate_noop!(State: ignore WlSurface);
