//! Memory that the app draws in, as the bridge passes it: sealed, or a copy. The X server maps it read-only.

use std::cell::{Cell, RefCell};
use std::os::fd::OwnedFd;
use std::rc::Rc;

use wayland_server::backend::ClientId;
use wayland_server::protocol::wl_buffer::{self, WlBuffer};
use wayland_server::protocol::wl_shm::{self, WlShm};
use wayland_server::protocol::wl_shm_pool::{self, WlShmPool};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};
use x11rb::connection::Connection as _;
use x11rb::protocol::shm::ConnectionExt as _;

use super::State;
use super::rect::Rect;
use super::screen::Screen;

/// A pool. Buffers outlive the object that made them.
#[derive(Debug)]
pub(super) struct Pool {
    fd: OwnedFd,
    /// What the server has mapped of it, and how much that was.
    attached: Cell<Option<(u32, u64)>>,
    screen: Rc<Screen>,
}

impl Pool {
    /// The server's number of this memory, if it can have `end` bytes of it.
    pub(super) fn segment(&self, end: u64) -> Option<u32> {
        if !self.screen.shared_memory.get() {
            return None;
        }
        if let Some((segment, size)) = self.attached.get() {
            if end <= size {
                return Some(segment);
            }
            self.detach();
        }
        let size = crate::fds::size(std::os::fd::AsFd::as_fd(&self.fd));
        if end > size {
            return None;
        }
        let conn = &self.screen.conn;
        let segment = conn.generate_id().ok()?;
        let fd = self.fd.try_clone().ok()?;
        conn.shm_attach_fd(segment, fd, true).ok()?;
        self.attached.set(Some((segment, size)));
        Some(segment)
    }

    fn detach(&self) {
        if let Some((segment, _)) = self.attached.take() {
            let _ = self.screen.conn.shm_detach(segment);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.detach();
    }
}

/// What a buffer shows.
#[derive(Debug, Clone)]
pub(super) enum Pixels {
    /// Memory, 32 bits a pixel.
    Memory {
        pool: Rc<Pool>,
        offset: i32,
        stride: i32,
    },
    /// One colour, as premultiplied ARGB.
    Colour(u32),
}

/// A picture and who waits for it.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) size: (i32, i32),
    pub(super) opaque: bool,
    pub(super) pixels: Pixels,
    /// How many surfaces show it.
    shown: Cell<u32>,
    /// How many drawings of the server read it.
    read: Cell<u32>,
    object: RefCell<Option<WlBuffer>>,
}

impl Picture {
    fn new(size: (i32, i32), opaque: bool, pixels: Pixels) -> Rc<Self> {
        Rc::new(Self {
            size,
            opaque,
            pixels,
            shown: Cell::new(0),
            read: Cell::new(0),
            object: RefCell::new(None),
        })
    }

    /// One colour.
    pub(super) fn colour(argb: u32) -> Rc<Self> {
        Self::new((1, 1), argb >> 24 == 255, Pixels::Colour(argb))
    }

    /// The server begins to read it.
    pub(super) fn reading(&self) {
        self.read.set(self.read.get() + 1);
    }

    /// The server has read it.
    pub(super) fn was_read(&self) {
        self.read.set(self.read.get().saturating_sub(1));
        self.release();
    }

    fn release(&self) {
        if self.shown.get() == 0
            && self.read.get() == 0
            && let Some(buffer) = &*self.object.borrow()
            && buffer.is_alive()
        {
            buffer.release();
        }
    }

    /// The pixels of a rectangle of it, row by row, four bytes each; missing ones are nothing.
    pub(super) fn read(&self, rect: Rect, into: &mut Vec<u8>) {
        let rect = rect.common(Rect::sized(self.size));
        let count = |n: i32| usize::try_from(n).unwrap_or(0);
        let row = 4 * count(rect.w);
        into.clear();
        into.resize(row * count(rect.h), 0);
        match &self.pixels {
            Pixels::Colour(argb) => into
                .chunks_exact_mut(4)
                .for_each(|pixel| pixel.copy_from_slice(&argb.to_le_bytes())),
            Pixels::Memory {
                pool,
                offset,
                stride,
            } => {
                for (n, line) in (rect.y..).zip(into.chunks_exact_mut(row.max(1))) {
                    let start = i64::from(*offset)
                        + i64::from(n) * i64::from(*stride)
                        + 4 * i64::from(rect.x);
                    let mut done = 0;
                    while done < line.len() {
                        let at = start.unsigned_abs() + done as u64;
                        match rustix::io::pread(&pool.fd, &mut line[done..], at) {
                            Ok(0) | Err(_) => break,
                            Ok(read) => done += read,
                        }
                    }
                }
            }
        }
    }
}

/// A picture while a surface shows it.
#[derive(Debug)]
pub(super) struct Shown(Rc<Picture>);

impl Shown {
    pub(super) fn new(picture: Rc<Picture>) -> Self {
        picture.shown.set(picture.shown.get() + 1);
        Self(picture)
    }

    pub(super) fn picture(&self) -> &Rc<Picture> {
        &self.0
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.0.shown.set(self.0.shown.get().saturating_sub(1));
        self.0.release();
    }
}

/// User data of objects lives in any thread; all of these are used in one.
#[derive(Debug)]
pub(super) struct Key(u64);

impl State {
    /// Makes a buffer of a picture.
    pub(super) fn new_buffer(
        &mut self,
        id: New<WlBuffer>,
        picture: Rc<Picture>,
        data_init: &mut DataInit<'_, Self>,
    ) {
        let key = self.next_key();
        let buffer = data_init.init(id, Key(key));
        *picture.object.borrow_mut() = Some(buffer);
        self.pictures.insert(key, picture);
    }

    pub(super) fn picture(&self, buffer: &WlBuffer) -> Option<Rc<Picture>> {
        self.pictures.get(&buffer.data::<Key>()?.0).cloned()
    }
}

impl GlobalDispatch<WlShm, ()> for State {
    fn bind(
        _state: &mut Self,
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

impl Dispatch<WlShm, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _shm: &WlShm,
        request: wl_shm::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        if let wl_shm::Request::CreatePool { id, fd, .. } = request {
            let key = state.next_key();
            data_init.init(id, Key(key));
            let pool = Pool {
                fd,
                attached: Cell::new(None),
                screen: Rc::clone(&state.screen),
            };
            state.pools.insert(key, Rc::new(pool));
        }
    }
}

impl Dispatch<WlShmPool, Key> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        resource: &WlShmPool,
        request: wl_shm_pool::Request,
        key: &Key,
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        let wl_shm_pool::Request::CreateBuffer {
            id,
            offset,
            width,
            height,
            stride,
            format,
        } = request
        else {
            return;
        };
        let Some(pool) = state.pools.get(&key.0).cloned() else {
            return;
        };
        // The bridge has checked them against the pool; this is for arithmetic here.
        if offset < 0 || width <= 0 || height <= 0 || stride < width.saturating_mul(4) {
            resource.post_error(wl_shm::Error::InvalidStride, "no such buffer");
            return;
        }
        let opaque = format.into_result().ok() == Some(wl_shm::Format::Xrgb8888);
        let pixels = Pixels::Memory {
            pool,
            offset,
            stride,
        };
        let picture = Picture::new((width, height), opaque, pixels);
        state.new_buffer(id, picture, data_init);
    }

    fn destroyed(state: &mut Self, _client: ClientId, _resource: &WlShmPool, key: &Key) {
        state.pools.remove(&key.0);
    }
}

impl Dispatch<WlBuffer, Key> for State {
    fn request(
        _state: &mut Self,
        _client: &Client,
        _buffer: &WlBuffer,
        _request: wl_buffer::Request,
        _key: &Key,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        // Destruction is the only request.
    }

    fn destroyed(state: &mut Self, _client: ClientId, _buffer: &WlBuffer, key: &Key) {
        state.pictures.remove(&key.0);
    }
}
