//! How large everything is to be drawn, as X's clients ask for it: by the resources of the screen, and by XSETTINGS
//! (<https://specifications.freedesktop.org/xsettings-spec/0.5/>), which win where a toolkit knows them. Where a pixel is a unit of
//! the host nothing is said, which is what toolkits expect.

use x11rb_protocol::protocol::xproto::{
    AtomEnum, ClientMessageEvent, EventMask, SendEventRequest, SetSelectionOwnerRequest,
};

use super::X11;
use super::density::Density;

/// Integers, of all that a setting can be.
const INTEGER: u8 = 0;

/// All of the settings, as they are in a property.
fn settings(density: Density) -> Vec<u8> {
    // Of a dot there are 1024.
    let dpi = density.dpi() * 1024;
    let all = [
        ("Gdk/UnscaledDPI", dpi / density.whole()),
        ("Gdk/WindowScalingFactor", density.whole()),
        ("Gtk/CursorThemeSize", density.cursor()),
        ("Xft/DPI", dpi),
    ];
    // The order of bytes (the least first), a serial number, how many.
    let mut bytes = vec![0; 8];
    bytes.extend(u32::try_from(all.len()).unwrap_or(0).to_le_bytes());
    for (name, value) in all {
        bytes.extend([INTEGER, 0]);
        bytes.extend(u16::try_from(name.len()).unwrap_or(0).to_le_bytes());
        bytes.extend(name.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend([0; 4]);
        bytes.extend(value.to_le_bytes());
    }
    bytes
}

/// The same for those that read resources.
fn resources(density: Density) -> String {
    let (dpi, cursor) = (density.dpi(), density.cursor());
    format!("Xcursor.size:\t{cursor}\nXft.dpi:\t{dpi}\n")
}

impl X11 {
    /// Says it, before the server lets its clients in.
    pub(super) fn say_density(&mut self) {
        if self.density.is_usual() {
            return;
        }
        let (own, root, atoms) = (self.own, self.root, self.atoms);
        let text = resources(self.density);
        let (resources, string) = (AtomEnum::RESOURCE_MANAGER.into(), AtomEnum::STRING.into());
        self.set(root, resources, string, 8, text.as_bytes());
        let property = atoms.xsettings_settings;
        self.set(own, property, property, 8, &settings(self.density));
        let selection = atoms.xsettings_s0;
        self.wire.send(SetSelectionOwnerRequest {
            owner: own,
            selection,
            time: 0,
        });
        // Nobody waits for it yet; it is said all the same (ICCCM 2.8).
        let event = ClientMessageEvent::new(32, root, atoms.manager, [0, selection, own, 0, 0]);
        self.wire.send(SendEventRequest {
            propagate: false,
            destination: root,
            event_mask: EventMask::STRUCTURE_NOTIFY,
            event: std::borrow::Cow::Owned(event.into()),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::known::Screen;

    fn of(scale: i32) -> Density {
        let screen = Screen {
            scale: Some(scale),
            ..Screen::default()
        };
        Density::of([&screen].into_iter())
    }

    #[test]
    fn settings_are_where_the_specification_has_them() {
        let bytes = settings(of(2));
        assert_eq!(bytes[..12], [0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0]);
        // A type, the length of a name, the name to a multiple of four, a serial number, the value.
        assert_eq!(bytes[12..16], [0, 0, 15, 0]);
        assert_eq!(&bytes[16..32], b"Gdk/UnscaledDPI\0");
        assert_eq!(bytes[36..40], (96 * 1024_u32).to_le_bytes());
        assert_eq!(bytes[bytes.len() - 4..], (192 * 1024_u32).to_le_bytes());
        assert_eq!(resources(of(2)), "Xcursor.size:\t48\nXft.dpi:\t192\n");
    }
}
