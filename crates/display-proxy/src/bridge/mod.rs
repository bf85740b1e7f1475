//! What belongs together across the two sides: the mapping from app objects to host objects.

pub(crate) mod activations;
pub(crate) mod border;
pub(crate) mod buffers;
pub(crate) mod clipboard;
pub(crate) mod copied;
pub(crate) mod copies;
pub(crate) mod drag;
mod found;
pub(crate) mod gpu;
pub(crate) mod grips;
pub(crate) mod known;
pub(crate) mod lists;
pub(crate) mod live;
mod lost;
pub(crate) mod popups;
pub(crate) mod selection;
pub(crate) mod surfaces;
pub(crate) mod toplevels;
pub(crate) mod transfer;
pub(crate) mod view;
pub(crate) mod xtypes;
