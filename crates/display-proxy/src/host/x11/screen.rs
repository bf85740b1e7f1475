//! A connection to the X server and what was asked of it at the start.

use std::cell::Cell;

use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::errors::{ReplyError, ReplyOrIdError};
use x11rb::protocol::xinput::{self, ConnectionExt as _};
use x11rb::protocol::xkb::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{
    Colormap, ColormapAlloc, ConnectionExt as _, VisualClass, Visualid, Window,
};
use x11rb::protocol::{present, randr, render, shape, shm, sync, xfixes};
use x11rb::rust_connection::RustConnection;

use super::super::backend::ConnectError;
use super::cursors::theme;

x11rb::atom_manager! {
    /// The names that this side knows.
    pub(super) Atoms: AtomsCookie {
        UTF8_STRING,
        TEXT,
        TARGETS,
        TIMESTAMP,
        INCR,
        CLIPBOARD,
        WM_PROTOCOLS,
        WM_DELETE_WINDOW,
        WM_CHANGE_STATE,
        _NET_SUPPORTED,
        _NET_SUPPORTING_WM_CHECK,
        _NET_WORKAREA,
        _NET_CURRENT_DESKTOP,
        _NET_WM_NAME,
        _NET_WM_ICON_NAME,
        _NET_WM_PING,
        _NET_WM_SYNC_REQUEST,
        _NET_WM_SYNC_REQUEST_COUNTER,
        _NET_WM_MOVERESIZE,
        _NET_WM_STATE,
        _NET_WM_STATE_MAXIMIZED_VERT,
        _NET_WM_STATE_MAXIMIZED_HORZ,
        _NET_WM_STATE_HIDDEN,
        _NET_WM_STATE_FULLSCREEN,
        _NET_WM_STATE_DEMANDS_ATTENTION,
        _NET_ACTIVE_WINDOW,
        _NET_WM_ICON,
        _NET_WM_WINDOW_TYPE,
        _NET_WM_WINDOW_TYPE_NORMAL,
        _NET_WM_WINDOW_TYPE_DIALOG,
        _NET_WM_WINDOW_TYPE_POPUP_MENU,
        _NET_WM_WINDOW_TYPE_TOOLTIP,
        _NET_WM_CM_S0,
        _GTK_SHOW_WINDOW_MENU,
        _MOTIF_WM_HINTS,
        XdndAware,
        XdndProxy,
        XdndActionList,
        XdndTypeList,
        XdndSelection,
        XdndEnter,
        XdndPosition,
        XdndStatus,
        XdndLeave,
        XdndDrop,
        XdndFinished,
        XdndActionCopy,
        XdndActionMove,
        XdndActionAsk,
    }
}

/// A kind of window: how deep its pixels are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) depth: u8,
    pub(super) visual: Visualid,
    pub(super) colormap: Colormap,
}

/// The connection of one app client.
#[derive(Debug)]
pub(super) struct Screen {
    pub(super) conn: RustConnection,
    pub(super) atoms: Atoms,
    pub(super) root: Window,
    /// Pixels without transparency.
    pub(super) plain: Look,
    /// With it, where the server has such.
    pub(super) clear: Option<Look>,
    /// Whether pixels can be in memory that both have. One error ends that.
    pub(super) shared_memory: Cell<bool>,
    /// Whether the server says when a frame is over.
    pub(super) present: bool,
    pub(super) counters: bool,
    /// Whether windows can have any shape.
    pub(super) shapes: bool,
    /// What pictures with transparency are called.
    pub(super) argb: u32,
    /// Where on the wire shared memory is, to know its errors.
    pub(super) shm_opcode: u8,
    /// Pixels of the host to one of the app's.
    pub(super) scale: i32,
}

impl Screen {
    pub(super) fn open(conn: RustConnection, number: usize) -> Result<Self, ConnectError> {
        let scale = theme::scale(&conn);
        // One that answers no more has ended meanwhile.
        let gone = |error: &ReplyOrIdError| matches!(error, ReplyOrIdError::ConnectionError(_));
        Self::ask(conn, number, scale).map_err(|error| {
            if gone(&error) {
                return ConnectError::Gone;
            }
            tracing::warn!(%error, "the X server has not what windows need");
            ConnectError::Busy
        })
    }

    fn ask(conn: RustConnection, number: usize, scale: i32) -> Result<Self, ReplyOrIdError> {
        for extension in [
            shm::X11_EXTENSION_NAME,
            present::X11_EXTENSION_NAME,
            randr::X11_EXTENSION_NAME,
            render::X11_EXTENSION_NAME,
            shape::X11_EXTENSION_NAME,
            sync::X11_EXTENSION_NAME,
            xfixes::X11_EXTENSION_NAME,
            xinput::X11_EXTENSION_NAME,
            xkb::X11_EXTENSION_NAME,
        ] {
            conn.prefetch_extension_information(extension)?;
        }
        let atoms = Atoms::new(&conn)?;
        let shm_info = conn.extension_information(shm::X11_EXTENSION_NAME)?;
        let versions = Versions::ask(&conn)?;
        let argb = argb(&conn)?;
        conn.xinput_xi_query_version(2, 2)?.reply()?;
        conn.xkb_use_extension(1, 0)?.reply()?;
        let atoms = atoms.reply()?;
        let screen = &conn.setup().roots[number];
        let (root, shallow) = (screen.root, screen.root_depth);
        let plain = Look {
            depth: shallow,
            visual: screen.root_visual,
            colormap: screen.default_colormap,
        };
        let visual = screen
            .allowed_depths
            .iter()
            .filter(|depth| depth.depth == 32)
            .flat_map(|depth| &depth.visuals)
            .find(|visual| visual.class == VisualClass::TRUE_COLOR)
            .map(|visual| visual.visual_id);
        let clear = visual
            .map(|visual| {
                let colormap = conn.generate_id()?;
                conn.create_colormap(ColormapAlloc::NONE, colormap, root, visual)?;
                let depth = 32;
                Ok::<_, ReplyOrIdError>(Look {
                    depth,
                    visual,
                    colormap,
                })
            })
            .transpose()?;
        Ok(Self {
            atoms,
            root,
            plain,
            clear,
            // Passing descriptors came with 1.2.
            shared_memory: Cell::new(versions.shm >= (1, 2)),
            present: versions.present,
            counters: versions.sync,
            shapes: versions.shape,
            argb,
            shm_opcode: shm_info.map_or(0, |info| info.major_opcode),
            scale,
            conn,
        })
    }

    /// Whether somebody puts windows together from their pictures, so that transparency shows.
    pub(super) fn is_composited(&self) -> bool {
        let owner = self
            .conn
            .get_selection_owner(self.atoms._NET_WM_CM_S0)
            .map_err(ReplyError::from)
            .and_then(x11rb::cookie::Cookie::reply);
        owner.is_ok_and(|owner| owner.owner != x11rb::NONE)
    }

    /// A property of the root window that is numbers.
    pub(super) fn root_numbers(&self, name: u32) -> Vec<u32> {
        self.numbers(self.root, name)
    }

    /// A property that is numbers; none if it is not there.
    pub(super) fn numbers(&self, window: Window, name: u32) -> Vec<u32> {
        let any = x11rb::protocol::xproto::AtomEnum::ANY;
        let reply = self
            .conn
            .get_property(false, window, name, any, 0, 1024)
            .map_err(ReplyError::from)
            .and_then(x11rb::cookie::Cookie::reply);
        reply
            .ok()
            .and_then(|reply| reply.value32().map(Iterator::collect))
            .unwrap_or_default()
    }
}

/// The format of pixels with transparency, blue first.
fn argb(conn: &RustConnection) -> Result<u32, ReplyOrIdError> {
    use render::ConnectionExt as _;
    let formats = conn.render_query_pict_formats()?.reply()?;
    let fits = |it: &&render::Pictforminfo| {
        let direct = it.direct;
        it.depth == 32
            && (direct.alpha_shift, direct.red_shift, direct.blue_shift) == (24, 16, 0)
            && direct.alpha_mask == 255
    };
    Ok(formats.formats.iter().find(fits).map_or(0, |it| it.id))
}

/// What extensions are there, and how new they are.
struct Versions {
    shm: (u16, u16),
    present: bool,
    sync: bool,
    shape: bool,
}

impl Versions {
    fn ask(conn: &RustConnection) -> Result<Self, ReplyOrIdError> {
        use present::ConnectionExt as _;
        use randr::ConnectionExt as _;
        use render::ConnectionExt as _;
        use shape::ConnectionExt as _;
        use shm::ConnectionExt as _;
        use sync::ConnectionExt as _;
        use xfixes::ConnectionExt as _;
        // All are asked before the first answer is waited for; what is missing is an error of ours at once.
        let shm = conn.shm_query_version();
        let present = conn.present_query_version(1, 0);
        let sync = conn.sync_initialize(3, 1);
        let shape = conn.shape_query_version();
        let randr = conn.randr_query_version(1, 5);
        let fixes = conn.xfixes_query_version(5, 0);
        let render = conn.render_query_version(0, 11);
        let shm = shm.ok().and_then(|cookie| cookie.reply().ok());
        // Cursors are pictures, screens are outputs, owners of the clipboard change: nothing goes without these.
        render?.reply()?;
        randr?.reply()?;
        fixes?.reply()?;
        Ok(Self {
            shm: shm.map_or((0, 0), |v| (v.major_version, v.minor_version)),
            present: present.is_ok_and(|cookie| cookie.reply().is_ok()),
            sync: sync.is_ok_and(|cookie| cookie.reply().is_ok()),
            shape: shape.is_ok_and(|cookie| cookie.reply().is_ok()),
        })
    }
}

/// A coordinate as the protocol has it.
pub(super) fn short(value: i32) -> i16 {
    i16::try_from(value.clamp(i16::MIN.into(), i16::MAX.into())).unwrap_or(0)
}

/// A side of a window or picture as the protocol has it: none is empty.
pub(super) fn side(value: i32) -> u16 {
    u16::try_from(value.clamp(1, 32_767)).unwrap_or(1)
}
