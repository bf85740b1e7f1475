//! The portals of the headless desktop.

use oz_e2e::Run;

/// The object of every portal.
pub const PATH: &str = "/org/freedesktop/portal/desktop";

/// Lets the session bus start programs that find the screen, as every desktop does when it begins.
pub fn begin() {
    let set = "dbus-update-activation-environment XDG_CURRENT_DESKTOP=GNOME WAYLAND_DISPLAY=$WAYLAND_DISPLAY";
    Run::sh(set).run().ok();
}

/// How a call of a portal's method begins, for a shell.
pub fn call(method: &str) -> String {
    format!(
        "gdbus call --session -d org.freedesktop.portal.Desktop -o {PATH} -m org.freedesktop.portal.{method}"
    )
}

/// Sets how the desktop looks.
pub fn set(key: &str, value: &str) {
    let schema = "org.gnome.desktop.interface";
    Run::new("gsettings", ["set", schema, key, value])
        .run()
        .ok();
}
