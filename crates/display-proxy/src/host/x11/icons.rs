//! xdg_toplevel_icon: icons of single windows, as `_NET_WM_ICON`.
//! <https://specifications.freedesktop.org/wm-spec/1.5/ar01s05.html>

use std::sync::Mutex;

use wayland_protocols::xdg::toplevel_icon::v1::server::xdg_toplevel_icon_manager_v1::{
    self, XdgToplevelIconManagerV1,
};
use wayland_protocols::xdg::toplevel_icon::v1::server::xdg_toplevel_icon_v1::{
    self, XdgToplevelIconV1,
};
use wayland_server::backend::ObjectId;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};

use super::State;
use super::rect::Rect;

/// Sizes that window managers and panels show.
const SIZES: &[i32] = &[16, 32, 48, 64];
/// Longest side of a picture that is passed on; what shows icons on an X server shows no larger ones.
const SIDE_MAX: i32 = 128;

/// An icon: its pictures as the property has them.
type Icon = Mutex<Vec<u32>>;

impl GlobalDispatch<XdgToplevelIconManagerV1, ()> for State {
    fn bind(
        _state: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<XdgToplevelIconManagerV1>,
        (): &(),
        data_init: &mut DataInit<'_, Self>,
    ) {
        let manager = data_init.init(resource, ());
        for size in SIZES {
            manager.icon_size(*size);
        }
        manager.done();
    }
}

impl Dispatch<XdgToplevelIconManagerV1, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _manager: &XdgToplevelIconManagerV1,
        request: xdg_toplevel_icon_manager_v1::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        match request {
            xdg_toplevel_icon_manager_v1::Request::CreateIcon { id } => {
                data_init.init(id, Icon::default());
            }
            xdg_toplevel_icon_manager_v1::Request::SetIcon { toplevel, icon } => {
                let words = icon.as_ref().and_then(|icon| icon.data::<Icon>());
                let words = words.and_then(|words| words.lock().ok().map(|words| words.clone()));
                if let Some(id) = toplevel.data::<ObjectId>() {
                    state.set_icon(id, words.unwrap_or_default());
                }
            }
            _ => {}
        }
    }
}

impl Dispatch<XdgToplevelIconV1, Icon> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _icon: &XdgToplevelIconV1,
        request: xdg_toplevel_icon_v1::Request,
        icon: &Icon,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        // Names lead to files, which a window manager does not look for.
        if let xdg_toplevel_icon_v1::Request::AddBuffer { buffer, .. } = request
            && let Some(picture) = state.picture(&buffer)
            && picture.size.0.max(picture.size.1) <= SIDE_MAX
            && let Ok(mut icon) = icon.lock()
        {
            let mut pixels = Vec::new();
            picture.read(Rect::sized(picture.size), &mut pixels);
            let length = |n: i32| n.unsigned_abs();
            icon.extend([length(picture.size.0), length(picture.size.1)]);
            icon.extend(pixels.as_chunks::<4>().0.iter().map(|pixel| {
                let argb = u32::from_le_bytes(*pixel);
                plain(if picture.opaque {
                    argb | 0xff00_0000
                } else {
                    argb
                })
            }));
        }
    }
}

/// A premultiplied pixel as it is without that.
fn plain(argb: u32) -> u32 {
    let alpha = argb >> 24;
    if alpha == 0 {
        return 0;
    }
    let part = |shift: u32| ((argb >> shift & 0xff) * 255 / alpha).min(255) << shift;
    alpha << 24 | part(16) | part(8) | part(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_as_strong_as_they_were_before_they_were_made_transparent() {
        assert_eq!(plain(0xff12_3456), 0xff12_3456);
        assert_eq!(plain(0x8080_4000), 0x80ff_7f00);
        assert_eq!(plain(0x0012_3456), 0);
        assert_eq!(plain(0x01ff_ffff), 0x01ff_ffff);
    }
}
