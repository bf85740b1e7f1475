//! Names that the X server knows by number.

/// Declares a struct of atoms with the names that the server knows them by.
macro_rules! atoms {
    ($($field:ident = $name:literal),+ $(,)?) => {
        /// The atoms that a window manager needs.
        #[derive(Debug, Clone, Copy, Default)]
        pub(crate) struct Atoms { $(pub(crate) $field: u32),+ }

        /// Their names.
        pub(crate) const NAMES: &[&str] = &[$($name),+];

        impl Atoms {
            /// Notes the number of the name at that place.
            pub(crate) fn set(&mut self, place: usize, atom: u32) {
                let fields = [$(&mut self.$field),+];
                if let Some(field) = fields.into_iter().nth(place) {
                    *field = atom;
                }
            }
        }
    };
}

atoms! {
    // Inter-Client Communication Conventions Manual.
    wm_s0 = "WM_S0",
    wm_protocols = "WM_PROTOCOLS",
    wm_delete_window = "WM_DELETE_WINDOW",
    wm_take_focus = "WM_TAKE_FOCUS",
    wm_state = "WM_STATE",
    wm_change_state = "WM_CHANGE_STATE",
    manager = "MANAGER",
    utf8_string = "UTF8_STRING",
    text = "TEXT",
    clipboard = "CLIPBOARD",
    targets = "TARGETS",
    timestamp = "TIMESTAMP",
    incr = "INCR",
    // Where answers of other clients come.
    oz_answer = "OZ_ANSWER",
    // XSETTINGS.
    xsettings_s0 = "_XSETTINGS_S0",
    xsettings_settings = "_XSETTINGS_SETTINGS",
    // Extended Window Manager Hints.
    net_supported = "_NET_SUPPORTED",
    net_supporting_wm_check = "_NET_SUPPORTING_WM_CHECK",
    net_wm_name = "_NET_WM_NAME",
    net_active_window = "_NET_ACTIVE_WINDOW",
    net_client_list = "_NET_CLIENT_LIST",
    net_close_window = "_NET_CLOSE_WINDOW",
    net_moveresize_window = "_NET_MOVERESIZE_WINDOW",
    net_request_frame_extents = "_NET_REQUEST_FRAME_EXTENTS",
    net_wm_moveresize = "_NET_WM_MOVERESIZE",
    net_wm_ping = "_NET_WM_PING",
    net_wm_state = "_NET_WM_STATE",
    net_wm_state_fullscreen = "_NET_WM_STATE_FULLSCREEN",
    net_wm_state_maximized_horz = "_NET_WM_STATE_MAXIMIZED_HORZ",
    net_wm_state_maximized_vert = "_NET_WM_STATE_MAXIMIZED_VERT",
    net_wm_state_focused = "_NET_WM_STATE_FOCUSED",
    net_wm_state_modal = "_NET_WM_STATE_MODAL",
    net_wm_state_demands_attention = "_NET_WM_STATE_DEMANDS_ATTENTION",
    net_wm_icon = "_NET_WM_ICON",
    net_startup_id = "_NET_STARTUP_ID",
    net_wm_window_type = "_NET_WM_WINDOW_TYPE",
    net_frame_extents = "_NET_FRAME_EXTENTS",
    net_workarea = "_NET_WORKAREA",
    net_number_of_desktops = "_NET_NUMBER_OF_DESKTOPS",
    net_current_desktop = "_NET_CURRENT_DESKTOP",
    motif_wm_hints = "_MOTIF_WM_HINTS",
    gtk_frame_extents = "_GTK_FRAME_EXTENTS",
    // Drag-and-Drop Protocol for the X Window System.
    xdnd_selection = "XdndSelection",
    xdnd_aware = "XdndAware",
    xdnd_proxy = "XdndProxy",
    xdnd_type_list = "XdndTypeList",
    xdnd_action_list = "XdndActionList",
    xdnd_enter = "XdndEnter",
    xdnd_position = "XdndPosition",
    xdnd_status = "XdndStatus",
    xdnd_leave = "XdndLeave",
    xdnd_drop = "XdndDrop",
    xdnd_finished = "XdndFinished",
    xdnd_action_copy = "XdndActionCopy",
    xdnd_action_move = "XdndActionMove",
    xdnd_action_ask = "XdndActionAsk",
    // Xwayland says by it which surface is which window.
    wl_surface_id = "WL_SURFACE_ID",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_the_name_of_its_field() {
        let mut atoms = Atoms::default();
        for place in 0..NAMES.len() {
            atoms.set(place, u32::try_from(place).unwrap() + 1);
        }
        let named = |name| 1 + NAMES.iter().position(|known| *known == name).unwrap();
        assert_eq!(atoms.wm_s0 as usize, named("WM_S0"));
        assert_eq!(atoms.wl_surface_id as usize, named("WL_SURFACE_ID"));
        assert_eq!(atoms.net_wm_state as usize, named("_NET_WM_STATE"));
    }
}
