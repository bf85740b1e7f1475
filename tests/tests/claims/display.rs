//! The compositor: only what an app needs for windows of its own.

use oz_e2e::probe::Probe;
use oz_e2e::{Session, session};

/// What would let an app see or steer other apps, or pose as a part of the desktop.
const PRIVILEGED: &[&str] = &[
    "ext_data_control_manager_v1",
    "ext_foreign_toplevel_list_v1",
    "ext_image_copy_capture_manager_v1",
    "ext_session_lock_manager_v1",
    "org_kde_kwin_fake_input",
    "zwlr_data_control_manager_v1",
    "zwlr_export_dmabuf_manager_v1",
    "zwlr_foreign_toplevel_manager_v1",
    "zwlr_gamma_control_manager_v1",
    "zwlr_input_inhibit_manager_v1",
    "zwlr_layer_shell_v1",
    "zwlr_output_manager_v1",
    "zwlr_output_power_manager_v1",
    "zwlr_screencopy_manager_v1",
    "zwlr_virtual_pointer_manager_v1",
    "zwp_input_method_manager_v2",
    "zwp_virtual_keyboard_manager_v1",
    "wl_drm",
];

/// What an app gets, whatever else the host offers.
const EXPECTED: &[&str] = &[
    "wl_compositor",
    "wl_subcompositor",
    "wl_shm",
    "wl_seat",
    "wl_output",
    "wl_data_device_manager",
    "xdg_wm_base",
];

#[test]
fn cannot_see_privileged_globals() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let outside = probe.outside(&["globals"]).ok().text();
    for name in [
        "zwlr_screencopy_manager_v1",
        "zwlr_data_control_manager_v1",
        "zwlr_layer_shell_v1",
    ] {
        assert!(outside.contains(name), "the host offers {name}: {outside}");
    }
    let inside = probe.inside(&["globals"]).ok().text();
    for name in EXPECTED {
        assert!(
            inside.split(' ').any(|global| global == *name),
            "no {name} in {inside}"
        );
    }
    for name in PRIVILEGED {
        assert!(!inside.contains(name), "{name} in {inside}");
    }
}

#[test]
fn cannot_connect_to_the_host_s_compositor() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let name = std::env::var("WAYLAND_DISPLAY").unwrap();
    let socket = session::runtime_dir().join(&name);
    probe.cannot(&["connect", "unix", &socket.to_string_lossy()]);
}

#[test]
fn cannot_take_a_screenshot() {
    let session = Session::begin();
    let _session = &session;
    oz_e2e::claim::cannot("grim - | grep -q .");
}

#[test]
fn cannot_press_keys() {
    let _session = Session::begin();
    // An ordinary key that does nothing on a desktop without windows.
    oz_e2e::claim::cannot("wtype -k Shift_L");
}

#[test]
fn cannot_ask_the_compositor_s_own_socket() {
    let _session = Session::begin();
    let socket = std::env::var("SWAYSOCK").unwrap();
    oz_e2e::claim::cannot(&format!("swaymsg -s {socket} -t get_tree"));
}
