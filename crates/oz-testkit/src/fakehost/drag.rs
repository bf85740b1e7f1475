//! Drags, with the host or one of its clients as the source. It judges requests as wlroots does.

use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

use wayland_server::protocol::wl_data_device::WlDataDevice;
use wayland_server::protocol::wl_data_device_manager::DndAction;
use wayland_server::protocol::wl_data_offer::{self, WlDataOffer};
use wayland_server::protocol::wl_data_source::WlDataSource;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, Resource};

use super::{Host, Seen};

/// What a source answers when it is read.
#[derive(Debug, Clone)]
pub enum Contents {
    /// This.
    Text(String),
    /// Nothing, and it never says so.
    Never,
    /// More and more.
    Endless,
}

/// User data of a client's source.
#[derive(Debug, Default)]
pub(crate) struct Source {
    pub(crate) mimes: Mutex<Vec<String>>,
    pub(crate) actions: Mutex<u32>,
}

impl Source {
    pub(crate) fn mimes(&self) -> Vec<String> {
        let mimes = self.mimes.lock().unwrap_or_else(PoisonError::into_inner);
        mimes.clone()
    }

    fn actions(&self) -> u32 {
        *self.actions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// User data of an offer of what is dragged.
#[derive(Debug)]
pub(crate) struct Dragged;

/// The drag that is under way.
pub(crate) struct Drag {
    from: From,
    over: Vec<WlDataDevice>,
    accepted: bool,
    action: u32,
    dropped: bool,
}

#[derive(Clone)]
enum From {
    Host(Vec<(String, Contents)>, u32),
    Client(WlDataSource),
}

impl From {
    fn mimes(&self) -> Vec<String> {
        match self {
            Self::Host(all, _) => all.iter().map(|(mime, _)| mime.clone()).collect(),
            Self::Client(source) => source.data().map(Source::mimes).unwrap_or_default(),
        }
    }

    fn actions(&self) -> u32 {
        match self {
            Self::Host(_, actions) => *actions,
            Self::Client(source) => source.data().map_or(0, Source::actions),
        }
    }
}

impl Host {
    /// A drag of the host's comes over the newest window.
    pub(crate) fn drag(&mut self, dh: &DisplayHandle, all: Vec<(String, Contents)>, actions: u32) {
        self.enter(dh, From::Host(all, actions));
    }

    /// What a client has begun to drag comes over the newest window.
    pub(crate) fn drag_on(&mut self, dh: &DisplayHandle) {
        if let Some(source) = self.dragged.clone() {
            self.enter(dh, From::Client(source));
        }
    }

    fn enter(&mut self, dh: &DisplayHandle, from: From) {
        let Some(focus) = self.focus.clone() else {
            return;
        };
        let mut over = Vec::new();
        for device in self.devices.clone() {
            let (true, Some(client)) = (
                device.is_alive() && device.id().same_client_as(&focus.id()),
                device.client(),
            ) else {
                continue;
            };
            let made =
                client.create_resource::<WlDataOffer, _, Self>(dh, device.version(), Dragged);
            let Ok(offer) = made else { continue };
            device.data_offer(&offer);
            from.mimes().into_iter().for_each(|mime| offer.offer(mime));
            offer.source_actions(DndAction::from_bits_truncate(from.actions()));
            device.enter(self.next_serial(), &focus, 3.0, 4.0, Some(&offer));
            device.motion(5, 6.0, 7.0);
            over.push(device);
        }
        self.drag = Some(Drag {
            from,
            over,
            accepted: false,
            action: 0,
            dropped: false,
        });
    }

    /// The drag goes away again.
    pub(crate) fn drag_away(&mut self) {
        if let Some(drag) = self.drag.take() {
            drag.over.iter().for_each(WlDataDevice::leave);
        }
    }

    /// The user lets go, which is a drop whether the window wants it or not: a test of those who
    /// take what they have not accepted.
    pub(crate) fn let_go(&mut self) {
        if let Some(drag) = &mut self.drag {
            drag.dropped = true;
            for device in &drag.over {
                device.drop();
                device.leave();
            }
            if let From::Client(source) = &drag.from {
                source.dnd_drop_performed();
            }
        }
    }

    fn read(&mut self, mime: String, fd: OwnedFd) {
        self.saw(Seen::Read(mime.clone()));
        let Some(drag) = &self.drag else { return };
        match &drag.from {
            From::Client(source) => source.send(mime, fd.as_fd()),
            From::Host(all, _) => match all.iter().find(|(known, _)| *known == mime) {
                Some((_, Contents::Text(text))) => {
                    let text = text.clone();
                    // It may be longer than a pipe takes at once.
                    std::thread::spawn(move || {
                        let _ = std::fs::File::from(fd).write_all(text.as_bytes());
                    });
                }
                Some((_, Contents::Endless)) => {
                    std::thread::spawn(move || {
                        let mut pipe = std::fs::File::from(fd);
                        while pipe.write_all(&[b'x'; 4096]).is_ok() {}
                    });
                }
                Some((_, Contents::Never)) | None => self.unanswered.push(fd),
            },
        }
    }
}

impl Dispatch<WlDataOffer, Dragged> for Host {
    fn request(
        host: &mut Self,
        _client: &Client,
        offer: &WlDataOffer,
        request: wl_data_offer::Request,
        _data: &Dragged,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        use wl_data_offer::{Error, Request};
        match request {
            Request::Accept { mime_type, .. } => {
                host.saw(Seen::Accepted(mime_type.clone()));
                if let Some(drag) = &mut host.drag {
                    drag.accepted = mime_type.is_some();
                    if let From::Client(source) = &drag.from {
                        source.target(mime_type);
                    }
                }
            }
            Request::Receive { mime_type, fd } => host.read(mime_type, fd),
            Request::SetActions {
                dnd_actions,
                preferred_action,
            } => {
                let (actions, preferred) = (u32::from(dnd_actions), u32::from(preferred_action));
                host.saw(Seen::Actions(actions, preferred));
                if actions & !7 != 0 {
                    offer.post_error(Error::InvalidActionMask, "invalid action mask");
                } else if preferred & !actions != 0 || preferred.count_ones() > 1 {
                    offer.post_error(Error::InvalidAction, "invalid action");
                } else if let Some(drag) = &mut host.drag {
                    let possible = actions & drag.from.actions();
                    drag.action = [preferred, 1, 2, 4]
                        .into_iter()
                        .find(|one| one & possible != 0)
                        .unwrap_or(0);
                    offer.action(DndAction::from_bits_truncate(drag.action));
                    if let From::Client(source) = &drag.from {
                        source.action(DndAction::from_bits_truncate(drag.action));
                    }
                }
            }
            Request::Finish => match &host.drag {
                Some(drag) if drag.dropped && drag.accepted && matches!(drag.action, 1 | 2) => {
                    if let From::Client(source) = &drag.from {
                        source.dnd_finished();
                    }
                    host.saw(Seen::Finished);
                }
                _ => offer.post_error(Error::InvalidFinish, "premature finish request"),
            },
            _ => {}
        }
    }
}
