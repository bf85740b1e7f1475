//! What the processes of Oz tell each other: one enum per boundary, one codec for all.
//!
//! A message is a [`frame`] on a stream socket: a fixed header, a postcard body, and as many
//! file descriptors as the header says. Whatever comes from init or from a helper is taken for
//! hostile: lengths and counts are checked before anything is allocated, and a frame that does
//! not decode ends the connection of its sender. What goes over pipes to and from a proxy is lines of
//! JSON: see [`audio`], [`dialog`], [`display`] and [`explain`]; what a worker says is one document: [`analysis`].

pub mod analysis;
pub mod audio;
pub mod check;
pub mod copies;
pub mod dialog;
pub mod display;
pub mod explain;
pub mod files;
pub mod frame;
pub mod init;
pub mod mount;
pub mod net;
pub mod portal;

pub use frame::{Frame, FrameError, Header, Reader, encode};
