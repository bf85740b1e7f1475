//! The windows of an X server's screen, as its window manager has them, or as they are if there is none.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConfigureWindowAux, ConnectionExt as _, EventMask, InputFocus,
    MapState, StackMode,
};
use x11rb::rust_connection::{DefaultStream, RustConnection};

use super::windows::{marked, within_mark};
use super::{PATIENCE, Rect, Window, finish};

/// The pager, in messages to the window manager.
const PAGER: u32 = 2;

/// A connection for one question.
pub(super) struct Screen {
    conn: RustConnection,
    root: u32,
}

impl Screen {
    pub(super) fn open() -> Result<Self> {
        let (conn, screen) = x11rb::connect(None).context("cannot connect to the X server")?;
        let root = conn.setup().roots[screen].root;
        Ok(Self { conn, root })
    }

    /// On a server of this name, with the only cookie that a file has.
    pub(super) fn open_with(display: &Path, authority: &Path) -> Result<Self> {
        let number = display.to_str().and_then(|name| name.strip_prefix(':'));
        let socket = format!("/tmp/.X11-unix/X{}", number.context("a number")?);
        let cookie = std::fs::read(authority)?;
        let cookie = cookie.get(cookie.len().saturating_sub(16)..);
        let (stream, _) = DefaultStream::from_unix_stream(UnixStream::connect(socket)?)?;
        let conn = RustConnection::connect_to_stream_with_auth_info(
            stream,
            0,
            b"MIT-MAGIC-COOKIE-1".to_vec(),
            cookie.unwrap_or_default().to_vec(),
        )?;
        let root = conn.setup().roots[0].root;
        Ok(Self { conn, root })
    }

    fn atom(&self, name: &str) -> Result<u32> {
        Ok(self.conn.intern_atom(false, name.as_bytes())?.reply()?.atom)
    }

    pub(super) fn numbers(&self, window: u32, name: &str) -> Result<Vec<u32>> {
        let name = self.atom(name)?;
        let reply = self
            .conn
            .get_property(false, window, name, AtomEnum::ANY, 0, 4096)?
            .reply()?;
        Ok(reply.value32().map(Iterator::collect).unwrap_or_default())
    }

    fn text(&self, window: u32, name: &str) -> Result<String> {
        let name = self.atom(name)?;
        let reply = self
            .conn
            .get_property(false, window, name, AtomEnum::ANY, 0, 4096)?
            .reply()?;
        Ok(String::from_utf8_lossy(&reply.value).into_owned())
    }

    /// Whether somebody manages windows now: one who was killed has left what it said on the root window.
    pub(super) fn is_managed(&self) -> Result<bool> {
        let name = "_NET_SUPPORTING_WM_CHECK";
        let said = self.numbers(self.root, name)?;
        let itself = |window: &u32| self.numbers(*window, name).is_ok_and(|own| own == said);
        Ok(said.first().is_some_and(itself))
    }

    /// All that are managed, those that have gone meanwhile left out.
    pub(super) fn windows(&self) -> Result<Vec<Window>> {
        let (active, all) = if self.is_managed()? {
            (
                self.numbers(self.root, "_NET_ACTIVE_WINDOW")?,
                self.numbers(self.root, "_NET_CLIENT_LIST")?,
            )
        } else {
            let focus = self.conn.get_input_focus()?.reply()?.focus;
            (vec![focus], self.unmanaged()?)
        };
        let described = |id: &u32| self.window(*id, active.first() == Some(id)).ok();
        Ok(all.iter().filter_map(described).collect())
    }

    /// What a window manager would have to manage.
    fn unmanaged(&self) -> Result<Vec<u32>> {
        let all = self.conn.query_tree(self.root)?.reply()?.children;
        let is_one = |id: &u32| {
            let known = self.conn.get_window_attributes(*id).ok();
            let shown = known.and_then(|it| it.reply().ok());
            let shown =
                shown.is_some_and(|it| !it.override_redirect && it.map_state == MapState::VIEWABLE);
            shown && self.text(*id, "WM_CLASS").is_ok_and(|it| !it.is_empty())
        };
        Ok(all.into_iter().filter(is_one).collect())
    }

    fn window(&self, id: u32, focused: bool) -> Result<Window> {
        let content = self.place(id)?;
        let states = self.numbers(id, "_NET_WM_STATE")?;
        let fullscreen = states.contains(&self.atom("_NET_WM_STATE_FULLSCREEN")?);
        // Left, right, top, bottom.
        let frame = self.numbers(id, "_NET_FRAME_EXTENTS")?;
        let edge = |n: usize| frame.get(n).map_or(0, |n| i32::try_from(*n).unwrap_or(0));
        let rect = Rect {
            x: content.x - edge(0),
            y: content.y - edge(2),
            width: content.width + edge(0) + edge(1),
            height: content.height + edge(2) + edge(3),
        };
        let class = self.text(id, "WM_CLASS")?;
        let app_id = class.split('\0').next().unwrap_or_default();
        // Programs from before that have only the other one, as window managers know.
        let mut title = self.text(id, "_NET_WM_NAME")?;
        if title.is_empty() {
            title = self.text(id, "WM_NAME")?;
        }
        let (mark, title) = marked(app_id, &title);
        Ok(Window {
            con_id: id.into(),
            app_id: app_id.to_owned(),
            title: title.to_owned(),
            mark: mark.map(ToOwned::to_owned),
            rect,
            content: match mark {
                Some(_) => within_mark(content, fullscreen),
                None => content,
            },
            focused,
            fullscreen,
            urgent: states.contains(&self.atom("_NET_WM_STATE_DEMANDS_ATTENTION")?),
            pid: self
                .numbers(id, "_NET_WM_PID")?
                .first()
                .copied()
                .unwrap_or(0),
        })
    }

    fn place(&self, id: u32) -> Result<Rect> {
        let size = self.conn.get_geometry(id)?.reply()?;
        let at = self
            .conn
            .translate_coordinates(id, self.root, 0, 0)?
            .reply()?;
        Ok(Rect {
            x: at.dst_x.into(),
            y: at.dst_y.into(),
            width: size.width.into(),
            height: size.height.into(),
        })
    }

    /// What is shown and no window manager has: menus, tooltips.
    pub(super) fn popups(&self) -> Result<Vec<Rect>> {
        let all = self.conn.query_tree(self.root)?.reply()?.children;
        let mut found = Vec::new();
        for id in all {
            let shown = self
                .conn
                .get_window_attributes(id)?
                .reply()
                .is_ok_and(|it| it.override_redirect && it.map_state == MapState::VIEWABLE);
            let known = self.numbers(id, "WM_TRANSIENT_FOR").unwrap_or_default();
            if shown && !known.is_empty() {
                found.push(self.place(id)?);
            }
        }
        Ok(found)
    }

    /// Tells the window manager something.
    fn tell(&self, id: u32, what: &str, data: [u32; 5]) -> Result<()> {
        if !self.is_managed()? {
            bail!("there is no window manager to be told {what}");
        }
        let what = self.atom(what)?;
        let message = ClientMessageEvent::new(32, id, what, data);
        let to = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        self.conn.send_event(false, self.root, to, message)?;
        self.settle()
    }

    fn settle(&self) -> Result<()> {
        self.conn.get_input_focus()?.reply()?;
        Ok(())
    }

    pub(super) fn focus(&self, id: u32) -> Result<()> {
        if !self.is_managed()? {
            let above = ConfigureWindowAux::new().stack_mode(StackMode::ABOVE);
            self.conn.configure_window(id, &above)?;
            let now = x11rb::CURRENT_TIME;
            self.conn.set_input_focus(InputFocus::PARENT, id, now)?;
            return self.settle();
        }
        self.tell(id, "_NET_ACTIVE_WINDOW", [PAGER, 0, 0, 0, 0])
    }

    pub(super) fn close(&self, id: u32) -> Result<()> {
        if !self.is_managed()? {
            let (protocols, delete) = (self.atom("WM_PROTOCOLS")?, self.atom("WM_DELETE_WINDOW")?);
            let data = [delete, x11rb::CURRENT_TIME, 0, 0, 0];
            let message = ClientMessageEvent::new(32, id, protocols, data);
            self.conn
                .send_event(false, id, EventMask::NO_EVENT, message)?;
            return self.settle();
        }
        self.tell(id, "_NET_CLOSE_WINDOW", [0, PAGER, 0, 0, 0])
    }

    /// Adds a state or takes it away.
    pub(super) fn state(&self, id: u32, on: bool, names: [&str; 2]) -> Result<()> {
        let [first, second] = names.map(|name| self.atom(name));
        self.tell(
            id,
            "_NET_WM_STATE",
            [u32::from(on), first?, second?, PAGER, 0],
        )
    }

    /// Gives the frame a place or the content a size; the window manager does it.
    pub(super) fn configure(&self, id: u32, aux: &ConfigureWindowAux) -> Result<()> {
        self.conn.configure_window(id, aux)?;
        self.settle()
    }
}

/// A window of the server by what the tests call it.
pub(super) fn id(window: &Window) -> Result<u32> {
    u32::try_from(window.con_id).context("a window of the X server")
}

/// Runs xclip, which stays to serve what it was given.
pub(super) fn copy(sh: &mut Command, kind: &str, bytes: &[u8]) -> Result<()> {
    // By the name that its own programs ask for.
    let kind = if kind.starts_with("text/plain") {
        "UTF8_STRING"
    } else {
        kind
    };
    let script = r#"exec xclip -selection clipboard -in -target "$0" >/dev/null 2>&1"#;
    let done = finish(sh.args(["-c", script, kind]), bytes, PATIENCE)?;
    if !done.status.success() {
        bail!("xclip failed ({})", done.status);
    }
    Ok(())
}

/// What a selection has of a type; none if it has nothing of it.
pub(super) fn paste(mut xclip: Command, selection: &str, kind: &str) -> Result<Option<String>> {
    xclip.args(["-selection", selection, "-out", "-target", kind]);
    let done = finish(&mut xclip, b"", PATIENCE)?;
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    Ok(done.status.success().then_some(text))
}
