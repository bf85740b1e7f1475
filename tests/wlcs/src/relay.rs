//! What lies between a client of the suite and the proxy: it passes everything on, and keeps count of the client's surfaces.
//!
//! The suite takes more for granted than the protocol says, since it was written for compositors that answer at once and are
//! patient. Two such things are made good here, for all clients alike:
//!
//! - Whoever has asked for a round trip is taken to have had the answers to all that it asked for before. Of a compositor
//!   that has to ask another one that is not so; clients wait for what they need. So a round trip is passed on when nothing is
//!   on its way any more.
//! - Windows show a buffer without waiting for their first configure, which is an error of the protocol. So that is waited for
//!   and acknowledged in the client's place; what the client acknowledges later is passed on unless it is the same.

use std::collections::HashMap;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::{IoSlice, IoSliceMut};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, Shutdown, recvmsg, sendmsg, shutdown,
};

use crate::rig::Traffic;

/// Most descriptors in one message, by libwayland.
const FDS: usize = 28;

/// What is known of a client's objects, by their numbers.
#[derive(Default)]
pub(crate) struct Objects {
    /// How many surfaces were made before each.
    surfaces: HashMap<u32, usize>,
    made: usize,
    kinds: HashMap<u32, Kind>,
    windows: HashMap<u32, Window>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Registry,
    Compositor,
    Shell,
}

/// An xdg_surface.
struct Window {
    surface: u32,
    told: Option<u32>,
    acknowledged: Vec<u32>,
}

/// What becomes of a message.
enum Fate {
    Passed,
    /// What was asked for before is over first.
    Awaited,
    /// Likewise, and this window's configure is acknowledged.
    Configured(u32),
    Dropped,
}

impl Objects {
    /// How many surfaces the client had made before this one.
    pub(crate) fn position(&self, surface: u32) -> Option<usize> {
        self.surfaces.get(&surface).copied()
    }

    /// Reads a request.
    fn asked(&mut self, object: u32, opcode: u32, body: &[u8]) -> Fate {
        let new = word(body, 0);
        match (self.kinds.get(&object).copied(), opcode) {
            // wl_display.sync and get_registry
            (None, 0) if object == 1 => return Fate::Awaited,
            (None, 1) if object == 1 => {
                self.kinds.insert(new, Kind::Registry);
            }
            (Some(Kind::Registry), 0) => self.bound(body),
            (Some(Kind::Compositor), 0) => {
                self.kinds.remove(&new);
                self.surfaces.insert(new, self.made);
                self.made += 1;
            }
            // xdg_wm_base.get_xdg_surface
            (Some(Kind::Shell), 2) => {
                let window = Window {
                    surface: word(body, 4),
                    told: None,
                    acknowledged: Vec::new(),
                };
                self.windows.insert(new, window);
            }
            (None, _) if self.windows.contains_key(&object) => {
                return self.of_window(object, opcode, new);
            }
            // wl_surface.attach
            (None, 1) if self.surfaces.contains_key(&object) => return self.attached(object, new),
            _ => {}
        }
        Fate::Passed
    }

    /// A name, then an interface, a version and the new object.
    fn bound(&mut self, body: &[u8]) {
        let length = word(body, 4) as usize;
        let interface = body.get(8..8 + length.saturating_sub(1));
        let new = word(body, body.len().saturating_sub(4));
        match interface {
            Some(b"wl_compositor") => {
                self.kinds.insert(new, Kind::Compositor);
            }
            Some(b"xdg_wm_base") => {
                self.kinds.insert(new, Kind::Shell);
            }
            _ => {}
        }
    }

    fn attached(&mut self, surface: u32, buffer: u32) -> Fate {
        let mut windows = self.windows.iter_mut();
        let window = windows.find(|(_, window)| window.surface == surface);
        match window {
            // It begins anew.
            Some((_, window)) if buffer == 0 => {
                window.told = None;
                window.acknowledged.clear();
                Fate::Passed
            }
            Some((number, window)) if window.acknowledged.is_empty() => Fate::Configured(*number),
            _ => Fate::Passed,
        }
    }

    fn of_window(&mut self, object: u32, opcode: u32, argument: u32) -> Fate {
        match opcode {
            0 => {
                self.windows.remove(&object);
            }
            // xdg_surface.ack_configure
            4 => {
                if let Some(window) = self.windows.get_mut(&object) {
                    if window.acknowledged.contains(&argument) {
                        return Fate::Dropped;
                    }
                    window.acknowledged.push(argument);
                }
            }
            _ => {}
        }
        Fate::Passed
    }

    /// Reads an event.
    fn told(&mut self, object: u32, opcode: u32, body: &[u8]) {
        if let (Some(window), 0) = (self.windows.get_mut(&object), opcode) {
            window.told = Some(word(body, 0));
        }
    }

    /// The commit by which a window asks for its first configure, if it has had none.
    fn first_commit(&self, object: u32) -> Option<Vec<u8>> {
        let window = self.windows.get(&object)?;
        let words = [window.surface, 8 << 16 | 6];
        let request = words.into_iter().flat_map(u32::to_ne_bytes).collect();
        window.told.is_none().then_some(request)
    }

    /// The request by which a window's configure is acknowledged, if it was told one.
    fn acknowledge(&mut self, object: u32) -> Option<Vec<u8>> {
        let window = self.windows.get_mut(&object)?;
        let serial = window.told?;
        window.acknowledged.push(serial);
        let words = [object, 12 << 16 | 4, serial];
        Some(words.into_iter().flat_map(u32::to_ne_bytes).collect())
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let bytes = bytes
        .get(at..at + 4)
        .and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u32::from_ne_bytes)
}

fn lock(objects: &Mutex<Objects>) -> MutexGuard<'_, Objects> {
    objects.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection for the suite, whose other end is `proxy`; and what its client makes. `settle` waits until nothing is on
/// its way.
pub(crate) fn between(
    proxy: UnixStream,
    traffic: &Arc<Traffic>,
    settle: impl Fn() + Send + 'static,
) -> std::io::Result<(UnixStream, Arc<Mutex<Objects>>)> {
    let (client, ours) = UnixStream::pair()?;
    let objects = Arc::<Mutex<Objects>>::default();
    let (from_client, to_proxy) = (ours.try_clone()?, proxy.try_clone()?);
    let (there, back) = (Arc::clone(traffic), Arc::clone(traffic));
    let (of_asked, of_told) = (Arc::clone(&objects), Arc::clone(&objects));
    // Of the client's own end nothing is waited for: it reads when it likes, and what it writes wakes a thread.
    traffic.watch(proxy.try_clone()?);
    std::thread::spawn(move || {
        there.join();
        let mut out = Out::to(&to_proxy);
        pass(&from_client, &mut out, |out, message| {
            let (object, opcode) = head(message);
            let fate = lock(&of_asked).asked(object, opcode, &message[8..]);
            if matches!(fate, Fate::Awaited | Fate::Configured(_)) {
                out.flush()?;
                settle();
            }
            if let Fate::Configured(window) = fate {
                let first = lock(&of_asked).first_commit(window);
                if let Some(request) = first {
                    out.bytes.extend(request);
                    out.flush()?;
                    settle();
                }
                out.bytes
                    .extend(lock(&of_asked).acknowledge(window).unwrap_or_default());
            }
            if !matches!(fate, Fate::Dropped) {
                out.bytes.extend(message);
            }
            Ok(())
        });
    });
    std::thread::spawn(move || {
        back.join();
        let mut out = Out::to(&ours);
        pass(&proxy, &mut out, |out, message| {
            let (object, opcode) = head(message);
            lock(&of_told).told(object, opcode, &message[8..]);
            out.bytes.extend(message);
            Ok(())
        });
    });
    Ok((client, objects))
}

fn head(message: &[u8]) -> (u32, u32) {
    (word(message, 0), word(message, 4) & 0xffff)
}

/// What is to be passed on.
struct Out<'a> {
    socket: &'a UnixStream,
    bytes: Vec<u8>,
    fds: Vec<OwnedFd>,
}

impl<'a> Out<'a> {
    fn to(socket: &'a UnixStream) -> Self {
        Self {
            socket,
            bytes: Vec::new(),
            fds: Vec::new(),
        }
    }

    /// Descriptors go with the first byte; those who read match them with messages in their order.
    fn flush(&mut self) -> rustix::io::Result<()> {
        let bytes = std::mem::take(&mut self.bytes);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let fds = std::mem::take(&mut self.fds);
            let fds: Vec<_> = fds.iter().map(AsFd::as_fd).collect();
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FDS))];
            let mut control = SendAncillaryBuffer::new(&mut space);
            if !fds.is_empty() {
                control.push(SendAncillaryMessage::ScmRights(&fds));
            }
            let slices = [IoSlice::new(rest)];
            let sent = sendmsg(self.socket, &slices, &mut control, SendFlags::NOSIGNAL)?;
            rest = &rest[sent..];
        }
        Ok(())
    }
}

/// Passes on until one end is gone, by whole messages.
fn pass(
    from: &UnixStream,
    out: &mut Out<'_>,
    mut each: impl FnMut(&mut Out<'_>, &[u8]) -> rustix::io::Result<()>,
) {
    let mut buffer = [0; 16384];
    let mut rest = Vec::new();
    while let Ok((length, fds)) = receive(from, &mut buffer) {
        if length == 0 {
            break;
        }
        rest.extend_from_slice(&buffer[..length]);
        out.fds.extend(fds);
        let mut at = 0;
        let mut alive = Ok(());
        while let Some(head) = rest.get(at..at + 8) {
            let size = (word(head, 4) >> 16) as usize;
            let Some(message) = rest.get(at..at + size.max(8)) else {
                break;
            };
            alive = alive.and_then(|()| each(out, message));
            at += size.max(8);
        }
        rest.drain(..at);
        if alive.and_then(|()| out.flush()).is_err() {
            break;
        }
    }
    let _ = shutdown(from, Shutdown::Both);
    let _ = shutdown(out.socket, Shutdown::Both);
}

fn receive(from: &UnixStream, buffer: &mut [u8]) -> rustix::io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FDS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut slices = [IoSliceMut::new(buffer)];
    let message = recvmsg(from, &mut slices, &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut fds = Vec::new();
    for ancillary in control.drain() {
        if let RecvAncillaryMessage::ScmRights(more) = ancillary {
            fds.extend(more);
        }
    }
    Ok((message.bytes, fds))
}
