//! What apps ask of the desktop over their private bus, on a desktop with portals of its own: a real
//! xdg-desktop-portal with the GTK backend.

mod app;
mod attacks;
mod dead;
mod dialog;
mod host;
mod links;
mod open;
mod opening;
mod parents;
mod picks;
mod service;
mod settings;
mod toolkits;
mod turned;
