//! The user's cursors by name, read while files can be read.

use std::collections::HashMap;
use std::path::Path;

use wayland_protocols::wp::cursor_shape::v1::server::wp_cursor_shape_device_v1::Shape;
use x11rb::connection::Connection as _;
use x11rb::resource_manager;
use x11rb::rust_connection::RustConnection;
use xcursor::CursorTheme;

use super::super::surfaces::to_int;

/// What a monitor of usual density has.
const USUAL_DPI: i32 = 96;
/// Larger pictures are not cursors of anybody's.
const SIDE: u32 = 256;
/// The largest file of one cursor that is read.
const FILE: u64 = 8 << 20;

/// A cursor's picture.
#[derive(Debug, Clone)]
pub(in super::super) struct Image {
    pub(super) size: (u16, u16),
    pub(super) hotspot: (u16, u16),
    /// Premultiplied, blue first.
    pub(super) pixels: Vec<u8>,
}

/// What the user likes.
#[derive(Debug, Default)]
pub(in super::super) struct Theme {
    pub(super) images: HashMap<u32, Image>,
}

/// Names of shapes, the newest first, and the number in the font that every server has.
/// <https://www.x.org/releases/current/doc/libX11/libX11/libX11.html#x_font_cursors>
pub(super) const SHAPES: &[(Shape, &[&str], u16)] = &[
    (Shape::Default, &["default", "left_ptr"], 68),
    (Shape::ContextMenu, &["context-menu", "left_ptr"], 68),
    (Shape::Help, &["help", "question_arrow"], 92),
    (Shape::Pointer, &["pointer", "hand2"], 60),
    (Shape::Progress, &["progress", "left_ptr_watch"], 150),
    (Shape::Wait, &["wait", "watch"], 150),
    (Shape::Cell, &["cell", "plus"], 90),
    (Shape::Crosshair, &["crosshair", "cross"], 34),
    (Shape::Text, &["text", "xterm"], 152),
    (Shape::VerticalText, &["vertical-text", "xterm"], 152),
    (Shape::Alias, &["alias", "link"], 68),
    (Shape::Copy, &["copy", "left_ptr"], 68),
    (Shape::Move, &["move", "fleur"], 52),
    (Shape::NoDrop, &["no-drop", "crossed_circle"], 0),
    (Shape::NotAllowed, &["not-allowed", "crossed_circle"], 0),
    (Shape::Grab, &["grab", "hand1"], 58),
    (Shape::Grabbing, &["grabbing", "fleur"], 52),
    (Shape::EResize, &["e-resize", "right_side"], 96),
    (Shape::NResize, &["n-resize", "top_side"], 138),
    (Shape::NeResize, &["ne-resize", "top_right_corner"], 136),
    (Shape::NwResize, &["nw-resize", "top_left_corner"], 134),
    (Shape::SResize, &["s-resize", "bottom_side"], 16),
    (Shape::SeResize, &["se-resize", "bottom_right_corner"], 14),
    (Shape::SwResize, &["sw-resize", "bottom_left_corner"], 12),
    (Shape::WResize, &["w-resize", "left_side"], 70),
    (Shape::EwResize, &["ew-resize", "sb_h_double_arrow"], 108),
    (Shape::NsResize, &["ns-resize", "sb_v_double_arrow"], 116),
    (Shape::NeswResize, &["nesw-resize", "top_right_corner"], 136),
    (Shape::NwseResize, &["nwse-resize", "top_left_corner"], 134),
    (Shape::ColResize, &["col-resize", "sb_h_double_arrow"], 108),
    (Shape::RowResize, &["row-resize", "sb_v_double_arrow"], 116),
    (Shape::AllScroll, &["all-scroll", "fleur"], 52),
    (Shape::ZoomIn, &["zoom-in", "left_ptr"], 68),
    (Shape::ZoomOut, &["zoom-out", "left_ptr"], 68),
];

impl Theme {
    /// Reads what the user's resources name.
    pub(in super::super) fn load(conn: &RustConnection, screen: usize) -> Self {
        let resources = resource_manager::new_from_resource_manager(conn)
            .ok()
            .flatten();
        let value = |name: &str| {
            let text = resources.as_ref()?.get_string(name, "")?;
            Some(text.to_owned())
        };
        let number = |name: &str| value(name).and_then(|text| text.trim().parse::<f64>().ok());
        let height = conn
            .setup()
            .roots
            .get(screen)
            .map_or(0, |it| it.height_in_pixels);
        // As libXcursor does without a wish.
        let usual = number("Xft.dpi").map_or(f64::from(height) / 48.0, |dpi| dpi * 16.0 / 72.0);
        let size = number("Xcursor.size").unwrap_or(usual);
        let size = u32::try_from(to_int(size)).unwrap_or(24).clamp(8, SIDE);
        let named = value("Xcursor.theme").unwrap_or_else(|| "default".to_owned());
        let theme = CursorTheme::load(&named);
        let mut images = HashMap::new();
        for (shape, names, _) in SHAPES {
            let file = names.iter().find_map(|name| theme.load_icon(name));
            if let Some(image) = file.and_then(|file| image(&file, size)) {
                images.insert(u32::from(*shape), image);
            }
        }
        Self { images }
    }
}

/// Pixels of the server to one of the app's.
pub(in super::super) fn scale(conn: &RustConnection) -> i32 {
    let resources = resource_manager::new_from_resource_manager(conn);
    let resources = resources.ok().flatten();
    let dpi = resources.and_then(|all| all.get_string("Xft.dpi", "")?.trim().parse::<f64>().ok());
    (dpi.map_or(USUAL_DPI, to_int) / USUAL_DPI).clamp(1, 4)
}

/// The picture of a file that is nearest to a size.
fn image(file: &Path, size: u32) -> Option<Image> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let open = std::fs::File::open(file).ok()?;
    open.take(FILE).read_to_end(&mut bytes).ok()?;
    let images = xcursor::parser::parse_xcursor(&bytes)?;
    let nearest = images
        .iter()
        .min_by_key(|image| image.size.abs_diff(size))?;
    if nearest.width > SIDE || nearest.height > SIDE {
        return None;
    }
    let short = |n: u32| u16::try_from(n).ok();
    let mut pixels = nearest.pixels_rgba.clone();
    pixels
        .chunks_exact_mut(4)
        .for_each(|pixel| pixel.swap(0, 2));
    Some(Image {
        size: (short(nearest.width)?, short(nearest.height)?),
        hotspot: (short(nearest.xhot)?, short(nearest.yhot)?),
        pixels,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_has_names_and_a_glyph() {
        for number in 1..=34 {
            let shape = Shape::try_from(number).unwrap();
            assert_eq!(SHAPES.iter().filter(|it| it.0 == shape).count(), 1);
        }
        assert!(
            SHAPES
                .iter()
                .all(|(_, names, glyph)| !names.is_empty() && glyph % 2 == 0)
        );
    }
}
