//! The compositor: what would let an app see or steer others.

use crate::attack::{Attack, Class, KERNEL, attack, unshown};
use crate::outcome::{Outcome, refused};
use crate::wayland;

const SEE: &str = "screenshots";
const TYPE: &str = "synthetic input";
const POSE: &str = "deceiving the user's eye";
const COPY: &str = "clipboard";
const NONE: &str = "not every compositor has it";

/// What is attacked: protocols that a compositor gives to its own helpers.
pub const ATTACKS: &[Attack] = &[
    attack("screen-copy", Class::Display, SEE, |_| {
        global("zwlr_screencopy_manager_v1")
    }),
    attack("screen-as-dmabuf", Class::Display, SEE, |_| {
        global("zwlr_export_dmabuf_manager_v1")
    }),
    unshown("image-copy", Class::Display, SEE, NONE, |_| {
        global("ext_image_copy_capture_manager_v1")
    }),
    attack("windows-of-others", Class::Display, SEE, |_| {
        global("zwlr_foreign_toplevel_manager_v1")
    }),
    attack("virtual-keyboard", Class::Display, TYPE, |_| {
        global("zwp_virtual_keyboard_manager_v1")
    }),
    attack("virtual-pointer", Class::Display, TYPE, |_| {
        global("zwlr_virtual_pointer_manager_v1")
    }),
    attack("input-method", Class::Display, "key logging", |_| {
        global("zwp_input_method_manager_v2")
    }),
    unshown("fake-input", Class::Display, TYPE, NONE, |_| {
        global("org_kde_kwin_fake_input")
    }),
    attack("clipboard-manager", Class::Display, COPY, |_| {
        global("zwlr_data_control_manager_v1")
    }),
    unshown("clipboard-manager-new", Class::Display, COPY, NONE, |_| {
        global("ext_data_control_manager_v1")
    }),
    attack("layer-above-windows", Class::Display, POSE, |_| {
        global("zwlr_layer_shell_v1")
    }),
    unshown("session-lock", Class::Display, POSE, NONE, |_| {
        global("ext_session_lock_manager_v1")
    }),
    attack("screen-settings", Class::Display, POSE, |_| {
        global("zwlr_output_manager_v1")
    }),
    attack("screen-power", Class::Display, POSE, |_| {
        global("zwlr_output_power_manager_v1")
    }),
    attack("screen-colours", Class::Display, POSE, |_| {
        global("zwlr_gamma_control_manager_v1")
    }),
    unshown(
        "graphics-of-host",
        Class::Display,
        "devices only by profile",
        KERNEL,
        |_| global("wl_drm"),
    ),
];

fn global(name: &str) -> Outcome {
    let all = match wayland::globals() {
        Ok(all) => all,
        Err(why) => return refused(format!("no compositor: {why}")),
    };
    if all.split(' ').any(|other| other == name) {
        Ok(format!("{name} is offered"))
    } else {
        refused(format!("{name} is not offered"))
    }
}
