//! Buffers of a GPU, for apps whose profile gives them one.
//!
//! A descriptor passes if the kernel says that it is memory of a device, whatever else the app says of it. The host asks
//! the driver whether it can be shown; that the driver does not like it ends nobody, as with a host directly.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use wayland_client::Proxy;
use wayland_client::protocol::wl_buffer::WlBuffer as HostBuffer;
use wayland_protocols::wp::linux_dmabuf::zv1::client::zwp_linux_buffer_params_v1::ZwpLinuxBufferParamsV1 as HostParams;
use wayland_protocols::wp::linux_dmabuf::zv1::client::zwp_linux_dmabuf_feedback_v1::ZwpLinuxDmabufFeedbackV1 as HostFeedback;
use wayland_protocols::wp::linux_dmabuf::zv1::client::zwp_linux_dmabuf_v1::ZwpLinuxDmabufV1 as HostManager;
use wayland_protocols::wp::linux_dmabuf::zv1::server::zwp_linux_buffer_params_v1::{
    self, Error, ZwpLinuxBufferParamsV1,
};
use wayland_protocols::wp::linux_dmabuf::zv1::server::zwp_linux_dmabuf_feedback_v1::ZwpLinuxDmabufFeedbackV1;
use wayland_protocols::wp::linux_dmabuf::zv1::server::zwp_linux_dmabuf_v1::{
    self, ZwpLinuxDmabufV1,
};
use wayland_server::backend::ClientId;
use wayland_server::protocol::wl_buffer::WlBuffer;
use wayland_server::protocol::wl_surface::WlSurface;
use wayland_server::{
    Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource, Weak,
};

use super::mirror::{Mirror, relay};
use crate::bridge::buffers::{Buffer, Content};
use crate::bridge::gpu::{Drawn, PLANES, Plane, UNNAMED};
use crate::bridge::toplevels::at_least;
use crate::peer::{Peer, host_of, link, manager_of};
use crate::quota::Kind;
use crate::session::Session;

/// What a buffer is to be made of. The host hears of it when all is known.
#[derive(Debug, Default)]
pub(crate) struct Params {
    state: Mutex<State>,
    manager: Option<ZwpLinuxDmabufV1>,
}

#[derive(Debug, Default)]
struct State {
    planes: [Option<Plane>; PLANES],
    used: bool,
    host: Option<HostParams>,
    /// The host was asked for a buffer and has not answered.
    asked: bool,
}

/// User data of the host's object. It does not hold the app's, which holds it.
#[derive(Debug)]
pub(crate) struct Making {
    params: Weak<ZwpLinuxBufferParamsV1>,
    /// What was asked for; nothing if the buffer is there already.
    asked: Option<Arc<Drawn>>,
}

/// User data of a buffer that the host has made: the app's, which is made later.
#[derive(Debug, Default)]
pub(crate) struct Made(OnceLock<Weak<WlBuffer>>);

impl Made {
    pub(crate) fn buffer(&self) -> Option<WlBuffer> {
        self.0.get()?.upgrade().ok()
    }
}

impl Params {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GlobalDispatch<ZwpLinuxDmabufV1, Mirror> for Session {
    fn bind(
        session: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<ZwpLinuxDmabufV1>,
        mirror: &Mirror,
        data_init: &mut DataInit<'_, Self>,
    ) {
        let manager = data_init.init(resource, Peer::<HostManager>::default());
        session.take(Kind::Object, &manager);
        session.describe_layouts(&manager);
        let (name, version) = (mirror.name, manager.version());
        link::<_, HostManager>(session, &manager, move |session, _| {
            Some(session.bind(name, version, ()))
        });
    }
}

impl Session {
    /// What the host takes, as versions before the fourth say it.
    fn describe_layouts(&self, manager: &ZwpLinuxDmabufV1) {
        for (format, modifier) in &self.known.layouts {
            match manager.version() {
                3 => {
                    let [high, low] = [modifier >> 32, modifier & 0xffff_ffff]
                        .map(|half| u32::try_from(half).unwrap_or_default());
                    manager.modifier(*format, high, low);
                }
                // They know of no layouts.
                1 | 2 if *modifier == UNNAMED => manager.format(*format),
                _ => {}
            }
        }
    }

    /// Whether a host has said that it takes this. Before the fourth version none needs to say so of layouts without a name.
    fn was_announced(&self, version: u32, (format, modifier): (u32, u64)) -> bool {
        let announced = &self.gpu.announced;
        let mut of_format = announced.range((format, 0)..=(format, u64::MAX));
        announced.contains(&(format, modifier))
            || version < 4 && modifier == UNNAMED && of_format.next().is_some()
    }
}

relay!(ZwpLinuxDmabufV1 => HostManager, |session, manager, _host, request, init| {
    use zwp_linux_dmabuf_v1::Request;
    match request {
        Request::CreateParams { params_id } => {
            let data = Params {
                manager: Some(manager.clone()),
                ..Params::default()
            };
            let params = init.init(params_id, data);
            session.take(Kind::Object, &params);
        }
        Request::GetDefaultFeedback { id } => {
            let feedback = init.init(id, Peer::<HostFeedback>::default());
            session.feedback(&feedback, manager, None);
        }
        Request::GetSurfaceFeedback { id, surface } => {
            let feedback = init.init(id, Peer::<HostFeedback>::default());
            session.feedback(&feedback, manager, Some(surface));
        }
        _ => {}
    }
});

// Destruction is the only request.
relay!(ZwpLinuxDmabufFeedbackV1 => HostFeedback, |session, feedback, _host, _request, _init| {});

impl Session {
    fn feedback(
        &mut self,
        feedback: &ZwpLinuxDmabufFeedbackV1,
        manager: &ZwpLinuxDmabufV1,
        surface: Option<WlSurface>,
    ) {
        self.take(Kind::Object, feedback);
        let manager = manager.clone();
        link::<_, HostFeedback>(self, feedback, move |session, of| {
            // Another host may be older than the one before.
            let manager = manager_of::<HostManager>(session, &manager)
                .filter(|manager| at_least(manager, 4))?;
            let (of, qh) = (of.clone(), &session.qh);
            Some(match &surface {
                Some(surface) => {
                    manager.get_surface_feedback(session.host_surface(surface)?, qh, of)
                }
                None => manager.get_default_feedback(qh, of),
            })
        });
        self.expect_answer();
    }
}

impl Dispatch<ZwpLinuxBufferParamsV1, Params> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        params: &ZwpLinuxBufferParamsV1,
        request: zwp_linux_buffer_params_v1::Request,
        data: &Params,
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        use zwp_linux_buffer_params_v1::Request;
        session.tick(params);
        let destroys = matches!(request, Request::Destroy);
        if !destroys && data.state().used {
            params.post_error(Error::AlreadyUsed, "a buffer was made of it already");
            session.end("made two buffers of the same planes");
            return;
        }
        match request {
            Request::Add {
                fd,
                plane_idx,
                offset,
                stride,
                modifier_hi,
                modifier_lo,
            } => {
                let modifier = u64::from(modifier_hi) << 32 | u64::from(modifier_lo);
                let plane = (offset, stride, modifier);
                session.add_plane(params, data, plane_idx, fd, plane);
            }
            Request::Create {
                width,
                height,
                format,
                flags,
            } => {
                if let Some(drawn) = session.drawn(params, data, (width, height), format) {
                    session.ask_for_buffer(params, data, drawn, flags.into());
                }
            }
            Request::CreateImmed {
                buffer_id,
                width,
                height,
                format,
                flags,
            } => {
                if let Some(drawn) = session.drawn(params, data, (width, height), format) {
                    let content = Content::Gpu(Arc::clone(&drawn));
                    let buffer = data_init.init(buffer_id, Buffer::new(content));
                    session.make_buffer(params, &buffer, drawn, flags.into());
                }
            }
            _ => {}
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _params: &ZwpLinuxBufferParamsV1,
        data: &Params,
    ) {
        session.quota.give(Kind::Object);
        let mut state = data.state();
        let unused = state.planes.iter_mut().filter_map(Option::take).count();
        session.quota.give_many(Kind::Plane, unused);
        // What was asked for still comes, and with it an object of the host's that somebody has to destroy.
        if !state.asked
            && let Some(host) = state.host.take()
        {
            host.destroy();
        }
    }
}

impl Session {
    fn add_plane(
        &mut self,
        params: &ZwpLinuxBufferParamsV1,
        data: &Params,
        number: u32,
        fd: OwnedFd,
        (offset, stride, modifier): (u32, u32, u64),
    ) {
        let mut state = data.state();
        let Some(place) = usize::try_from(number)
            .ok()
            .and_then(|number| state.planes.get_mut(number))
        else {
            params.post_error(Error::PlaneIdx, "a buffer has four planes at most");
            self.end("named a plane that no buffer has");
            return;
        };
        if place.is_some() {
            params.post_error(Error::PlaneSet, "the plane is there already");
            self.end("named a plane twice");
            return;
        }
        if !(self.shared.is_gpu_memory.get())(fd.as_fd()) {
            self.offend(params, "offered a descriptor that is no memory of a GPU");
            return;
        }
        if !self.take(Kind::Plane, params) {
            return;
        }
        *place = Some(Plane {
            _held: self.held.hold(1),
            fd,
            offset,
            stride,
            modifier,
        });
    }

    /// What a buffer is asked for of; none if that breaks a rule, which ends the client.
    fn drawn(
        &mut self,
        params: &ZwpLinuxBufferParamsV1,
        data: &Params,
        size: (i32, i32),
        format: u32,
    ) -> Option<Arc<Drawn>> {
        let planes = {
            let mut state = data.state();
            state.used = true;
            std::mem::take(&mut state.planes)
        };
        let drawn = Drawn::new(size, format, planes).and_then(|drawn| {
            let known = self.was_announced(params.version(), drawn.layout());
            known
                .then_some(drawn)
                .ok_or((Error::InvalidFormat, "not a format that was announced"))
        });
        match drawn {
            Ok(drawn) => self.take(Kind::Buffer, params).then(|| Arc::new(drawn)),
            Err((error, reason)) => {
                params.post_error(error, reason);
                self.end(reason);
                None
            }
        }
    }

    /// The host's object by which a buffer is made, if the host takes what lies so. Before the fourth version that is not
    /// known of layouts without a name.
    fn begin_buffer(&self, params: &Params, drawn: &Drawn, making: Making) -> Option<HostParams> {
        let own = host_of::<HostManager>(params.manager.as_ref()?);
        // The app may have let go of its own. This one goes at once, for there can be many buffers.
        let spare = match own {
            Some(_) => None,
            None => self.bind_first::<HostManager>(),
        };
        let manager = own.as_ref().or(spare.as_ref())?;
        let (format, modifier) = drawn.layout();
        let layouts = &self.known.layouts;
        let unnamed = modifier == UNNAMED && !at_least(manager, 4);
        let taken = layouts.contains(&(format, modifier))
            || unnamed && layouts.iter().any(|(other, _)| *other == format);
        let host = taken.then(|| drawn.params(self, manager, making));
        spare.inspect(HostManager::destroy);
        host
    }

    /// Asks the host for a buffer. While there is none the next one is shown what it can show.
    fn ask_for_buffer(
        &mut self,
        params: &ZwpLinuxBufferParamsV1,
        data: &Params,
        drawn: Arc<Drawn>,
        flags: u32,
    ) {
        if flags == 0 && !self.has_host() {
            self.buffer_made(params, drawn, None);
            return;
        }
        let making = Making {
            params: params.downgrade(),
            asked: Some(Arc::clone(&drawn)),
        };
        // Hosts take no pictures that are upside down or in two fields, and some end the connection over one.
        let fits = flags == 0;
        let Some(host) = fits
            .then(|| self.begin_buffer(data, &drawn, making))
            .flatten()
        else {
            self.no_buffer(&drawn);
            params.failed();
            return;
        };
        drawn.ask(&host);
        drawn.planes.iter().for_each(|_| self.tick_fd(params));
        let mut state = data.state();
        state.host = Some(host);
        state.asked = true;
        self.gpu.asked.push((params.downgrade(), drawn));
        self.expect_answer();
    }

    /// A buffer at once. One that cannot be is never shown: whoever commits it ends.
    fn make_buffer(
        &mut self,
        params: &ZwpLinuxBufferParamsV1,
        buffer: &WlBuffer,
        drawn: Arc<Drawn>,
        flags: u32,
    ) {
        if flags == 0 {
            self.link_drawn(params, buffer, drawn, None);
        }
        let host = buffer.data::<Buffer>().and_then(|data| data.peer.get());
        if host.is_none() && (flags != 0 || self.has_host()) {
            params.failed();
        }
        self.expect_answer();
    }

    /// Gives a buffer the host's: the one that it has made, or one that is made at once.
    fn link_drawn(
        &mut self,
        params: &ZwpLinuxBufferParamsV1,
        buffer: &WlBuffer,
        drawn: Arc<Drawn>,
        made: Option<HostBuffer>,
    ) {
        let Some(data) = buffer.data::<Buffer>() else {
            return;
        };
        if let Some(made) = made.as_ref().and_then(|made| made.data::<Made>()) {
            let _ = made.0.set(buffer.downgrade());
        }
        drawn.planes.iter().for_each(|_| self.tick_fd(params));
        let (made, params) = (Mutex::new(made), params.clone());
        self.link(buffer, &data.peer, move |session, of| {
            let made = made.lock().unwrap_or_else(PoisonError::into_inner).take();
            made.or_else(|| session.drawn_again(&params, of, &drawn))
        });
    }

    /// The host's buffer at once, if it may be able to show it.
    fn drawn_again(
        &self,
        params: &ZwpLinuxBufferParamsV1,
        buffer: &WlBuffer,
        drawn: &Drawn,
    ) -> Option<HostBuffer> {
        let data = params.data::<Params>()?;
        let making = Making {
            params: params.downgrade(),
            asked: None,
        };
        let host = self.begin_buffer(data, drawn, making)?;
        let made = drawn.buffer(self, &host, buffer.downgrade());
        if params.is_alive() {
            // Until the app lets go of its own it can hear that the host could not make it.
            data.state().host = Some(host);
        } else {
            host.destroy();
        }
        Some(made)
    }

    /// The host's answer: a buffer, or none.
    pub(crate) fn gpu_buffer_answered(
        &mut self,
        host: &HostParams,
        making: &Making,
        made: Option<HostBuffer>,
    ) {
        if let Some(asked) = &making.asked {
            let all = &mut self.gpu.asked;
            all.retain(|(_, drawn)| !Arc::ptr_eq(drawn, asked));
        }
        let params = making.params.upgrade().ok();
        if let Some(data) = params.as_ref().and_then(|params| params.data::<Params>()) {
            data.state().asked = false;
        }
        match (params, &making.asked, made) {
            (Some(params), Some(drawn), Some(made)) => {
                self.buffer_made(&params, Arc::clone(drawn), Some(made));
            }
            (params, asked, made) => {
                // There is none, or nobody waits for it any more.
                made.as_ref().inspect(|made| made.destroy());
                asked.as_ref().inspect(|drawn| self.no_buffer(drawn));
                match params {
                    Some(params) => params.failed(),
                    None => host.destroy(),
                }
            }
        }
    }

    /// The app gets a buffer that it has asked for.
    fn buffer_made(
        &mut self,
        params: &ZwpLinuxBufferParamsV1,
        drawn: Arc<Drawn>,
        made: Option<HostBuffer>,
    ) {
        let Some(client) = self.client.clone() else {
            return;
        };
        let data = Buffer::new(Content::Gpu(Arc::clone(&drawn)));
        // A client that is gone has none.
        if let Ok(buffer) = client.create_resource::<WlBuffer, _, Self>(&self.dh, 1, data) {
            self.link_drawn(params, &buffer, drawn, made);
            params.created(&buffer);
        }
    }

    /// No buffer comes of this.
    fn no_buffer(&mut self, drawn: &Drawn) {
        self.quota.give(Kind::Buffer);
        self.quota.give_many(Kind::Plane, drawn.planes.len());
    }

    /// What the host has not answered it never will. The next one is shown what it can show.
    pub(crate) fn lose_gpu_buffers(&mut self) {
        for (params, drawn) in std::mem::take(&mut self.gpu.asked) {
            let params = params.upgrade().ok();
            if let Some(data) = params.as_ref().and_then(|params| params.data::<Params>()) {
                data.state().asked = false;
            }
            match params {
                Some(params) => self.buffer_made(&params, drawn, None),
                None => self.no_buffer(&drawn),
            }
        }
    }
}
