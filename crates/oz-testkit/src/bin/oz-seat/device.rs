//! The virtual devices: a Wayland client that holds one pointer and one keyboard.

use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use rustix::fs::{MemfdFlags, memfd_create};
use wayland_client::globals::{GlobalListContents, registry_queue_init};
use wayland_client::protocol::wl_output::{self, WlOutput};
use wayland_client::protocol::wl_pointer::{Axis, AxisSource, ButtonState};
use wayland_client::protocol::wl_registry::WlRegistry;
use wayland_client::protocol::wl_seat::WlSeat;
use wayland_client::{Connection, Dispatch, EventQueue, QueueHandle, WEnum, delegate_noop};
use wayland_protocols_misc::zwp_virtual_keyboard_v1::client::zwp_virtual_keyboard_manager_v1::ZwpVirtualKeyboardManagerV1;
use wayland_protocols_misc::zwp_virtual_keyboard_v1::client::zwp_virtual_keyboard_v1::ZwpVirtualKeyboardV1;
use wayland_protocols_wlr::virtual_pointer::v1::client::zwlr_virtual_pointer_manager_v1::ZwlrVirtualPointerManagerV1;
use wayland_protocols_wlr::virtual_pointer::v1::client::zwlr_virtual_pointer_v1::ZwlrVirtualPointerV1;

use crate::keys;
use crate::request::{Action, Request};
use crate::server::Devices;

/// What the compositor tells us: the size of its output.
#[derive(Default)]
struct State {
    size: Option<(u32, u32)>,
}

/// Both devices and the connection that they live on.
pub struct Seat {
    queue: EventQueue<State>,
    state: State,
    pointer: ZwlrVirtualPointerV1,
    keyboard: ZwpVirtualKeyboardV1,
    layout: String,
    /// The modifiers that are held; the compositor does not work them out from our keys.
    held: u32,
    locked: u32,
    epoch: Instant,
}

impl Seat {
    /// Connects to `$WAYLAND_DISPLAY` and makes the devices.
    pub fn new() -> Result<Self> {
        let connection =
            Connection::connect_to_env().context("cannot connect to the compositor")?;
        let (globals, queue) = registry_queue_init::<State>(&connection)?;
        let handle = queue.handle();
        let seat: WlSeat = globals.bind(&handle, 1..=7, ()).context("no wl_seat")?;
        let _output: WlOutput = globals.bind(&handle, 1..=3, ()).context("no wl_output")?;
        let pointers: ZwlrVirtualPointerManagerV1 = globals
            .bind(&handle, 1..=2, ())
            .context("the compositor has no virtual pointers")?;
        let keyboards: ZwpVirtualKeyboardManagerV1 = globals
            .bind(&handle, 1..=1, ())
            .context("the compositor has no virtual keyboards")?;
        let pointer = pointers.create_virtual_pointer(Some(&seat), &handle, ());
        let keyboard = keyboards.create_virtual_keyboard(&seat, &handle, ());
        let mut this = Self {
            queue,
            state: State::default(),
            pointer,
            keyboard,
            layout: String::new(),
            held: 0,
            locked: 0,
            epoch: Instant::now(),
        };
        this.set_layout("us")?;
        this.roundtrip()?;
        Ok(this)
    }

    fn each(&mut self, action: Action, mut act: impl FnMut(&mut Self, bool)) -> Result<()> {
        if action != Action::Up {
            act(self, true);
        }
        if action == Action::Click {
            // Between press and release the compositor gets its turn, as with a real finger.
            self.roundtrip()?;
        }
        if action != Action::Down {
            act(self, false);
        }
        Ok(())
    }

    fn key(&mut self, code: u32, down: bool) {
        self.keyboard.key(self.time(), code, u32::from(down));
        if let Some(bit) = keys::modifier(code) {
            self.held = if down {
                self.held | bit
            } else {
                self.held & !bit
            };
        } else if code == 58 && down {
            self.locked ^= 2;
        } else {
            return;
        }
        self.keyboard.modifiers(self.held, 0, self.locked, 0);
    }

    fn type_text(&mut self, text: &str) -> Result<()> {
        if self.layout != "us" {
            bail!("text is typed on the us layout, not on {}", self.layout);
        }
        let all: Vec<_> = text
            .chars()
            .map(|c| keys::key_of(c).ok_or_else(|| anyhow!("no key for {c:?}")))
            .collect::<Result<_>>()?;
        for (code, shift) in all {
            if shift {
                self.key(keys::LEFT_SHIFT, true);
            }
            self.key(code, true);
            self.roundtrip()?;
            self.key(code, false);
            if shift {
                self.key(keys::LEFT_SHIFT, false);
            }
        }
        Ok(())
    }

    fn set_layout(&mut self, name: &str) -> Result<()> {
        let mut text = keys::keymap(name).into_bytes();
        text.push(0);
        let fd: OwnedFd = memfd_create("keymap", MemfdFlags::CLOEXEC)?;
        let mut file = std::fs::File::from(fd);
        file.write_all(&text)?;
        // 1 is wl_keyboard.keymap_format.xkb_v1.
        self.keyboard
            .keymap(1, file.as_fd(), u32::try_from(text.len())?);
        name.clone_into(&mut self.layout);
        self.roundtrip()
    }

    fn time(&self) -> u32 {
        // Wayland's clock is allowed to wrap.
        u32::try_from(self.epoch.elapsed().as_millis() & u128::from(u32::MAX)).unwrap_or_default()
    }

    fn roundtrip(&mut self) -> Result<()> {
        self.queue
            .roundtrip(&mut self.state)
            .context("the compositor is gone")?;
        Ok(())
    }
}

impl Devices for Seat {
    fn perform(&mut self, request: &Request) -> Result<()> {
        match request {
            Request::Move { x, y } => {
                let (width, height) = self.state.size.context("the output has no size yet")?;
                if *x >= width || *y >= height {
                    bail!("{x} {y} is outside the output of {width}x{height}");
                }
                self.pointer
                    .motion_absolute(self.time(), *x, *y, width, height);
                self.pointer.frame();
            }
            Request::Button { code, action } => self.each(*action, |this, down| {
                let state = if down {
                    ButtonState::Pressed
                } else {
                    ButtonState::Released
                };
                this.pointer.button(this.time(), *code, state);
                this.pointer.frame();
            })?,
            Request::Axis { horizontal, value } => {
                let axis = if *horizontal {
                    Axis::HorizontalScroll
                } else {
                    Axis::VerticalScroll
                };
                self.pointer.axis_source(AxisSource::Wheel);
                self.pointer.axis(self.time(), axis, *value);
                self.pointer.frame();
            }
            Request::Key { code, action } => {
                self.each(*action, |this, down| this.key(*code, down))?
            }
            Request::Type(text) => self.type_text(text)?,
            Request::Layout(name) => self.set_layout(name)?,
        }
        self.roundtrip()
    }
}

impl Dispatch<WlRegistry, GlobalListContents> for State {
    fn event(
        _: &mut Self,
        _: &WlRegistry,
        _: <WlRegistry as wayland_client::Proxy>::Event,
        _: &GlobalListContents,
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
    }
}

impl Dispatch<WlOutput, ()> for State {
    fn event(
        state: &mut Self,
        _: &WlOutput,
        event: wl_output::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        if let wl_output::Event::Mode {
            flags: WEnum::Value(flags),
            width,
            height,
            ..
        } = event
            && flags.contains(wl_output::Mode::Current)
        {
            state.size = u32::try_from(width).ok().zip(u32::try_from(height).ok());
        }
    }
}

delegate_noop!(State: ignore WlSeat);
delegate_noop!(State: ZwlrVirtualPointerManagerV1);
delegate_noop!(State: ZwlrVirtualPointerV1);
delegate_noop!(State: ZwpVirtualKeyboardManagerV1);
delegate_noop!(State: ZwpVirtualKeyboardV1);
