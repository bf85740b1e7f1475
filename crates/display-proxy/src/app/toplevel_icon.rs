//! Icons of single windows, by name or by picture.
//!
//! A picture stays with its buffer: one that goes before its icon is an error of the app's, and has to be found here.

use std::sync::{Mutex, MutexGuard, PoisonError};

use wayland_protocols::xdg::toplevel_icon::v1::client::xdg_toplevel_icon_manager_v1::XdgToplevelIconManagerV1 as HostManager;
use wayland_protocols::xdg::toplevel_icon::v1::client::xdg_toplevel_icon_v1::XdgToplevelIconV1 as HostIcon;
use wayland_protocols::xdg::toplevel_icon::v1::server::xdg_toplevel_icon_manager_v1::{
    self, XdgToplevelIconManagerV1,
};
use wayland_protocols::xdg::toplevel_icon::v1::server::xdg_toplevel_icon_v1::{
    self, XdgToplevelIconV1,
};
use wayland_server::backend::ClientId;
use wayland_server::protocol::wl_buffer::WlBuffer;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};

use super::mirror::{Mirror, relay};
use crate::bridge::buffers;
use crate::bridge::surfaces::Role;
use crate::peer::{Peer, host_of, link};
use crate::policy;
use crate::quota::Kind;
use crate::session::Session;

/// Pictures of one icon: there are some six sizes at two scales.
const PICTURES_MAX: usize = 32;
/// Longest name of an icon; the longest that themes have are some tens of bytes.
const NAME_MAX: usize = 128;
/// Largest scale of a picture.
const SCALE_MAX: i32 = 16;

/// An icon: the host's, and what it was made of.
#[derive(Debug, Default)]
pub(crate) struct Icon {
    host: Peer<HostIcon>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    name: Option<String>,
    /// With their scales.
    pictures: Vec<(WlBuffer, i32)>,
    /// A window has it: it changes no more.
    set: bool,
}

impl Icon {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GlobalDispatch<XdgToplevelIconManagerV1, Mirror> for Session {
    fn bind(
        session: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<XdgToplevelIconManagerV1>,
        mirror: &Mirror,
        data_init: &mut DataInit<'_, Self>,
    ) {
        let manager = data_init.init(resource, Peer::<HostManager>::default());
        session.take(Kind::Object, &manager);
        let (name, version) = (mirror.name, manager.version());
        link::<_, HostManager>(session, &manager, move |session, of| {
            Some(session.bind(name, version, of.clone()))
        });
        // The sizes that the host likes.
        session.expect_answer();
    }
}

relay!(XdgToplevelIconManagerV1 => HostManager, |session, manager, host, request, init| {
    match request {
        xdg_toplevel_icon_manager_v1::Request::CreateIcon { id } => {
            let icon = init.init(id, Icon::default());
            session.take(Kind::Object, &icon);
            if let Some(data) = icon.data::<Icon>() {
                let manager = manager.clone();
                session.link(&icon, &data.host, move |session, of| {
                    let manager = host_of::<HostManager>(&manager)?;
                    let icon = of.clone();
                    let host = manager.create_icon(&session.qh, ());
                    if let Some(name) = icon.data::<Icon>().and_then(|icon| icon.state().name.clone()) {
                        host.set_name(name);
                    }
                    Some(host)
                });
            }
            session.icons.push(icon);
        }
        xdg_toplevel_icon_manager_v1::Request::SetIcon { toplevel, icon } => {
            let data = icon.as_ref().and_then(|icon| icon.data::<Icon>());
            if let Some(icon) = data {
                icon.state().set = true;
            }
            let host_icon = data.and_then(|icon| icon.host.get());
            let window = session.xdg.get_toplevel(&toplevel);
            let window = window.and_then(|window| session.toplevel_mut(window.wl_surface()));
            if let Some(window) = window {
                host.set_icon(&window.host, host_icon.as_ref());
                window.icon = icon;
            }
        }
        _ => {}
    }
});

impl Dispatch<XdgToplevelIconV1, Icon> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        icon: &XdgToplevelIconV1,
        request: xdg_toplevel_icon_v1::Request,
        data: &Icon,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        use xdg_toplevel_icon_v1::{Error, Request};
        session.tick(icon);
        let host = data.host.get();
        let mut state = data.state();
        if state.set && !matches!(request, Request::Destroy) {
            icon.post_error(Error::Immutable, "a window has this icon already");
            session.end("changed an icon that a window has");
            return;
        }
        match request {
            Request::SetName { icon_name } if is_name(&icon_name) => {
                state.name = Some(icon_name.clone());
                host.inspect(|host| host.set_name(icon_name));
            }
            Request::AddBuffer { buffer, scale } => {
                if state.pictures.len() >= PICTURES_MAX || !(1..=SCALE_MAX).contains(&scale) {
                    session.offend(
                        icon,
                        "an icon of too many pictures, or of too large a scale",
                    );
                    return;
                }
                let square = buffers::in_memory(&buffer)
                    .is_some_and(|(width, height)| width == height && width <= policy::ICON_MAX);
                if !square {
                    icon.post_error(Error::InvalidBuffer, "not a small square in memory");
                    session.end("made an icon of what is no small square");
                    return;
                }
                if let Some(host) = host.filter(|_| session.has_host()) {
                    match buffers::whole(&buffer, &mut session.scratch) {
                        Ok(picture) => host.add_buffer(&picture, scale),
                        Err(refusal) => {
                            session.offend(icon, refusal);
                            return;
                        }
                    }
                }
                session.count_copied(icon);
                state.pictures.push((buffer, scale));
            }
            _ => {}
        }
    }

    fn destroyed(session: &mut Self, _client: ClientId, icon: &XdgToplevelIconV1, data: &Icon) {
        if let Some(host) = data.host.take() {
            host.destroy();
        }
        session.icons.retain(|other| other != icon);
        session.quota.give(Kind::Object);
    }
}

impl Session {
    /// Gives the icons their pictures on the host that there is now, and windows their icons.
    pub(crate) fn renew_icons(&mut self) {
        for icon in self.icons.clone() {
            let Some(data) = icon.data::<Icon>() else {
                continue;
            };
            let Some(host) = data.host.get() else {
                continue;
            };
            for (picture, scale) in &data.state().pictures {
                if let Ok(picture) = buffers::whole(picture, &mut self.scratch) {
                    host.add_buffer(&picture, *scale);
                }
            }
        }
        let managers = self.objects::<XdgToplevelIconManagerV1>();
        let Some(manager) = managers.iter().find_map(host_of::<HostManager>) else {
            return;
        };
        for link in self.surfaces.values() {
            if let Role::Toplevel(window) = &link.role
                && let Some(icon) = window.icon.as_ref().and_then(|icon| icon.data::<Icon>())
                && let Some(icon) = icon.host.get()
            {
                manager.set_icon(&window.host, Some(&icon));
            }
        }
    }

    /// A buffer is about to go. The icon that is made of it is to go first.
    pub(crate) fn buffer_leaves_icons(&mut self, buffer: &WlBuffer) {
        let holds = |icon: &&XdgToplevelIconV1| {
            icon.data::<Icon>().is_some_and(|icon| {
                let pictures = &icon.state().pictures;
                pictures.iter().any(|(picture, _)| picture == buffer)
            })
        };
        if let Some(icon) = self.icons.iter().find(holds) {
            icon.post_error(
                xdg_toplevel_icon_v1::Error::NoBuffer,
                "a buffer was destroyed before its icon",
            );
            self.end("destroyed a buffer before its icon");
        }
    }
}

/// Whether a text can be the name of an icon. Hosts look for files of that name.
fn is_name(untrusted: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+@".contains(&byte);
    (1..=NAME_MAX).contains(&untrusted.len())
        && !untrusted.starts_with('.')
        && untrusted.bytes().all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_icons_are_no_paths() {
        for name in ["org.gnome.gedit", "utilities-terminal", "a_b+c@2"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "/etc/passwd", "../x", ".hidden", "a b", "é", "a\n"] {
            assert!(!is_name(name), "{name}");
        }
        assert!(!is_name(&"x".repeat(NAME_MAX + 1)));
    }
}
