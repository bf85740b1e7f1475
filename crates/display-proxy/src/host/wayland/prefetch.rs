//! Asks the host to describe its memory formats, screens and seats, before a client is let in.

use wayland_client::protocol::wl_output::{self, WlOutput};
use wayland_client::protocol::wl_registry::WlRegistry;
use wayland_client::protocol::wl_seat::{self, WlSeat};
use wayland_client::protocol::wl_shm::{self, WlShm};
use wayland_client::{Connection, Dispatch, Proxy, QueueHandle, delegate_noop};
use wayland_protocols::wp::linux_dmabuf::zv1::client::zwp_linux_dmabuf_v1::{
    self, ZwpLinuxDmabufV1,
};
use wayland_protocols::wp::presentation_time::client::wp_presentation::{self, WpPresentation};
use wayland_protocols::xdg::xdg_output::zv1::client::zxdg_output_manager_v1::ZxdgOutputManagerV1;
use wayland_protocols::xdg::xdg_output::zv1::client::zxdg_output_v1::{self, ZxdgOutputV1};
use wayland_protocols_misc::server_decoration::client::org_kde_kwin_server_decoration_manager::OrgKdeKwinServerDecorationManager;

use super::registry::Listing;

delegate_noop!(Listing: ZxdgOutputManagerV1);

/// Objects that only live for the answers.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    outputs: Vec<WlOutput>,
    logical: Vec<ZxdgOutputV1>,
    seats: Vec<WlSeat>,
    manager: Option<ZxdgOutputManagerV1>,
    presentation: Option<WpPresentation>,
    dmabuf: Option<ZwpLinuxDmabufV1>,
}

impl Questions {
    pub(crate) fn ask(listing: &Listing, registry: &WlRegistry, qh: &QueueHandle<Listing>) -> Self {
        let mut questions = Self::default();
        let globals = &listing.globals;
        if let Some((name, _)) = globals.offered("wl_shm") {
            registry.bind::<WlShm, _, _>(name, 1, qh, ());
        }
        if let Some((name, _)) = globals.offered("zwp_linux_dmabuf_v1")
            && listing.gpu
        {
            // Later versions say it in another way, and this one says all.
            questions.dmabuf = Some(registry.bind(name, 3, qh, ()));
        }
        if let Some((name, _)) = globals.offered("wp_presentation") {
            questions.presentation = Some(registry.bind(name, 1, qh, ()));
        }
        if let Some((name, version)) = globals.offered("zxdg_output_manager_v1") {
            questions.manager = Some(registry.bind(name, version, qh, ()));
        }
        if let Some((name, _)) = globals.offered("org_kde_kwin_server_decoration_manager") {
            registry.bind::<OrgKdeKwinServerDecorationManager, _, _>(name, 1, qh, ());
        }
        for (name, (interface, version)) in &globals.0 {
            match *interface {
                "wl_output" => {
                    let output: WlOutput = registry.bind(*name, *version, qh, *name);
                    if let Some(manager) = &questions.manager {
                        questions
                            .logical
                            .push(manager.get_xdg_output(&output, qh, *name));
                    }
                    questions.outputs.push(output);
                }
                "wl_seat" => questions
                    .seats
                    .push(registry.bind(*name, *version, qh, *name)),
                _ => {}
            }
        }
        questions
    }

    /// Lets go of the objects, as far as their versions can be let go of.
    pub(crate) fn finish(self) {
        self.logical.iter().for_each(ZxdgOutputV1::destroy);
        self.outputs
            .iter()
            .filter(|output| output.version() >= 3)
            .for_each(WlOutput::release);
        self.seats
            .iter()
            .filter(|seat| seat.version() >= 5)
            .for_each(WlSeat::release);
        self.manager.iter().for_each(ZxdgOutputManagerV1::destroy);
        self.presentation.iter().for_each(WpPresentation::destroy);
        self.dmabuf.iter().for_each(ZwpLinuxDmabufV1::destroy);
    }
}

impl Dispatch<WlShm, ()> for Listing {
    fn event(
        state: &mut Self,
        _shm: &WlShm,
        event: wl_shm::Event,
        (): &(),
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let wl_shm::Event::Format { format } = event {
            state.known.formats.push(format.into());
        }
    }
}

impl Dispatch<ZwpLinuxDmabufV1, ()> for Listing {
    fn event(
        state: &mut Self,
        _dmabuf: &ZwpLinuxDmabufV1,
        event: zwp_linux_dmabuf_v1::Event,
        (): &(),
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let zwp_linux_dmabuf_v1::Event::Modifier {
            format,
            modifier_hi,
            modifier_lo,
        } = event
        {
            let modifier = u64::from(modifier_hi) << 32 | u64::from(modifier_lo);
            state.known.layouts.insert((format, modifier));
        }
    }
}

impl Dispatch<WpPresentation, ()> for Listing {
    fn event(
        state: &mut Self,
        _presentation: &WpPresentation,
        event: wp_presentation::Event,
        (): &(),
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let wp_presentation::Event::ClockId { clk_id } = event {
            state.known.clock = Some(clk_id);
        }
    }
}

impl Dispatch<WlSeat, u32> for Listing {
    fn event(
        state: &mut Self,
        _seat: &WlSeat,
        event: wl_seat::Event,
        name: &u32,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        if let wl_seat::Event::Capabilities { capabilities } = event {
            state.known.seats.insert(*name, capabilities.into());
        }
    }
}

impl Dispatch<WlOutput, u32> for Listing {
    fn event(
        state: &mut Self,
        _output: &WlOutput,
        event: wl_output::Event,
        name: &u32,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        use wl_output::Event;
        let screen = state.known.screens.entry(*name).or_default();
        match event {
            Event::Geometry {
                x,
                y,
                physical_width,
                physical_height,
                subpixel,
                transform,
                ..
            } => {
                screen.at = (x, y);
                screen.millimetres = (physical_width, physical_height);
                screen.subpixel = subpixel.into();
                screen.transform = transform.into();
            }
            Event::Mode {
                flags,
                width,
                height,
                refresh,
            } => {
                let flags: u32 = flags.into();
                let current: u32 = wl_output::Mode::Current.bits();
                if screen.mode.is_none() || flags & current != 0 {
                    screen.mode = Some((flags, width, height, refresh));
                }
            }
            Event::Scale { factor } => screen.scale = Some(factor),
            _ => {}
        }
    }
}

impl Dispatch<ZxdgOutputV1, u32> for Listing {
    fn event(
        state: &mut Self,
        _output: &ZxdgOutputV1,
        event: zxdg_output_v1::Event,
        name: &u32,
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        use zxdg_output_v1::Event;
        let screen = state.known.screens.entry(*name).or_default();
        match event {
            Event::LogicalPosition { x, y } => screen.logical_at = Some((x, y)),
            Event::LogicalSize { width, height } => screen.logical_size = Some((width, height)),
            _ => {}
        }
    }
}
