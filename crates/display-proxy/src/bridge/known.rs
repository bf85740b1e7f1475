//! What the host was found to have before the client was let in.
//!
//! An app binds a global and then asks "is that all?" (`wl_display.sync`), and that question is
//! answered on this side, before the host has described its object. Toolkits give up on screens
//! without a mode or memory without formats, so each new object first repeats what is known;
//! what the host says a moment later brings it up to date.

use std::collections::{BTreeSet, HashMap};

use wayland_protocols::xdg::xdg_output::zv1::server::zxdg_output_v1::ZxdgOutputV1;
use wayland_server::Resource;
use wayland_server::protocol::wl_output::{Mode, WlOutput};
use wayland_server::protocol::wl_seat::{Capability, WlSeat};
use wayland_server::protocol::wl_shm::WlShm;

use crate::peer::same;
use crate::x11::density::Density;

/// Descriptions by the host's number of its global.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) formats: Vec<u32>,
    /// Which buffers of a GPU it takes: format, and how the pixels lie.
    pub(crate) layouts: BTreeSet<(u32, u64)>,
    pub(crate) screens: HashMap<u32, Screen>,
    pub(crate) seats: HashMap<u32, u32>,
    pub(crate) clock: Option<u32>,
    /// Who draws frames unless asked otherwise, in the older protocol.
    pub(crate) decoration: Option<u32>,
}

/// One screen.
#[derive(Debug, Default, Clone)]
pub(crate) struct Screen {
    pub(crate) at: (i32, i32),
    pub(crate) millimetres: (i32, i32),
    pub(crate) subpixel: u32,
    pub(crate) transform: u32,
    pub(crate) mode: Option<(u32, i32, i32, i32)>,
    pub(crate) scale: Option<i32>,
    pub(crate) logical_at: Option<(i32, i32)>,
    pub(crate) logical_size: Option<(i32, i32)>,
}

impl Known {
    /// Whether the host has a pixel format. Every one has these two, even before it says so.
    pub(crate) fn has_format(&self, format: u32) -> bool {
        format <= 1 || self.formats.contains(&format)
    }

    pub(crate) fn describe_shm(&self, shm: &WlShm) {
        self.formats
            .iter()
            .filter_map(|format| same(*format))
            .for_each(|format| shm.format(format));
    }

    pub(crate) fn describe_seat(&self, name: u32, seat: &WlSeat) {
        if let Some(capabilities) = self.seats.get(&name) {
            seat.capabilities(Capability::from_bits_truncate(*capabilities));
        }
        if seat.version() >= 2 {
            // The host's name of the seat is nothing that an app needs.
            seat.name("seat0".to_owned());
        }
    }

    pub(crate) fn describe_screen(&self, name: u32, output: &WlOutput, density: Density) {
        let Some(screen) = self.screens.get(&name) else {
            return;
        };
        screen.tell_geometry(output, density);
        if let Some((flags, width, height, refresh)) = screen.mode {
            output.mode(Mode::from_bits_truncate(flags), width, height, refresh);
        }
        if output.version() >= 2 {
            let scale = screen.scale.filter(|_| density.is_usual());
            output.scale(scale.unwrap_or(1));
        }
        if output.version() >= 4 {
            output.name(generic_name(name));
            output.description("a screen".to_owned());
        }
        if output.version() >= 2 {
            output.done();
        }
    }

    pub(crate) fn describe_logical(&self, name: u32, output: &ZxdgOutputV1, density: Density) {
        let Some(screen) = self.screens.get(&name) else {
            return;
        };
        if let Some((x, y)) = screen.logical_at {
            output.logical_position(density.up(x), density.up(y));
        }
        if let Some((width, height)) = screen.logical_size {
            output.logical_size(density.up(width), density.up(height));
        }
        if output.version() >= 2 {
            output.name(generic_name(name));
        }
        if output.version() < 3 {
            output.done();
        }
    }
}

impl Screen {
    /// Size and place, without the make and serial number that tell one machine from another.
    pub(crate) fn tell_geometry(&self, output: &WlOutput, density: Density) {
        if let (Some(subpixel), Some(transform)) = (same(self.subpixel), same(self.transform)) {
            let ((x, y), (width, height)) = (self.at, self.millimetres);
            output.geometry(
                density.up(x),
                density.up(y),
                width,
                height,
                subpixel,
                "Oz".to_owned(),
                "screen".to_owned(),
                transform,
            );
        }
    }
}

/// A name that differs from screen to screen and says nothing else.
pub(crate) fn generic_name(global: u32) -> String {
    format!("OZ-{global}")
}
