//! The allow list of globals. What is not here does not exist for an app.

use crate::config::Config;

/// One global that an app may see, if the host has it too.
#[derive(Debug, Clone, Copy)]
pub struct Allowed {
    /// The Wayland interface.
    pub interface: &'static str,
    /// The oldest version that is relayed: a host whose own is older counts as one that lacks it.
    pub min_version: u32,
    /// The newest version whose every request and event this proxy knows.
    pub max_version: u32,
    /// Why an app gets it.
    pub reason: &'static str,
    /// Which apps get it.
    pub given: Given,
}

/// To which apps a global is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// To every one.
    Always,
    /// To those whose profile lets them take the desktop's shortcuts.
    WithShortcuts,
    /// To those whose profile gives them the GPU.
    WithGpu,
}

impl Allowed {
    /// Whether the app of this configuration gets it.
    #[must_use]
    pub fn is_given(&self, config: &Config) -> bool {
        match self.given {
            Given::Always => true,
            Given::WithShortcuts => config.shortcuts,
            Given::WithGpu => config.gpu,
        }
    }
}

const fn allow(interface: &'static str, max_version: u32, reason: &'static str) -> Allowed {
    Allowed {
        interface,
        min_version: 1,
        max_version,
        reason,
        given: Given::Always,
    }
}

/// Everything that is offered, each with its reason.
pub const ALLOWED: &[Allowed] = &[
    allow("wl_compositor", 6, "surfaces are what an app draws on"),
    allow(
        "wl_subcompositor",
        1,
        "toolkits and video players compose windows of parts",
    ),
    allow(
        "wl_shm",
        2,
        "pixels in memory; the descriptor is checked before the host maps it",
    ),
    allow("xdg_wm_base", 6, "windows and menus"),
    allow(
        "wl_seat",
        9,
        "input that the host delivers to this app's focused window",
    ),
    allow(
        "wl_output",
        4,
        "scale and size of the screens; names are made generic",
    ),
    allow(
        "zxdg_output_manager_v1",
        3,
        "logical sizes of the screens; names are made generic",
    ),
    allow(
        "wl_data_device_manager",
        3,
        "the clipboard, under the rules of the policy",
    ),
    allow(
        "zwp_primary_selection_device_manager_v1",
        1,
        "the primary selection, same rules",
    ),
    allow(
        "wp_viewporter",
        1,
        "scaling and cropping of the app's own surfaces",
    ),
    allow(
        "wp_fractional_scale_manager_v1",
        1,
        "sharp text on screens of odd density",
    ),
    allow(
        "wp_single_pixel_buffer_manager_v1",
        1,
        "plain backgrounds without memory",
    ),
    allow(
        "wp_presentation",
        1,
        "video players time their frames by it",
    ),
    allow(
        "wp_cursor_shape_manager_v1",
        2,
        "the host's own cursors instead of pictures",
    ),
    allow(
        "zxdg_decoration_manager_v1",
        1,
        "lets the host draw the frame",
    ),
    allow(
        "org_kde_kwin_server_decoration_manager",
        1,
        "the same for GTK 3, which knows no other",
    ),
    allow(
        "xdg_activation_v1",
        1,
        "focus passes only with tokens that the host issued for input",
    ),
    allow(
        "zxdg_exporter_v1",
        1,
        "the host's dialogs stand in front of the window that asked for them; names are ours",
    ),
    allow("zxdg_exporter_v2", 1, "the same for newer toolkits"),
    allow(
        "zxdg_importer_v1",
        1,
        "helpers of the app put theirs before its windows; only its own sandbox's names lead anywhere",
    ),
    allow("zxdg_importer_v2", 1, "the same for newer toolkits"),
    allow(
        "zwp_relative_pointer_manager_v1",
        1,
        "games: motion while the app has the pointer",
    ),
    allow(
        "zwp_pointer_constraints_v1",
        1,
        "games: the host decides and the user can escape",
    ),
    allow(
        "zwp_text_input_manager_v3",
        1,
        "the host's input methods write into the app, which needs no bus for it",
    ),
    allow(
        "zwp_idle_inhibit_manager_v1",
        1,
        "films and talks: the screen stays on while the window can be seen",
    ),
    Allowed {
        given: Given::WithShortcuts,
        ..allow(
            "zwp_keyboard_shortcuts_inhibit_manager_v1",
            1,
            "virtual machines and remote desktops have shortcuts of their own; the user can take them back",
        )
    },
    Allowed {
        given: Given::WithGpu,
        // Before that a host does not say which layouts of pixels it takes.
        min_version: 3,
        ..allow(
            "zwp_linux_dmabuf_v1",
            5,
            "what a GPU has drawn, without a copy; the kernel says whether a descriptor is that",
        )
    },
    allow(
        "wp_alpha_modifier_v1",
        1,
        "fading of the app's own surfaces",
    ),
    allow(
        "wp_content_type_manager_v1",
        1,
        "a screen may show films and games in its own way",
    ),
    allow(
        "xdg_wm_dialog_v1",
        1,
        "a dialog stays before its own window",
    ),
    allow(
        "xdg_toplevel_icon_manager_v1",
        1,
        "windows of one app told apart; the application id beside it is the daemon's",
    ),
    allow(
        "xdg_system_bell_v1",
        1,
        "terminals ring as the user has set it up; a few times a second at most",
    ),
];

/// The entry of an interface, if it is on the list.
#[must_use]
pub fn allowed(interface: &str) -> Option<&'static Allowed> {
    ALLOWED.iter().find(|entry| entry.interface == interface)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_spies_or_injects_is_absent() {
        for interface in [
            "zwlr_screencopy_manager_v1",
            "zwlr_export_dmabuf_manager_v1",
            "ext_image_copy_capture_manager_v1",
            "zwlr_data_control_manager_v1",
            "ext_data_control_manager_v1",
            "zwlr_layer_shell_v1",
            "zwlr_virtual_pointer_manager_v1",
            "zwp_virtual_keyboard_manager_v1",
            "zwp_input_method_manager_v2",
            "zwlr_foreign_toplevel_manager_v1",
            "ext_foreign_toplevel_list_v1",
            "ext_session_lock_manager_v1",
            "zwlr_gamma_control_manager_v1",
            "zwlr_output_manager_v1",
        ] {
            assert!(allowed(interface).is_none(), "{interface}");
        }
    }

    #[test]
    fn shortcuts_are_taken_only_by_apps_that_may() {
        let entry = allowed("zwp_keyboard_shortcuts_inhibit_manager_v1").unwrap();
        let mut config = crate::config::for_host(crate::config::Host::Wayland("/run/w".into()));
        assert!(!entry.is_given(&config));
        config.shortcuts = true;
        assert!(entry.is_given(&config));
    }

    #[test]
    fn buffers_of_a_gpu_are_taken_only_from_apps_that_have_one() {
        let entry = allowed("zwp_linux_dmabuf_v1").unwrap();
        let mut config = crate::config::for_host(crate::config::Host::Wayland("/run/w".into()));
        assert!(!entry.is_given(&config));
        config.gpu = true;
        assert!(entry.is_given(&config));
    }

    #[test]
    fn every_entry_has_a_reason() {
        assert!(ALLOWED.iter().all(|entry| !entry.reason.is_empty()));
    }
}
