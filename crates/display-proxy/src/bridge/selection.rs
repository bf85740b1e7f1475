//! The clipboard and the primary selection are two protocols of one shape, and a third for both is X's; these are the names
//! for all.

use std::cell::{Cell, RefCell};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

pub(crate) use oz_core::wire::display::Direction;
use wayland_client::protocol::wl_data_device::WlDataDevice as HostDataDevice;
use wayland_client::protocol::wl_data_offer::WlDataOffer as HostDataOffer;
use wayland_client::protocol::wl_data_source::WlDataSource as HostDataSource;
use wayland_protocols::wp::primary_selection::zv1::client::{
    zwp_primary_selection_device_v1::ZwpPrimarySelectionDeviceV1 as HostPrimaryDevice,
    zwp_primary_selection_offer_v1::ZwpPrimarySelectionOfferV1 as HostPrimaryOffer,
    zwp_primary_selection_source_v1::ZwpPrimarySelectionSourceV1 as HostPrimarySource,
};
use wayland_protocols::wp::primary_selection::zv1::server::{
    zwp_primary_selection_device_v1::ZwpPrimarySelectionDeviceV1,
    zwp_primary_selection_source_v1::ZwpPrimarySelectionSourceV1,
};
use wayland_server::Resource;
use wayland_server::protocol::wl_data_device::WlDataDevice;
use wayland_server::protocol::wl_data_source::WlDataSource;

use super::drag::DataSource;
use crate::policy;

/// Which of the two selections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Clipboard,
    Primary,
}

impl Which {
    pub(crate) const BOTH: [Self; 2] = [Self::Clipboard, Self::Primary];
}

/// The MIME types of a source or offer, in the order and number that the policy allows.
#[derive(Debug, Default)]
pub(crate) struct Mimes(Mutex<Vec<String>>);

impl Mimes {
    pub(crate) fn add(&self, mime: String) {
        let mut mimes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if mime.len() <= policy::MIME_MAX
            && mimes.len() < policy::MIMES_MAX
            && !mimes.contains(&mime)
        {
            mimes.push(mime);
        }
    }

    pub(crate) fn list(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// What a client of the sandbox's X server has copied or drags. Reads of it wait until the window manager takes them.
#[derive(Debug, Clone)]
pub(crate) struct XSource(Rc<Copied>);

#[derive(Debug)]
struct Copied {
    mimes: Vec<String>,
    reads: RefCell<Vec<(String, OwnedFd)>>,
    cancelled: Cell<bool>,
}

impl XSource {
    /// Reads that may wait for one turn; further ones get nothing.
    const READS: usize = 16;

    pub(crate) fn new(mimes: Vec<String>) -> Self {
        Self(Rc::new(Copied {
            mimes,
            reads: RefCell::default(),
            cancelled: Cell::new(false),
        }))
    }

    /// What is to be read, and where to.
    pub(crate) fn reads(&self) -> Vec<(String, OwnedFd)> {
        self.0.reads.take()
    }

    /// Whether something else is the selection now.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.cancelled.get()
    }

    fn send(&self, mime: String, fd: BorrowedFd<'_>) {
        let mut reads = self.0.reads.borrow_mut();
        if reads.len() < Self::READS
            && let Ok(fd) = fd.try_clone_to_owned()
        {
            reads.push((mime, fd));
        }
    }
}

impl PartialEq for XSource {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// An app's source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AppSource {
    Data(WlDataSource),
    Primary(ZwpPrimarySelectionSourceV1),
    X11(XSource),
}

impl AppSource {
    pub(crate) fn mimes(&self) -> Vec<String> {
        let mimes = match self {
            Self::Data(source) => source.data::<DataSource>().map(|data| &data.mimes),
            Self::Primary(source) => source.data::<Mimes>(),
            Self::X11(source) => return source.0.mimes.clone(),
        };
        mimes.map(Mimes::list).unwrap_or_default()
    }

    pub(crate) fn send(&self, mime: String, fd: BorrowedFd<'_>) {
        match self {
            Self::Data(source) => source.send(mime, fd),
            Self::Primary(source) => source.send(mime, fd),
            Self::X11(source) => source.send(mime, fd),
        }
    }

    /// What it lets be done when it is dragged, if it says so.
    pub(crate) fn drag_actions(&self) -> Option<u32> {
        match self {
            Self::Data(source) => source.data::<DataSource>()?.actions(),
            _ => None,
        }
    }

    pub(crate) fn is_alive(&self) -> bool {
        match self {
            Self::Data(source) => source.is_alive(),
            Self::Primary(source) => source.is_alive(),
            Self::X11(source) => !source.is_cancelled(),
        }
    }

    pub(crate) fn cancelled(&self) {
        match self {
            Self::Data(source) => source.cancelled(),
            Self::Primary(source) => source.cancelled(),
            Self::X11(source) => source.0.cancelled.set(true),
        }
    }
}

/// An app's device.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AppDevice {
    Data(WlDataDevice),
    Primary(ZwpPrimarySelectionDeviceV1),
    /// All clients of the sandbox's X server, for one of the two.
    X11(Which),
}

impl AppDevice {
    pub(crate) fn is_alive(&self) -> bool {
        match self {
            Self::Data(device) => device.is_alive(),
            Self::Primary(device) => device.is_alive(),
            Self::X11(_) => true,
        }
    }
}

/// The host's device behind an app's.
#[derive(Debug)]
pub(crate) enum HostDevice {
    Data(HostDataDevice),
    Primary(HostPrimaryDevice),
}

impl HostDevice {
    pub(crate) fn set_selection(&self, source: Option<&HostSource>, serial: u32) {
        match (self, source) {
            (Self::Data(device), Some(HostSource::Data(source))) => {
                device.set_selection(Some(source), serial)
            }
            (Self::Data(device), None) => device.set_selection(None, serial),
            (Self::Primary(device), Some(HostSource::Primary(source))) => {
                device.set_selection(Some(source), serial)
            }
            (Self::Primary(device), None) => device.set_selection(None, serial),
            // The two are never mixed: both come from the same `Which`.
            _ => {}
        }
    }

    pub(crate) fn destroy(&self) {
        match self {
            Self::Data(device) if super::toplevels::at_least(device, 2) => device.release(),
            Self::Data(_) => {}
            Self::Primary(device) => device.destroy(),
        }
    }
}

/// The host's source that stands for one of the sandbox.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum HostSource {
    Data(HostDataSource),
    Primary(HostPrimarySource),
}

impl HostSource {
    pub(crate) fn offer(&self, mime: String) {
        match self {
            Self::Data(source) => source.offer(mime),
            Self::Primary(source) => source.offer(mime),
        }
    }

    pub(crate) fn destroy(&self) {
        match self {
            Self::Data(source) => source.destroy(),
            Self::Primary(source) => source.destroy(),
        }
    }
}

/// Something that the host offers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum HostOffer {
    Data(HostDataOffer),
    Primary(HostPrimaryOffer),
}

impl HostOffer {
    pub(crate) fn receive(&self, mime: String, fd: BorrowedFd<'_>) {
        match self {
            Self::Data(offer) => offer.receive(mime, fd),
            Self::Primary(offer) => offer.receive(mime, fd),
        }
    }

    pub(crate) fn destroy(&self) {
        match self {
            Self::Data(offer) => offer.destroy(),
            Self::Primary(offer) => offer.destroy(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mime_types_are_capped_in_length_and_number() {
        let mimes = Mimes::default();
        mimes.add("x".repeat(policy::MIME_MAX + 1));
        for number in 0..1000 {
            mimes.add(format!("a/{number}"));
        }
        mimes.add("a/0".to_owned());
        assert_eq!(mimes.list().len(), policy::MIMES_MAX);
    }
}
