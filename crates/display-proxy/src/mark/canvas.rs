//! The pixels of borders. All lengths are parts of the same few strips, so a border is drawn once, not once a size: a
//! buffer of any length is a piece of the strip, with the strip's stride.

use std::os::fd::{AsFd, OwnedFd};

use oz_core::colour::Colour;
use rustix::fs::SealFlags;
use rustix::io::Errno;

use super::letters::Mask;
use super::places::{BAR, BORDER, Shape, Side};
use crate::bridge::buffers::Layout;
use crate::fds;

/// `wl_shm.format.xrgb8888`: nothing shines through.
const XRGB: u32 = 1;
/// Strips are this long at least, in logical pixels.
const SHORTEST: i32 = 2048;
/// From the left edge to the name.
const INDENT: i32 = 10;

/// Four strips in memory that the host maps.
#[derive(Debug)]
pub(crate) struct Canvas {
    pub(crate) fd: OwnedFd,
    /// Bytes.
    pub(crate) size: i32,
    pub(crate) scale: i32,
    length: i32,
}

impl Canvas {
    /// Whether borders of this length and scale are parts of it.
    pub(crate) fn suits(&self, length: i32, scale: i32) -> bool {
        length <= self.length && scale == self.scale
    }

    /// Draws the strips, for borders up to a length in logical pixels.
    pub(crate) fn draw(
        length: i32,
        scale: i32,
        colour: Colour,
        label: &Mask,
    ) -> Result<Self, Errno> {
        let length = u32::try_from(length.max(SHORTEST)).unwrap_or(1);
        let length = i32::try_from(length.next_power_of_two()).map_err(|_| Errno::INVAL)?;
        let long = length
            .checked_mul(scale)
            .and_then(|long| usize::try_from(long).ok())
            .ok_or(Errno::INVAL)?;
        let unit = usize::try_from(scale).map_err(|_| Errno::INVAL)?;
        let [bar, border, indent] =
            [BAR, BORDER, INDENT].map(|n| usize::try_from(n).unwrap_or(0) * unit);
        let (own, light) = (pixel(colour), pixel(Colour::LIGHT));

        let mut pixels = vec![own; long * (bar + 3 * border)];
        let (top, rest) = pixels.split_at_mut(long * bar);
        top[..long * unit].fill(light);
        write(top, long, label, (indent, unit), own);
        let (bottom, sides) = rest.split_at_mut(long * border);
        bottom[long * (border - unit)..].fill(light);
        let (left, right) = sides.split_at_mut(long * border);
        for row in left.chunks_exact_mut(border) {
            row[..unit].fill(light);
        }
        for row in right.chunks_exact_mut(border) {
            row[border - unit..].fill(light);
        }

        pixels.extend(arrow());
        let bytes: Vec<u8> = pixels.into_iter().flat_map(u32::to_ne_bytes).collect();
        let size = i32::try_from(bytes.len()).map_err(|_| Errno::INVAL)?;
        let fd = fds::own_memory("mark", bytes.len() as u64)?;
        fds::write_at(fd.as_fd(), &bytes, 0)?;
        rustix::fs::fcntl_add_seals(&fd, SealFlags::GROW)?;
        Ok(Self {
            fd,
            size,
            scale,
            length,
        })
    }

    /// Where the pixels of a cursor are, with their opacity.
    pub(crate) fn arrow(&self) -> Layout {
        let bytes = ARROW.len() * ARROW[0].len() * 4;
        let length = |of: usize| i32::try_from(of).unwrap_or(0);
        Layout {
            offset: self.size - length(bytes),
            width: length(ARROW[0].len()),
            height: length(ARROW.len()),
            stride: length(ARROW[0].len() * 4),
            format: 0,
        }
    }

    /// Where a side's pixels are. `length` is in logical pixels, as far as the strips go.
    pub(crate) fn part(&self, shape: Shape, side: Side, length: i32) -> Layout {
        let unit = self.scale;
        let length = length.clamp(1, self.length) * unit;
        let (along, across) = (self.length * unit * 4, BORDER * unit * 4);
        let thick = shape.thickness();
        let bottom = along * BAR * unit;
        let left = bottom + along * BORDER * unit;
        let right = left + along * BORDER * unit;
        let (offset, width, height, stride) = match side {
            Side::Top => (0, length, shape.top() * unit, along),
            Side::Bottom => (
                bottom + along * (BORDER - thick) * unit,
                length,
                thick * unit,
                along,
            ),
            Side::Left => (left, thick * unit, length, across),
            Side::Right => (
                right + (BORDER - thick) * unit * 4,
                thick * unit,
                length,
                across,
            ),
        };
        Layout {
            offset,
            width,
            height,
            stride,
            format: XRGB,
        }
    }
}

/// A cursor that points to its left upper corner: `#` black, `+` white.
const ARROW: [&[u8]; 16] = [
    b"+          ",
    b"++         ",
    b"+#+        ",
    b"+##+       ",
    b"+###+      ",
    b"+####+     ",
    b"+#####+    ",
    b"+######+   ",
    b"+#######+  ",
    b"+########+ ",
    b"+#####+++++",
    b"+##+##+    ",
    b"+#+ +##+   ",
    b"++  +##+   ",
    b"+    +##+  ",
    b"      ++   ",
];

fn arrow() -> impl Iterator<Item = u32> {
    ARROW
        .iter()
        .flat_map(|row| row.iter())
        .map(|dot| match dot {
            b'#' => 0xff00_0000,
            b'+' => 0xffff_ffff,
            _ => 0,
        })
}

fn pixel(colour: Colour) -> u32 {
    u32::from_be_bytes([0, colour.red, colour.green, colour.blue])
}

/// White letters on the bar.
fn write(bar: &mut [u32], long: usize, label: &Mask, (x, above): (usize, usize), own: u32) {
    let rows = bar.len() / long;
    // In the middle of what is below the light line.
    let y = above + rows.saturating_sub(above + label.height) / 2;
    for (row, line) in label.alpha.chunks_exact(label.width.max(1)).enumerate() {
        for (column, alpha) in line.iter().enumerate() {
            let (at_x, at_y) = (x + column, y + row);
            if at_x < long && at_y < rows {
                bar[at_y * long + at_x] = blend(own, *alpha);
            }
        }
    }
}

/// White over a colour.
fn blend(under: u32, alpha: u8) -> u32 {
    let mix = |part: u8| {
        let (part, alpha) = (u32::from(part), u32::from(alpha));
        u8::try_from((part * (255 - alpha) + 255 * alpha) / 255).unwrap_or(u8::MAX)
    };
    let [_, red, green, blue] = under.to_be_bytes();
    u32::from_be_bytes([0, mix(red), mix(green), mix(blue)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mark::letters;

    fn canvas(scale: i32) -> Canvas {
        let label = letters::mask("gedit", None, scale);
        Canvas::draw(100, scale, Colour::of_profile("gedit"), &label).unwrap()
    }

    /// The pixels of a part, row by row.
    fn pixels(canvas: &Canvas, at: Layout) -> Vec<Vec<u32>> {
        assert_eq!(at.check(canvas.size), Ok(()));
        let row = |y: i32| {
            let mut bytes = vec![0; usize::try_from(at.width).unwrap() * 4];
            let offset = u64::try_from(at.offset + y * at.stride).unwrap();
            rustix::io::pread(&canvas.fd, &mut bytes, offset).unwrap();
            let words = bytes.chunks_exact(4);
            words
                .map(|word| u32::from_ne_bytes(word.try_into().unwrap()))
                .collect()
        };
        (0..at.height).map(row).collect()
    }

    #[test]
    fn every_part_has_the_light_line_outside_and_the_colour_inside() {
        let own = pixel(Colour::of_profile("gedit"));
        let light = pixel(Colour::LIGHT);
        for scale in [1, 2, 3] {
            let canvas = canvas(scale);
            for shape in [Shape::Window, Shape::Thin] {
                let part = |side| pixels(&canvas, canvas.part(shape, side, 60));
                let (top, bottom) = (part(Side::Top), part(Side::Bottom));
                assert!(top[0].iter().all(|pixel| *pixel == light));
                assert_eq!(top.last().unwrap()[0], own);
                assert!(bottom.last().unwrap().iter().all(|pixel| *pixel == light));
                assert!(bottom[0].iter().all(|pixel| *pixel == own));
                for (left, right) in part(Side::Left).iter().zip(part(Side::Right)) {
                    assert!(left[0] == light && *left.last().unwrap() == own);
                    assert!(right[0] == own && *right.last().unwrap() == light);
                }
            }
        }
    }

    #[test]
    fn the_name_is_in_the_upper_side_of_windows_and_of_nothing_else() {
        let canvas = canvas(1);
        let white = |shape| {
            let rows = pixels(&canvas, canvas.part(shape, Side::Top, 100));
            rows.iter().flatten().filter(|p| **p == 0x00ff_ffff).count()
        };
        assert!(white(Shape::Window) > 20);
        assert_eq!(white(Shape::Thin), 0);
    }

    #[test]
    fn the_cursor_is_behind_the_strips() {
        let canvas = canvas(2);
        let rows = pixels(&canvas, canvas.arrow());
        assert_eq!(rows.len(), 16);
        assert_eq!(
            rows[3][..5],
            [0xffff_ffff, 0xff00_0000, 0xff00_0000, 0xffff_ffff, 0]
        );
    }

    #[test]
    fn the_host_can_rely_on_its_memory() {
        let seals = rustix::fs::fcntl_get_seals(&canvas(1).fd).unwrap();
        assert!(seals.contains(SealFlags::SHRINK));
    }
}
