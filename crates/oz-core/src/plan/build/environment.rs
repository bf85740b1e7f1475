//! Variables of every program inside: a list of ours, the session's language and looks, and what
//! the profile says.

use std::collections::BTreeMap;

use super::{Has, identity};
use crate::plan::facts::{self, HostFacts};
use crate::plan::layout;
use crate::profile::Profile;
use crate::variables;

/// Variables that are the same in each sandbox, each with its reason.
const ALWAYS: &[(&str, &str, &str)] = &[
    ("PATH", layout::PATH, "where programs are"),
    (
        "XDG_DATA_DIRS",
        "/usr/local/share:/usr/share",
        "where data is",
    ),
    ("XDG_CONFIG_DIRS", "/etc/xdg", "where defaults are"),
    (
        "container",
        "oz",
        "tells programs that hardware is not theirs",
    ),
    (
        "GSETTINGS_BACKEND",
        "keyfile",
        "dconf's service is not on the private bus",
    ),
    (
        "GIO_USE_VFS",
        "local",
        "gvfs's service is not on the private bus",
    ),
    ("NO_AT_BRIDGE", "1", "the accessibility bus is not inside"),
    ("GTK_A11Y", "none", "the accessibility bus is not inside"),
];

/// Variables of sandboxes with windows, each with its reason.
const WINDOWS: &[(&str, &str, &str)] = &[
    (
        "WAYLAND_DISPLAY",
        layout::WAYLAND,
        "the display proxy's socket",
    ),
    ("XDG_SESSION_TYPE", "wayland", "toolkits choose by it"),
    ("GDK_BACKEND", "wayland", "there is no X server to try"),
    ("QT_QPA_PLATFORM", "wayland", "there is no X server to try"),
    ("SDL_VIDEODRIVER", "wayland", "there is no X server to try"),
    ("MOZ_ENABLE_WAYLAND", "1", "there is no X server to try"),
    ("LIBGL_ALWAYS_SOFTWARE", "1", "there is no GPU"),
    (
        "GSK_RENDERER",
        "cairo",
        "without a GPU it starts faster than software GL",
    ),
];

/// Variables of sandboxes with an X server, each with its reason.
const X11: &[(&str, &str, &str)] = &[
    ("DISPLAY", layout::X11_DISPLAY, "the X server's socket"),
    ("XAUTHORITY", layout::X11_COOKIE, "what opens it"),
    (
        "_JAVA_AWT_WM_NONREPARENTING",
        "1",
        "windows get no frame within it, which Java waits for and shows nothing until then",
    ),
    (
        "GDK_BACKEND",
        "wayland,x11",
        "some know X11 only; others are better without",
    ),
    (
        "QT_QPA_PLATFORM",
        "wayland;xcb",
        "some know X11 only; others are better without",
    ),
    (
        "SDL_VIDEODRIVER",
        "wayland,x11",
        "some know X11 only; others are better without",
    ),
];

/// Variables of sandboxes with portals, each with its reason: without them programs ask nobody, and draw dialogs of their own
/// that list only what is inside.
const PORTALS: &[(&str, &str, &str)] = &[
    ("GTK_USE_PORTAL", "1", "GTK 3, GLib and Firefox ask by it"),
    (
        "GTK3_MODULES",
        layout::GTK3_DIALOGS,
        "dialogs of GTK 3 ask by it that know no portal, as LibreOffice's",
    ),
    ("GDK_DEBUG", "portals", "GTK 4 asks by it"),
    (
        "XDG_DATA_DIRS",
        "/run/oz/share:/usr/local/share:/usr/share",
        "GLib opens a link by a program inside, if it finds one; there ours is found first, which asks",
    ),
    (
        "QT_QPA_PLATFORMTHEME",
        "xdgdesktopportal",
        "Qt asks by it, where it has that plugin",
    ),
];

/// Variables of the session that the plan answers itself or that are for the proxies.
const NOT_INSIDE: &[&str] = &[
    "WAYLAND_DISPLAY",
    "XDG_RUNTIME_DIR",
    "DISPLAY",
    "XAUTHORITY",
    "PULSE_SERVER",
    "PULSE_RUNTIME_PATH",
    "PULSE_COOKIE",
    "XDG_ACTIVATION_TOKEN",
    "DESKTOP_STARTUP_ID",
    "PATH",
];

pub(super) fn variables(
    profile: &Profile,
    facts: &HostFacts,
    has: Has,
) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut set = |name: &str, value: &str| {
        all.insert(name.to_owned(), value.to_owned());
    };
    // Programs that know no language write file names as question marks.
    set("LANG", "C.UTF-8");
    let runtime = layout::runtime(facts.user.uid);
    let runtime = runtime.to_string_lossy();
    for (name, value) in &facts.session {
        let is_looks =
            facts::is_in(facts::SESSION_VARIABLES, name) && !NOT_INSIDE.contains(&name.as_str());
        let is_passed = profile
            .environment
            .pass
            .iter()
            .any(|passed| passed.as_str() == name);
        // A list by prefix may match names that nobody thought of.
        let is_refused = variables::refusal(name).is_some();
        if (is_looks || is_passed) && !is_refused && !value.contains('\0') {
            set(name, value);
        }
    }
    for (name, value, _) in ALWAYS {
        set(name, value);
    }
    if has.display {
        for (name, value, _) in WINDOWS {
            set(name, value);
        }
    }
    if has.x11 {
        for (name, value, _) in X11 {
            set(name, value);
        }
    }
    if has.portals {
        for (name, value, _) in PORTALS {
            set(name, value);
        }
    }
    for (name, value) in &profile.environment.set {
        set(name.as_str(), value);
    }
    let login = identity::login(facts);
    set("HOME", &facts.user.home.to_string_lossy());
    set("USER", login);
    set("LOGNAME", login);
    set("SHELL", identity::shell(facts));
    set("XDG_RUNTIME_DIR", &runtime);
    if has.sound {
        set("PULSE_SERVER", &layout::pulse_server(facts.user.uid));
    }
    if has.bus {
        set(
            "DBUS_SESSION_BUS_ADDRESS",
            &format!("unix:path={runtime}/bus"),
        );
    }
    all
}
