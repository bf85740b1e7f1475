//! What libraries and modules are for, as far as it matters for a sandbox.

use crate::wire::analysis::{Analysis, Kind};

/// What a program needs, each as the names that say so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// It opens windows.
    pub windows: Vec<String>,
    /// It plays or records.
    pub sound: Vec<String>,
    /// It decodes films or music.
    pub media: Vec<String>,
    /// It draws with the graphics card.
    pub gpu: Vec<String>,
    /// It speaks to other machines.
    pub network: Vec<String>,
    /// It contains a browser that makes sandboxes of its own.
    pub is_chromium: bool,
    /// All of it is known, so that what is not here is not needed to start.
    pub is_known: bool,
}

/// Beginnings of names of libraries; `lib` and what follows the name are left out. The first of a list that is there is
/// the one that is told.
const WINDOWS: &[&str] = &[
    "gtk-4",
    "gtk-3",
    "gtk-x11-2",
    "Qt6Gui",
    "Qt5Gui",
    "SDL2",
    "SDL3",
    "SDL-",
    "fltk",
    "wx_",
    "Tk",
    "tk8",
    "EGL",
    "glfw",
    "wayland-client",
    "X11",
    "xcb",
    "Xt",
    "winit",
];
const SOUND: &[&str] = &[
    "pulse",
    "pipewire-0",
    "asound",
    "jack",
    "canberra",
    "openal",
    "sndio",
    "portaudio",
    "ao",
];
const MEDIA: &[&str] = &[
    "avformat",
    "avcodec",
    "mpv",
    "vlc",
    "gstplay",
    "gstplayer",
    "gstpbutils",
    "xine",
    "mpg123",
];
const GPU: &[&str] = &["vulkan", "GL", "EGL", "GLESv2", "epoxy", "OpenCL"];
const NETWORK: &[&str] = &[
    "curl",
    "soup-",
    "Qt6Network",
    "Qt5Network",
    "neon",
    "ssh",
    "zmq",
    "nghttp",
    "torrent",
    "ssl",
];

/// Modules of Python, likewise, whole.
const MODULES_WINDOWS: &[&str] = &[
    "Gtk",
    "tkinter",
    "Tkinter",
    "QtWidgets",
    "QtGui",
    "wx",
    "pygame",
    "kivy",
    "pyglet",
];
const MODULES_SOUND: &[&str] = &[
    "Gst",
    "pygame",
    "sounddevice",
    "pyaudio",
    "QtMultimedia",
    "simpleaudio",
];
const MODULES_NETWORK: &[&str] = &[
    "requests", "urllib", "urllib2", "urllib3", "http", "httpx", "aiohttp", "ftplib", "smtplib",
    "paramiko", "Soup",
];

/// What an analysis comes to.
pub fn needs(analysis: Option<&Analysis>) -> Needs {
    let Some(analysis) = analysis else {
        return Needs::default();
    };
    let libraries = |known: &[&str]| {
        let found = known.iter().filter_map(|known| {
            analysis
                .libraries
                .iter()
                .find(|name| is(name, known))
                .cloned()
        });
        found.collect::<Vec<String>>()
    };
    let modules = |known: &[&str]| {
        let found = known
            .iter()
            .filter(|known| analysis.modules.iter().any(|name| name == *known));
        found
            .map(|name| format!("the module {name}"))
            .collect::<Vec<String>>()
    };
    let both = |libs: &[&str], mods: &[&str]| [libraries(libs), modules(mods)].concat();
    let is_chromium = analysis.libraries.iter().any(|name| name == "libffmpeg.so");
    Needs {
        windows: both(WINDOWS, MODULES_WINDOWS),
        sound: both(SOUND, MODULES_SOUND),
        media: both(MEDIA, &["Gst"]),
        gpu: libraries(GPU),
        network: both(NETWORK, MODULES_NETWORK),
        is_chromium,
        is_known: analysis.complete && (analysis.kind == Kind::Elf || !analysis.modules.is_empty()),
    }
}

/// Whether a library is one: the name, and then a version and nothing else, or a name that is given with its hyphen.
fn is(library: &str, known: &str) -> bool {
    let Some(rest) = library
        .strip_prefix("lib")
        .and_then(|name| name.strip_prefix(known))
    else {
        return false;
    };
    known.ends_with(['-', '_']) || rest.is_empty() || rest.starts_with(['.', '-'])
}
