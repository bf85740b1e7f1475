//! wl_shm of our own: smithay's keeps the descriptor to itself, and the host needs it.

use std::os::fd::AsFd;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};

use tracing::debug;
use wayland_client::protocol::wl_shm::WlShm as HostShm;
use wayland_server::backend::ClientId;
use wayland_server::protocol::wl_buffer::{self, WlBuffer};
use wayland_server::protocol::wl_shm::{self, WlShm};
use wayland_server::protocol::wl_shm_pool::{self, WlShmPool};
use wayland_server::{
    Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource, WEnum,
};

use super::mirror::Mirror;
use crate::bridge::buffers::{self, Buffer, Content, Layout, Pool};
use crate::bridge::toplevels::at_least;
use crate::config::Buffers;
use crate::fds::{self, Memory};
use crate::peer::{Peer, link, same};
use crate::quota::Kind;
use crate::session::Session;

impl GlobalDispatch<WlShm, Mirror> for Session {
    fn bind(
        session: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<WlShm>,
        mirror: &Mirror,
        data_init: &mut DataInit<'_, Self>,
    ) {
        let shm = data_init.init(resource, Peer::<HostShm>::default());
        session.take(Kind::Object, &shm);
        session.known.describe_shm(&shm);
        let (name, version) = (mirror.name, shm.version());
        link::<_, HostShm>(session, &shm, move |session, of| {
            Some(session.bind(name, version, of.clone()))
        });
    }
}

impl Dispatch<WlShm, Peer<HostShm>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        shm: &WlShm,
        request: wl_shm::Request,
        data: &Peer<HostShm>,
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(shm);
        match request {
            wl_shm::Request::CreatePool { id, fd, size } => {
                session.create_pool(shm, id, fd, size, data_init)
            }
            wl_shm::Request::Release => {
                if let Some(host) = data.get().filter(|host| at_least(host, 2)) {
                    host.release();
                }
            }
            _ => {}
        }
    }

    fn destroyed(session: &mut Self, _client: ClientId, _shm: &WlShm, data: &Peer<HostShm>) {
        data.take();
        session.quota.give(Kind::Object);
    }
}

impl Session {
    fn create_pool(
        &mut self,
        shm: &WlShm,
        id: New<WlShmPool>,
        fd: OwnedFd,
        size: i32,
        data_init: &mut DataInit<'_, Self>,
    ) {
        if !self.take(Kind::Pool, shm) {
            return;
        }
        let memory = match fds::classify(fd.as_fd()) {
            Ok(memory) => memory,
            Err(error) => {
                debug!(%error, "a pool's descriptor was refused");
                shm.post_error(wl_shm::Error::InvalidFd, "a pool must be plain memory");
                self.end("offered a descriptor that is not memory");
                return;
            }
        };
        if let Err(reason) = buffers::check_pool_size(&fd, size) {
            shm.post_error(wl_shm::Error::InvalidFd, reason);
            self.end(reason);
            return;
        }
        let copied = memory == Memory::Copyable || self.shared.config.buffers == Buffers::Copied;
        let shadow = if copied {
            let Ok(shadow) = fds::own_memory("pool", u64::from(size.unsigned_abs())) else {
                self.offend(shm, "no memory for a pool");
                return;
            };
            Some(shadow)
        } else {
            None
        };
        let pool = Arc::new(Pool::new(fd, shadow, size, &self.held));
        let of = Arc::downgrade(&pool);
        self.link_to(&pool.host, move |session| {
            let pool = of.upgrade()?;
            let shm = &session.host.shm;
            Some(shm.create_pool(pool.mapped(), pool.size(), &session.qh, ()))
        });
        let pool = data_init.init(id, pool);
        self.tick_fd(&pool);
    }
}

impl Dispatch<WlShmPool, Arc<Pool>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        resource: &WlShmPool,
        request: wl_shm_pool::Request,
        pool: &Arc<Pool>,
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(resource);
        match request {
            wl_shm_pool::Request::CreateBuffer {
                id,
                offset,
                width,
                height,
                stride,
                format,
            } => {
                let layout = Layout {
                    offset,
                    width,
                    height,
                    stride,
                    format: format.into(),
                };
                session.create_buffer(resource, id, pool, layout, format, data_init);
            }
            wl_shm_pool::Request::Resize { size } => {
                if let Err(reason) = pool.resize(size) {
                    resource.post_error(wl_shm::Error::InvalidFd, reason);
                    session.end(reason);
                }
            }
            _ => {}
        }
    }

    fn destroyed(session: &mut Self, _client: ClientId, _resource: &WlShmPool, _pool: &Arc<Pool>) {
        // The host's goes with the last buffer, of which parts may be needed.
        session.quota.give(Kind::Pool);
    }
}

impl Session {
    fn create_buffer(
        &mut self,
        resource: &WlShmPool,
        id: New<WlBuffer>,
        pool: &Arc<Pool>,
        layout: Layout,
        format: WEnum<wl_shm::Format>,
        data_init: &mut DataInit<'_, Self>,
    ) {
        if !self.take(Kind::Buffer, resource) {
            return;
        }
        let is_known = format.into_result().is_ok() && self.formats.contains(&layout.format);
        if !is_known {
            resource.post_error(
                wl_shm::Error::InvalidFormat,
                "not a format that was announced",
            );
            self.end("used a pixel format that was not announced");
            return;
        }
        if let Err(reason) = layout.check(pool.size()) {
            resource.post_error(wl_shm::Error::InvalidStride, reason);
            self.end(reason);
            return;
        }
        let copied = pool.shadow.is_some();
        let content = Content::Memory {
            layout,
            pool: Arc::clone(pool),
            copied: copied.then(Mutex::default),
        };
        let buffer = data_init.init(id, Buffer::new(content));
        let Some(data) = buffer.data::<Buffer>() else {
            return;
        };
        // The app's buffer holds the host's: held in return, neither would ever go.
        let pool = Arc::clone(pool);
        self.link(&buffer, &data.peer, move |session, of| {
            let Layout {
                offset,
                width,
                height,
                stride,
                format,
            } = layout;
            // Another host may not have it.
            let format = same(format).filter(|_| session.known.has_format(layout.format))?;
            of.data::<Buffer>().inspect(|data| data.uncut());
            let (of, qh) = (of.downgrade(), &session.qh);
            let pool = pool.host.get()?;
            Some(pool.create_buffer(offset, width, height, stride, format, qh, of))
        });
    }
}

impl Dispatch<WlBuffer, Buffer> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        buffer: &WlBuffer,
        _request: wl_buffer::Request,
        _data: &Buffer,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        // Destruction is the only request.
        session.tick(buffer);
        session.buffer_leaves_icons(buffer);
    }

    fn destroyed(session: &mut Self, _client: ClientId, _buffer: &WlBuffer, data: &Buffer) {
        data.destroy();
        session.quota.give(Kind::Buffer);
        session.quota.give_many(Kind::Plane, data.planes());
    }
}
