//! Screens: one that is always there, others that come and go.

use wayland_server::backend::GlobalId;
use wayland_server::protocol::wl_output::{self, Mode, Subpixel, Transform, WlOutput};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};

use super::{FakeHost, Host, Versions};

/// A screen, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Screen {
    number: u32,
    scale: i32,
}

/// The one that is always there.
const FIRST: Screen = Screen {
    number: 0,
    scale: 1,
};

/// The version of those that come later.
const VERSION: u32 = 4;

/// Offers the first one, if the host is to have any.
pub(crate) fn offer_first(dh: &DisplayHandle, versions: Versions) {
    let name = WlOutput::interface().name;
    let other = versions.iter().find(|(other, _)| *other == name);
    let version = other.map_or(VERSION, |(_, version)| *version);
    if version > 0 {
        dh.create_global::<Host, WlOutput, _>(version, FIRST);
    }
}

fn offer(dh: &DisplayHandle, screen: Screen) -> GlobalId {
    dh.create_global::<Host, WlOutput, _>(VERSION, screen)
}

impl FakeHost {
    /// Adds a screen of this scale under this number; the first one is 0.
    pub fn add_screen(&self, number: u32, scale: i32) {
        self.have(move |host, dh| {
            let global = offer(dh, Screen { number, scale });
            host.added.push((number, global));
        });
    }

    /// Takes a screen away.
    pub fn remove_screen(&self, number: u32) {
        self.have(move |host, dh| {
            for (_, global) in host.added.extract_if(.., |(added, _)| *added == number) {
                dh.disable_global::<Host>(global);
            }
        });
    }

    /// Moves the newest window to a screen.
    pub fn move_to_screen(&self, number: u32) {
        self.have(move |host, _| {
            let Some(focus) = host.focus.clone() else {
                return;
            };
            for (screen, output) in &host.screens {
                if output.is_alive() && output.id().same_client_as(&focus.id()) {
                    if *screen == number {
                        focus.enter(output);
                    } else {
                        focus.leave(output);
                    }
                }
            }
        });
    }
}

impl GlobalDispatch<WlOutput, Screen> for Host {
    fn bind(
        host: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<WlOutput>,
        screen: &Screen,
        data_init: &mut DataInit<'_, Self>,
    ) {
        let output = data_init.init(resource, ());
        host.screens.push((screen.number, output.clone()));
        let (make, model) = ("Secret Make".to_owned(), "Serial 4711".to_owned());
        output.geometry(
            0,
            0,
            300,
            200,
            Subpixel::Unknown,
            make,
            model,
            Transform::Normal,
        );
        output.mode(Mode::Current, 1600, 1000, 60_000);
        if output.version() >= 4 {
            output.name("DP-7".to_owned());
            output.description("Secret Make 4711".to_owned());
        }
        if output.version() >= 2 {
            output.scale(screen.scale);
            output.done();
        }
    }
}

impl Dispatch<WlOutput, ()> for Host {
    fn request(
        _host: &mut Self,
        _client: &Client,
        _output: &WlOutput,
        _request: wl_output::Request,
        (): &(),
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
    }
}
