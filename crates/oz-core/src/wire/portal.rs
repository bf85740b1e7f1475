//! The daemon and the bus proxy of one sandbox.
//!
//! The proxy gets a socket to the daemon as descriptor 3 and a connection to the private bus of the sandbox as
//! descriptor 4. It parses what apps say on that bus, so its frames are taken for hostile: at most
//! [`MAX_UNTRUSTED`](super::frame::MAX_UNTRUSTED) bytes, at most [`REQUESTS_MAX`] requests at a time, and nothing in
//! them names a file: one that an app wants to be opened comes as a descriptor. It ends when either socket does.

use serde::{Deserialize, Serialize};

use super::dialog::{FileDialog, FileDialogAnswer, Response};

/// Most requests of one sandbox that wait for their answers.
pub const REQUESTS_MAX: usize = 8;
/// Most frames of a proxy in a second.
pub const RATE_MAX: u32 = 100;
/// Longest name of a window, in bytes.
pub const PARENT_MAX: usize = 64;
/// Longest address that is opened, in bytes.
pub const URI_MAX: usize = 8192;

/// Portals that are not served and that a person would miss, by the ends of their interfaces' names.
pub const MISSED: &[&str] = &[
    "Account",
    "Background",
    "Camera",
    "Email",
    "GlobalShortcuts",
    "InputCapture",
    "Location",
    "Notification",
    "Print",
    "RemoteDesktop",
    "ScreenCast",
    "Screenshot",
    "Usb",
    "Wallpaper",
];

/// Number of a request; chosen by the proxy, never used again.
pub type RequestId = u64;

/// From the proxy. All of it is untrusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromProxy {
    /// An app asks; answered by [`ToProxy::Answer`]. With [`Ask::File`] comes one descriptor, with others none.
    Ask {
        /// Its number.
        request: RequestId,
        /// For what.
        ask: Ask,
    },
    /// An app asks for what is not served, of [`MISSED`]; not said more often than once a second for each.
    Denied {
        /// Which, by its place in that list.
        portal: u8,
    },
    /// It does not wait any more. An answer that is on its way comes all the same.
    Cancel {
        /// Which.
        request: RequestId,
    },
}

/// What an app can ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// That the person picks files.
    Files {
        /// The window that the dialog is for, as the display proxy has named it to the app.
        parent: Option<String>,
        /// What is to be shown.
        dialog: Box<FileDialog>,
    },
    /// That an address is opened by what the desktop has for it.
    Uri(String),
    /// That the file behind the descriptor is.
    File(OpenFile),
}

/// How a file of the app's is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenFile {
    /// Where it lies is shown, instead of what is in it.
    pub folder: bool,
    /// Whoever opens it may change it, if the app may.
    pub writable: bool,
    /// The person is asked in any case.
    pub ask: bool,
}

/// To the proxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToProxy {
    /// How the desktop looks, always all of it.
    Settings(Vec<Setting>),
    /// What became of a request.
    Answer {
        /// Which.
        request: RequestId,
        /// What.
        answer: Answer,
    },
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Files, which the sandbox holds by now.
    Files(Box<FileDialogAnswer>),
    /// Whether it was done.
    Done(Response),
}

/// Something about how the desktop looks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// As in `org.gnome.desktop.interface`.
    pub namespace: String,
    /// As in `font-name`.
    pub key: String,
    /// What it is.
    pub value: Value,
}

/// What a setting can be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// `b`
    Bool(bool),
    /// `i`
    Int(i32),
    /// `u`
    Unsigned(u32),
    /// `d`
    Double(f64),
    /// `s`
    Text(String),
    /// `as`
    Texts(Vec<String>),
    /// `(ddd)`: red, green, blue.
    Colour(f64, f64, f64),
}
