//! The pointer's picture: one that the app draws, or one of the user's by name.

pub(super) mod theme;

use std::collections::HashMap;

use wayland_protocols::wp::cursor_shape::v1::server::wp_cursor_shape_device_v1::Shape;
use wayland_server::backend::ObjectId;
use x11rb::connection::Connection as _;
use x11rb::errors::ReplyOrIdError;
use x11rb::protocol::render::{ConnectionExt as _, CreatePictureAux};
use x11rb::protocol::xproto::{
    ChangeWindowAttributesAux, ConnectionExt as _, CreateGCAux, ImageFormat,
};

use super::State;
use super::paint::{Canvas, lay};
use super::rect::Rect;
use super::screen::Screen;
use super::surfaces::Role;
use theme::{Image, SHAPES};

/// What an app has shown at the pointer.
#[derive(Debug, Default)]
pub(super) struct Cursors {
    /// Drawn by the app: the surface, and its point that points.
    own: Option<(ObjectId, (i32, i32))>,
    /// The server's, by the number of their shape; 0 is none at all.
    made: HashMap<u32, u32>,
}

impl Cursors {
    /// Another surface has the pointer; what was drawn for the last one does not change it.
    pub(super) fn forget(&mut self) {
        self.own = None;
    }

    pub(super) fn surface(&self) -> Option<&ObjectId> {
        self.own.as_ref().map(|(id, _)| id)
    }
}

/// The number of no picture at all.
const NOTHING: u32 = 0;

impl State {
    pub(super) fn set_cursor(
        &mut self,
        serial: u32,
        surface: Option<ObjectId>,
        hotspot: (i32, i32),
    ) {
        let current = self.seat.pointer.focus.is_some() && self.seat.pointer.entered == serial;
        if let Some(id) = &surface
            && let Some(surface) = self.surfaces.get_mut(id)
        {
            surface.role = Role::Cursor;
        }
        if !current {
            return;
        }
        match surface {
            Some(id) => {
                self.seat.cursors.own = Some((id.clone(), hotspot));
                self.draw_cursor();
            }
            None => self.show_shape(NOTHING),
        }
    }

    pub(super) fn set_shape(&mut self, serial: u32, shape: Shape) {
        if self.seat.pointer.focus.is_some() && self.seat.pointer.entered == serial {
            self.show_shape(shape.into());
        }
    }

    fn show_shape(&mut self, shape: u32) {
        self.seat.cursors.own = None;
        let cursor = match self.seat.cursors.made.get(&shape) {
            Some(cursor) => *cursor,
            None => {
                let image = self.place.theme.images.get(&shape);
                let made = match (shape, image) {
                    (NOTHING, _) => nothing(&self.screen),
                    (_, Some(image)) => from_image(&self.screen, image),
                    (_, None) => from_font(&self.screen, shape),
                };
                let Ok(cursor) = made else { return };
                self.seat.cursors.made.insert(shape, cursor);
                cursor
            }
        };
        self.show(cursor);
    }

    fn show(&self, cursor: u32) {
        let Some((_, root)) = &self.seat.pointer.focus else {
            return;
        };
        if let Some(window) = self.window(root) {
            let aux = ChangeWindowAttributesAux::new().cursor(cursor);
            let _ = self.screen.conn.change_window_attributes(window.id, &aux);
        }
    }

    /// What is shown at the pointer has changed.
    pub(super) fn cursor_committed(&mut self, id: &ObjectId, offset: (i32, i32)) {
        let Some((own, hotspot)) = &mut self.seat.cursors.own else {
            return;
        };
        if own != id {
            return;
        }
        hotspot.0 -= offset.0;
        hotspot.1 -= offset.1;
        self.draw_cursor();
        // Its frames are those of the window that it is over.
        if let Some((_, root)) = self.seat.pointer.focus.clone() {
            self.wants_frame(&root);
        }
    }

    fn draw_cursor(&mut self) {
        let Some((id, hotspot)) = self.seat.cursors.own.clone() else {
            return;
        };
        let Some(surface) = self.surfaces.get(&id) else {
            return;
        };
        let scale = self.screen.scale;
        let rect = Rect::sized(surface.size()).scaled(scale);
        if rect.is_empty() {
            let own = self.seat.cursors.own.take();
            self.show_shape(NOTHING);
            self.seat.cursors.own = own;
            return;
        }
        let length = usize::try_from(4 * i64::from(rect.w) * i64::from(rect.h)).unwrap_or(0);
        let mut pixels = vec![0; length];
        let canvas = Canvas {
            rect,
            scale,
            pixels: &mut pixels,
        };
        lay(surface, (0, 0), canvas, &mut Vec::new());
        let short = |n: i32| u16::try_from(n.max(0)).unwrap_or(0);
        let image = Image {
            size: (short(rect.w), short(rect.h)),
            hotspot: (
                short((hotspot.0 * scale).min(rect.w - 1)),
                short((hotspot.1 * scale).min(rect.h - 1)),
            ),
            pixels,
        };
        if let Ok(cursor) = from_image(&self.screen, &image) {
            self.show(cursor);
            // The window keeps it.
            let _ = self.screen.conn.free_cursor(cursor);
        }
    }
}

/// A cursor of a picture.
fn from_image(screen: &Screen, image: &Image) -> Result<u32, ReplyOrIdError> {
    let conn = &screen.conn;
    let (w, h) = image.size;
    let (pixmap, gc) = (conn.generate_id()?, conn.generate_id()?);
    let (picture, cursor) = (conn.generate_id()?, conn.generate_id()?);
    conn.create_pixmap(32, pixmap, screen.root, w, h)?;
    conn.create_gc(gc, pixmap, &CreateGCAux::new())?;
    // A cursor of the largest size that the bridge lets pass is four requests' worth.
    let row = usize::from(w) * 4;
    let rows = (64 * 1024 / row.max(1)).max(1);
    for (n, part) in image.pixels.chunks(rows * row.max(1)).enumerate() {
        let y = i16::try_from(n * rows).unwrap_or(i16::MAX);
        let height = u16::try_from(part.len() / row.max(1)).unwrap_or(0);
        let format = ImageFormat::Z_PIXMAP;
        conn.put_image(format, pixmap, gc, w, height, 0, y, 0, 32, part)?;
    }
    conn.render_create_picture(picture, pixmap, screen.argb, &CreatePictureAux::new())?;
    conn.render_create_cursor(cursor, picture, image.hotspot.0, image.hotspot.1)?;
    conn.render_free_picture(picture)?;
    conn.free_gc(gc)?;
    conn.free_pixmap(pixmap)?;
    Ok(cursor)
}

/// No picture.
fn nothing(screen: &Screen) -> Result<u32, ReplyOrIdError> {
    let image = Image {
        size: (1, 1),
        hotspot: (0, 0),
        pixels: vec![0; 4],
    };
    from_image(screen, &image)
}

/// A cursor of the font that every server has.
fn from_font(screen: &Screen, shape: u32) -> Result<u32, ReplyOrIdError> {
    let glyph = SHAPES.iter().find(|(it, ..)| u32::from(*it) == shape);
    let glyph = glyph.map_or(68, |(_, _, glyph)| *glyph);
    let conn = &screen.conn;
    let (font, cursor) = (conn.generate_id()?, conn.generate_id()?);
    let (black, white) = (0, u16::MAX);
    conn.open_font(font, b"cursor")?;
    conn.create_glyph_cursor(
        cursor,
        font,
        font,
        glyph,
        glyph + 1,
        black,
        black,
        black,
        white,
        white,
        white,
    )?;
    conn.close_font(font)?;
    Ok(cursor)
}
