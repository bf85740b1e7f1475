//! Dragging between the host's windows and those of apps, with a real pointer on a real desktop.

mod apps;
mod attacks;
mod files;
mod hostile;
mod policy;
mod x11;
