//! The smaller protocols: what was asked is written down in words. Where real hosts end the connection, this one does.

use std::sync::{Mutex, PoisonError};

use wayland_protocols::wp::alpha_modifier::v1::server::wp_alpha_modifier_surface_v1::{
    self, WpAlphaModifierSurfaceV1,
};
use wayland_protocols::wp::alpha_modifier::v1::server::wp_alpha_modifier_v1::{
    self, WpAlphaModifierV1,
};
use wayland_protocols::wp::content_type::v1::server::wp_content_type_manager_v1::{
    self, WpContentTypeManagerV1,
};
use wayland_protocols::wp::content_type::v1::server::wp_content_type_v1::{self, WpContentTypeV1};
use wayland_protocols::wp::fractional_scale::v1::server::wp_fractional_scale_manager_v1::{
    self, WpFractionalScaleManagerV1,
};
use wayland_protocols::wp::fractional_scale::v1::server::wp_fractional_scale_v1::{
    self, WpFractionalScaleV1,
};
use wayland_protocols::wp::idle_inhibit::zv1::server::zwp_idle_inhibit_manager_v1::{
    self, ZwpIdleInhibitManagerV1,
};
use wayland_protocols::wp::idle_inhibit::zv1::server::zwp_idle_inhibitor_v1::{
    self, ZwpIdleInhibitorV1,
};
use wayland_protocols::wp::keyboard_shortcuts_inhibit::zv1::server::zwp_keyboard_shortcuts_inhibit_manager_v1::{
    self, ZwpKeyboardShortcutsInhibitManagerV1,
};
use wayland_protocols::wp::keyboard_shortcuts_inhibit::zv1::server::zwp_keyboard_shortcuts_inhibitor_v1::{
    self, ZwpKeyboardShortcutsInhibitorV1,
};
use wayland_protocols::wp::text_input::zv3::server::zwp_text_input_manager_v3::{
    self, ZwpTextInputManagerV3,
};
use wayland_protocols::wp::text_input::zv3::server::zwp_text_input_v3::{self, ZwpTextInputV3};
use wayland_protocols::xdg::dialog::v1::server::xdg_dialog_v1::{self, XdgDialogV1};
use wayland_protocols::xdg::dialog::v1::server::xdg_wm_dialog_v1::{self, XdgWmDialogV1};
use wayland_protocols::xdg::system_bell::v1::server::xdg_system_bell_v1::{self, XdgSystemBellV1};
use wayland_protocols::xdg::toplevel_icon::v1::server::xdg_toplevel_icon_manager_v1::{
    self, XdgToplevelIconManagerV1,
};
use wayland_protocols::xdg::toplevel_icon::v1::server::xdg_toplevel_icon_v1::{
    self, XdgToplevelIconV1,
};
use wayland_server::protocol::wl_buffer::WlBuffer;
use wayland_server::protocol::wl_surface::WlSurface;
use wayland_server::{Client, DataInit, DisplayHandle, GlobalDispatch, New, Resource};

use super::surface::{global, requests};
use super::{FakeHost, Host, Seen, Versions, shm};

pub(crate) fn offer(dh: &DisplayHandle, versions: Versions) {
    macro_rules! globals {
        ($($interface:ty),* $(,)?) => {
            $(
                let name = <$interface as Resource>::interface().name;
                if !versions.contains(&(name, 0)) {
                    dh.create_global::<Host, $interface, _>(1, ());
                }
            )*
        };
    }
    globals!(
        WpAlphaModifierV1,
        WpContentTypeManagerV1,
        WpFractionalScaleManagerV1,
        ZwpIdleInhibitManagerV1,
        ZwpKeyboardShortcutsInhibitManagerV1,
        ZwpTextInputManagerV3,
        XdgWmDialogV1,
        XdgSystemBellV1,
        XdgToplevelIconManagerV1,
    );
}

impl FakeHost {
    /// Whether something of the smaller protocols was asked, within five seconds.
    pub fn wait_for_extra(&self, words: &str) {
        let _ = self.wait_for(|seen| matches!(seen, Seen::Extra(seen) if seen == words));
    }

    /// What was asked of the smaller protocols so far.
    #[must_use]
    pub fn extras(&self) -> Vec<String> {
        let words = |seen| match seen {
            Seen::Extra(words) => Some(words),
            _ => None,
        };
        self.seen().into_iter().filter_map(words).collect()
    }

    /// Writes into all fields that have said that they are there, as an input method does.
    pub fn write_text(&self, before: &'static str, text: &'static str) {
        self.have(move |host, _| {
            for input in &host.text_inputs {
                let Some(field) = input.data::<Mutex<Field>>() else {
                    continue;
                };
                let field = field.lock().unwrap_or_else(PoisonError::into_inner);
                if input.is_alive() && field.enabled {
                    input.preedit_string(Some(before.to_owned()), 1, 1);
                    input.commit_string(Some(text.to_owned()));
                    input.delete_surrounding_text(2, 1);
                    input.done(field.commits);
                }
            }
        });
    }

    /// Takes the shortcuts back from those who have them.
    pub fn take_shortcuts_back(&self) {
        self.have(|host, _| {
            let alive = host.inhibitors.iter().filter(|one| one.is_alive());
            alive.for_each(ZwpKeyboardShortcutsInhibitorV1::inactive);
        });
    }
}

impl Host {
    fn noted(&self, words: impl Into<String>) {
        self.saw(Seen::Extra(words.into()));
    }

    /// Whether this is the first of its interface for a surface.
    pub(crate) fn is_first<R: Resource>(&mut self, surface: &WlSurface) -> bool {
        let new = (surface.clone(), R::interface().name);
        let first = !self.extras.contains(&new);
        self.extras.push(new);
        first
    }

    pub(crate) fn gone<R: Resource>(&mut self, surface: &WlSurface) {
        let name = R::interface().name;
        self.extras
            .retain(|(other, interface)| other != surface || *interface != name);
    }
}

global!(WpAlphaModifierV1);
global!(WpContentTypeManagerV1);
global!(WpFractionalScaleManagerV1);
global!(ZwpIdleInhibitManagerV1);
global!(ZwpKeyboardShortcutsInhibitManagerV1);
global!(ZwpTextInputManagerV3);
global!(XdgWmDialogV1);
global!(XdgSystemBellV1);

requests!(
    WpAlphaModifierV1,
    (),
    |host, manager, request, _data, init| {
        if let wp_alpha_modifier_v1::Request::GetSurface { id, surface } = request {
            if !host.is_first::<WpAlphaModifierSurfaceV1>(&surface) {
                manager.post_error(wp_alpha_modifier_v1::Error::AlreadyConstructed, "twice");
            }
            init.init(id, surface);
        }
    }
);

requests!(
    WpAlphaModifierSurfaceV1,
    WlSurface,
    |host, alpha, request, surface, _init| {
        match request {
            wp_alpha_modifier_surface_v1::Request::SetMultiplier { factor } => {
                if !surface.is_alive() {
                    alpha.post_error(wp_alpha_modifier_surface_v1::Error::NoSurface, "gone");
                }
                host.noted(format!("alpha {factor:#x}"));
            }
            _ => host.gone::<WpAlphaModifierSurfaceV1>(surface),
        }
    }
);

requests!(
    WpContentTypeManagerV1,
    (),
    |host, manager, request, _data, init| {
        if let wp_content_type_manager_v1::Request::GetSurfaceContentType { id, surface } = request
        {
            if !host.is_first::<WpContentTypeV1>(&surface) {
                manager.post_error(
                    wp_content_type_manager_v1::Error::AlreadyConstructed,
                    "twice",
                );
            }
            init.init(id, surface);
        }
    }
);

requests!(
    WpContentTypeV1,
    WlSurface,
    |host, _content, request, surface, _init| {
        match request {
            wp_content_type_v1::Request::SetContentType { content_type } => {
                host.noted(format!("content {}", u32::from(content_type)));
            }
            _ => host.gone::<WpContentTypeV1>(surface),
        }
    }
);

requests!(
    WpFractionalScaleManagerV1,
    (),
    |host, manager, request, _data, init| {
        if let wp_fractional_scale_manager_v1::Request::GetFractionalScale { id, surface } = request
        {
            if !host.is_first::<WpFractionalScaleV1>(&surface) {
                let twice = wp_fractional_scale_manager_v1::Error::FractionalScaleExists;
                manager.post_error(twice, "twice");
            }
            init.init(id, surface).preferred_scale(180);
        }
    }
);

requests!(
    WpFractionalScaleV1,
    WlSurface,
    |host, _scale, request, surface, _init| {
        if let wp_fractional_scale_v1::Request::Destroy = request {
            host.gone::<WpFractionalScaleV1>(surface);
        }
    }
);

requests!(
    ZwpIdleInhibitManagerV1,
    (),
    |host, _manager, request, _data, init| {
        if let zwp_idle_inhibit_manager_v1::Request::CreateInhibitor { id, .. } = request {
            init.init(id, ());
            host.noted("keeps the screen on");
        }
    }
);

requests!(
    ZwpIdleInhibitorV1,
    (),
    |host, _inhibitor, request, _data, _init| {
        if let zwp_idle_inhibitor_v1::Request::Destroy = request {
            host.noted("lets the screen go off");
        }
    }
);

requests!(
    ZwpKeyboardShortcutsInhibitManagerV1,
    (),
    |host, manager, request, _data, init| {
        if let zwp_keyboard_shortcuts_inhibit_manager_v1::Request::InhibitShortcuts {
            id,
            surface,
            ..
        } = request
        {
            if !host.is_first::<ZwpKeyboardShortcutsInhibitorV1>(&surface) {
                let twice = zwp_keyboard_shortcuts_inhibit_manager_v1::Error::AlreadyInhibited;
                manager.post_error(twice, "twice");
            }
            let inhibitor = init.init(id, surface);
            inhibitor.active();
            host.inhibitors.push(inhibitor);
            host.noted("takes the shortcuts");
        }
    }
);

requests!(
    ZwpKeyboardShortcutsInhibitorV1,
    WlSurface,
    |host, _inhibitor, request, surface, _init| {
        if let zwp_keyboard_shortcuts_inhibitor_v1::Request::Destroy = request {
            host.gone::<ZwpKeyboardShortcutsInhibitorV1>(surface);
            host.noted("gives the shortcuts back");
        }
    }
);

/// What is known of a field that is written into.
#[derive(Debug, Default)]
pub(crate) struct Field {
    commits: u32,
    enabled: bool,
}

requests!(
    ZwpTextInputManagerV3,
    (),
    |host, _manager, request, _data, init| {
        if let zwp_text_input_manager_v3::Request::GetTextInput { id, .. } = request {
            let input = init.init(id, Mutex::default());
            if let Some(focus) = &host.focus
                && focus.id().same_client_as(&input.id())
            {
                input.enter(focus);
            }
            host.text_inputs.push(input);
        }
    }
);

requests!(
    ZwpTextInputV3,
    Mutex<Field>,
    |host, _input, request, field, _init| {
        use zwp_text_input_v3::Request;
        let mut field = field.lock().unwrap_or_else(PoisonError::into_inner);
        match request {
            Request::Enable => field.enabled = true,
            Request::Disable => field.enabled = false,
            Request::SetSurroundingText {
                text,
                cursor,
                anchor,
            } => host.noted(format!("text {text:?} {cursor} {anchor}")),
            Request::SetTextChangeCause { cause } => {
                host.noted(format!("cause {}", u32::from(cause)))
            }
            Request::SetContentType { hint, purpose } => {
                host.noted(format!("field {} {}", u32::from(hint), u32::from(purpose)));
            }
            Request::SetCursorRectangle {
                x,
                y,
                width,
                height,
            } => host.noted(format!("cursor {x} {y} {width} {height}")),
            Request::Commit => {
                field.commits += 1;
                host.noted(format!("field committed {}", field.commits));
            }
            _ => {}
        }
    }
);

requests!(XdgWmDialogV1, (), |host, manager, request, _data, init| {
    if let xdg_wm_dialog_v1::Request::GetXdgDialog { id, toplevel } = request
        && let Some(surface) = toplevel.data::<WlSurface>()
    {
        if !host.is_first::<XdgDialogV1>(surface) {
            manager.post_error(xdg_wm_dialog_v1::Error::AlreadyUsed, "twice");
        }
        init.init(id, surface.clone());
        host.noted("dialog");
    }
});

requests!(
    XdgDialogV1,
    WlSurface,
    |host, _dialog, request, surface, _init| match request {
        xdg_dialog_v1::Request::SetModal => host.noted("modal"),
        xdg_dialog_v1::Request::UnsetModal => host.noted("not modal"),
        _ => host.gone::<XdgDialogV1>(surface),
    }
);

requests!(XdgSystemBellV1, (), |host, _bell, request, _data, _init| {
    if let xdg_system_bell_v1::Request::Ring { surface } = request {
        host.noted(if surface.is_some() {
            "rings for a window"
        } else {
            "rings"
        });
    }
});

impl GlobalDispatch<XdgToplevelIconManagerV1, ()> for Host {
    fn bind(
        _host: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<XdgToplevelIconManagerV1>,
        (): &(),
        data_init: &mut DataInit<'_, Self>,
    ) {
        let manager = data_init.init(resource, ());
        manager.icon_size(48);
        manager.done();
    }
}

/// What an icon is made of.
#[derive(Debug, Default)]
pub(crate) struct Icon {
    name: Option<String>,
    pictures: Vec<WlBuffer>,
}

requests!(
    XdgToplevelIconManagerV1,
    (),
    |host, _manager, request, _data, init| match request {
        xdg_toplevel_icon_manager_v1::Request::CreateIcon { id } => {
            init.init(id, Mutex::default());
        }
        xdg_toplevel_icon_manager_v1::Request::SetIcon { icon, .. } => {
            let icon = icon.as_ref().and_then(|icon| icon.data::<Mutex<Icon>>());
            let words = icon.map_or_else(
                || "no icon".to_owned(),
                |icon| {
                    let icon = icon.lock().unwrap_or_else(PoisonError::into_inner);
                    let first = icon.pictures.first().and_then(shm::first_pixel);
                    format!("icon {:?} {first:x?}", icon.name)
                },
            );
            host.noted(words);
        }
        _ => {}
    }
);

requests!(
    XdgToplevelIconV1,
    Mutex<Icon>,
    |_host, resource, request, icon, _init| {
        let mut icon = icon.lock().unwrap_or_else(PoisonError::into_inner);
        let goes = matches!(request, xdg_toplevel_icon_v1::Request::Destroy);
        if !goes && !icon.pictures.iter().all(Resource::is_alive) {
            resource.post_error(xdg_toplevel_icon_v1::Error::NoBuffer, "a buffer is gone");
        }
        match request {
            xdg_toplevel_icon_v1::Request::SetName { icon_name } => icon.name = Some(icon_name),
            xdg_toplevel_icon_v1::Request::AddBuffer { buffer, .. } => icon.pictures.push(buffer),
            _ => {}
        }
    }
);
