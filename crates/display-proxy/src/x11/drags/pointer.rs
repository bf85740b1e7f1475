//! The pointer, as far as drags hang on it: where a button is held, and what the X server is told of that.

use wayland_server::Resource;
use wayland_server::protocol::wl_pointer::{ButtonState, WlPointer};
use wayland_server::protocol::wl_surface::WlSurface;

use crate::host::wayland::seat::now;
use crate::session::Session;
use crate::x11::X11;

/// Where it is.
#[derive(Debug, Default)]
pub(super) struct Pointer {
    on: Option<(WlPointer, WlSurface)>,
    /// In the surface's units.
    at: (f64, f64),
    /// The first button that is held, and by which event.
    pub(super) held: Option<Held>,
    /// The host has it, and the server does not know.
    kept: bool,
}

/// A button that is held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    button: u32,
    pub(super) serial: u32,
}

fn frame(pointer: &WlPointer) {
    if pointer.version() >= 5 {
        pointer.frame();
    }
}

impl Pointer {
    /// The surface on which a button is held.
    pub(super) fn origin(&self) -> Option<(WlSurface, u32)> {
        let (_, surface) = self.on.as_ref()?;
        Some((surface.clone(), self.held?.serial))
    }

    /// Moves it a little and back: whoever drags looks for what is below it.
    pub(super) fn stir(&self) {
        let Some((pointer, _)) = self.on.as_ref().filter(|_| !self.kept) else {
            return;
        };
        let (x, y) = self.at;
        for x in [x + 1.0, x] {
            pointer.motion(now(), x, y);
            frame(pointer);
        }
    }

    /// The same, if the host had it; what the server knows stays.
    pub(super) fn let_go_if_kept(&mut self) {
        if self.kept {
            self.let_go();
        }
    }

    /// Tells the server that what is held is let go of, and that the pointer is elsewhere if it is.
    pub(super) fn let_go(&mut self) {
        let held = self.held.take();
        let kept = std::mem::take(&mut self.kept);
        let Some((pointer, surface)) = self.on.clone() else {
            return;
        };
        if !pointer.is_alive() {
            return;
        }
        if let Some(Held { button, serial }) = held {
            pointer.button(serial, now(), button, ButtonState::Released);
            frame(&pointer);
            if kept {
                self.on = None;
            }
            if kept && surface.is_alive() {
                pointer.leave(serial, &surface);
                frame(&pointer);
            }
        }
    }
}

impl X11 {
    /// The window on which a button is held.
    pub(super) fn held_window(&self) -> Option<u32> {
        let (surface, _) = self.drags.pointer.origin()?;
        self.window_of(&surface)
    }

    pub(super) fn window_of(&self, surface: &WlSurface) -> Option<u32> {
        let mut all = self.windows.iter();
        let found = all.find(|(_, known)| known.surface.as_ref() == Some(surface));
        found.map(|(window, _)| *window)
    }
}

impl Session {
    /// The pointer has entered a surface.
    pub(crate) fn x11_pointer_enters(
        &mut self,
        pointer: &WlPointer,
        surface: &WlSurface,
        at: (f64, f64),
    ) {
        self.x11_pointer_ends();
        let Some(x11) = &mut self.x11 else { return };
        x11.drags.pointer = Pointer {
            on: Some((pointer.clone(), surface.clone())),
            at,
            held: None,
            kept: false,
        };
        self.x11_entered(surface);
    }

    /// What the host has said of the pointer holds no longer, nor is a button held for all that is known.
    pub(in crate::x11) fn x11_pointer_ends(&mut self) {
        let Some(x11) = &mut self.x11 else { return };
        let was_held = x11.drags.pointer.held.is_some();
        // The host may drag no longer, and not have said so.
        x11.drags.pointer.let_go_if_kept();
        x11.drags.pointer = Pointer::default();
        if was_held {
            self.x11_drag_button_released();
        }
    }

    pub(crate) fn x11_pointer_moves(&mut self, at: (f64, f64)) {
        if let Some(x11) = &mut self.x11 {
            x11.drags.pointer.at = at;
        }
    }

    pub(crate) fn x11_pointer_presses(&mut self, serial: u32, button: u32, state: ButtonState) {
        let Some(x11) = &mut self.x11 else { return };
        let held = &mut x11.drags.pointer.held;
        match (state, &held) {
            (ButtonState::Pressed, None) => *held = Some(Held { button, serial }),
            (ButtonState::Released, Some(known)) if known.button == button => {
                *held = None;
                self.x11_drag_button_released();
            }
            _ => {}
        }
    }

    /// The pointer has left its surface. True if the server is not to know, because the host drags.
    pub(crate) fn x11_pointer_leaves(&mut self) -> bool {
        let Some(x11) = &mut self.x11 else {
            return false;
        };
        let keeps = x11.drags.out.as_ref().is_some_and(super::Out::is_dragged);
        let pointer = &mut x11.drags.pointer;
        let keeps = keeps && pointer.held.is_some() && pointer.on.is_some();
        if keeps {
            pointer.kept = true;
        } else {
            self.x11_pointer_ends();
        }
        keeps
    }
}
