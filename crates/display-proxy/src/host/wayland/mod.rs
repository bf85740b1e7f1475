//! Events from a Wayland host, one file per protocol.

pub(crate) mod compositor;
pub(crate) mod data_device;
pub(crate) mod kde_decoration;
pub(crate) mod linux_dmabuf;
pub(crate) mod misc;
pub(crate) mod output;
pub(crate) mod pointer_extras;
pub(crate) mod prefetch;
pub(crate) mod presentation;
pub(crate) mod primary_selection;
pub(crate) mod registry;
pub(crate) mod seat;
pub(crate) mod shm;
pub(crate) mod singletons;
pub(crate) mod text_input;
pub(crate) mod windows;
pub(crate) mod xdg_shell;

pub(crate) use seat::app_surface;
