//! Memory: as strict as a host whose page faults would kill it.

use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use wayland_server::protocol::wl_buffer::{self, WlBuffer};
use wayland_server::protocol::wl_shm::{self, WlShm};
use wayland_server::protocol::wl_shm_pool::{self, WlShmPool};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};

use super::{Host, Seen};

/// Where a buffer's pixels are.
#[derive(Debug)]
pub(crate) struct Buffer {
    file: Arc<std::fs::File>,
    offset: i32,
    width: i32,
    height: i32,
    stride: i32,
}

impl Buffer {
    /// A buffer whose rows lie one after the other.
    pub(crate) fn rows(
        file: Arc<std::fs::File>,
        offset: i32,
        (width, height): (i32, i32),
        stride: i32,
    ) -> Self {
        Self {
            file,
            offset,
            width,
            height,
            stride,
        }
    }

    /// A buffer that is the only pixel of its file.
    pub(crate) fn pixel(file: Arc<std::fs::File>) -> Self {
        Self {
            file,
            offset: 0,
            width: 1,
            height: 1,
            stride: 4,
        }
    }
}

/// A memory file with these contents.
pub(crate) fn memory(contents: &[u8]) -> OwnedFd {
    let fd = rustix::fs::memfd_create("fakehost", rustix::fs::MemfdFlags::CLOEXEC).expect("memory");
    let mut file = std::fs::File::from(fd);
    file.write_all(contents).expect("memory");
    file.into()
}

impl GlobalDispatch<WlShm, ()> for Host {
    fn bind(
        _host: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<WlShm>,
        (): &(),
        data_init: &mut DataInit<'_, Self>,
    ) {
        let shm = data_init.init(resource, ());
        shm.format(wl_shm::Format::Argb8888);
        shm.format(wl_shm::Format::Xrgb8888);
    }
}

impl Dispatch<WlShm, ()> for Host {
    fn request(
        host: &mut Self,
        _client: &Client,
        shm: &WlShm,
        request: wl_shm::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        if let wl_shm::Request::CreatePool { id, fd, size } = request {
            let seals = rustix::fs::fcntl_get_seals(fd.as_fd());
            host.saw(Seen::Pool(size));
            data_init.init(id, Arc::new(std::fs::File::from(fd)));
            // What the proxy promises of every descriptor that it passes.
            if !seals.is_ok_and(|seals| seals.contains(rustix::fs::SealFlags::SHRINK)) {
                shm.post_error(
                    wl_shm::Error::InvalidFd,
                    "a pool that can shrink reached the host",
                );
            }
        }
    }
}

impl Dispatch<WlShmPool, Arc<std::fs::File>> for Host {
    fn request(
        _host: &mut Self,
        _client: &Client,
        _pool: &WlShmPool,
        request: wl_shm_pool::Request,
        file: &Arc<std::fs::File>,
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        if let wl_shm_pool::Request::CreateBuffer {
            id,
            offset,
            width,
            height,
            stride,
            ..
        } = request
        {
            data_init.init(
                id,
                Buffer {
                    file: Arc::clone(file),
                    offset,
                    width,
                    height,
                    stride,
                },
            );
        }
    }
}

impl Dispatch<WlBuffer, Buffer> for Host {
    fn request(
        _host: &mut Self,
        _client: &Client,
        _buffer: &WlBuffer,
        _request: wl_buffer::Request,
        _data: &Buffer,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
    }
}

/// Size and first pixel of a buffer.
pub(crate) fn looks(buffer: &WlBuffer) -> Option<((i32, i32), u32)> {
    let data = buffer.data::<Buffer>()?;
    let mut pixel = [0; 4];
    let offset = u64::from(data.offset.unsigned_abs());
    data.file.read_exact_at(&mut pixel, offset).ok()?;
    Some(((data.width, data.height), u32::from_ne_bytes(pixel)))
}

/// The first pixel of a buffer, if it is in memory.
pub(crate) fn first_pixel(buffer: &WlBuffer) -> Option<u32> {
    looks(buffer).map(|(_, first)| first)
}

/// Looks at a buffer that was committed, then gives it back or holds it.
pub(crate) fn show(host: &mut Host, buffer: &WlBuffer, damage: usize) {
    let Some(data) = buffer.data::<Buffer>() else {
        return;
    };
    let at = |x: i32, y: i32| {
        let offset =
            i64::from(data.offset) + i64::from(y) * i64::from(data.stride) + i64::from(x) * 4;
        let mut pixel = [0; 4];
        data.file
            .read_exact_at(&mut pixel, offset.unsigned_abs())
            .ok()
            .map(|()| u32::from_ne_bytes(pixel))
    };
    match (at(0, 0), at(data.width - 1, data.height - 1)) {
        (Some(first), Some(last)) => {
            host.saw(Seen::Shown {
                size: (data.width, data.height),
                first,
                last,
                damage,
            });
        }
        _ => buffer.post_error(
            wl_shm::Error::InvalidFd,
            "a buffer outside its file reached the host",
        ),
    }
    if host.hold_buffers {
        host.held.push(buffer.clone());
    } else {
        buffer.release();
    }
}
