//! What is on the screen: screenshots and their pixels.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::{Kind, PATIENCE, Rect, Session, finish};

/// A colour: red, green, blue.
pub type Rgb = [u8; 3];

/// A picture in memory.
#[derive(Clone)]
pub struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<Rgb>,
}

impl Session {
    /// Writes what is on the screen into a PNG file.
    ///
    /// # Errors
    /// When nobody takes it.
    pub fn screenshot(&self, path: &Path) -> Result<()> {
        let mut command = match self.kind {
            Kind::Gnome => return self.shell().screenshot(path),
            Kind::Sway => self.command("grim"),
            Kind::X11 => {
                let mut import = self.command("import");
                // Eight bits a channel, whatever the picture would fit in.
                import.args(["-window", "root", "-depth", "8"]);
                import
            }
        };
        let done = finish(command.arg(path), b"", PATIENCE)?;
        if !done.status.success() {
            bail!("{}: {}", command.get_program().display(), done.errors());
        }
        Ok(())
    }

    /// What is on the screen.
    ///
    /// # Errors
    /// When nobody takes it.
    pub fn look(&self) -> Result<Picture> {
        let path = self
            .dir()
            .join("tmp")
            .join(format!("look-{}.png", std::process::id()));
        self.screenshot(&path)?;
        let picture = Picture::load(&path);
        std::fs::remove_file(&path)?;
        picture
    }
}

impl Picture {
    /// Reads a PNG file of 8 bits a channel.
    ///
    /// # Errors
    /// When it is not one.
    pub fn load(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let mut decoder = png::Decoder::new(BufReader::new(file));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info()?;
        let mut bytes = vec![0; reader.output_buffer_size().context("a picture too large")?];
        let info = reader.next_frame(&mut bytes)?;
        let pixels: Vec<Rgb> = match info.color_type {
            png::ColorType::Rgb => bytes.chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect(),
            png::ColorType::Rgba => bytes.chunks_exact(4).map(|p| [p[0], p[1], p[2]]).collect(),
            png::ColorType::Grayscale => bytes.iter().map(|&p| [p; 3]).collect(),
            png::ColorType::GrayscaleAlpha => bytes.chunks_exact(2).map(|p| [p[0]; 3]).collect(),
            png::ColorType::Indexed => bail!("the decoder left a palette"),
        };
        Ok(Self {
            width: info.width.try_into()?,
            height: info.height.try_into()?,
            pixels,
        })
    }

    /// All of it.
    #[must_use]
    pub fn rect(&self) -> Rect {
        let side = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
        Rect {
            x: 0,
            y: 0,
            width: side(self.width),
            height: side(self.height),
        }
    }

    /// The colour of one pixel, if it is in the picture.
    #[must_use]
    pub fn at(&self, x: i32, y: i32) -> Option<Rgb> {
        let (x, y) = (usize::try_from(x).ok()?, usize::try_from(y).ok()?);
        if x >= self.width {
            return None;
        }
        self.pixels.get(y * self.width + x).copied()
    }

    /// The pixels of a rectangle, as far as it is in the picture.
    pub fn pixels(&self, rect: Rect) -> impl Iterator<Item = Rgb> + '_ {
        (rect.y..rect.y + rect.height)
            .flat_map(move |y| (rect.x..rect.x + rect.width).filter_map(move |x| self.at(x, y)))
    }

    /// How many pixels of a rectangle are within `tolerance` of a colour, channel by channel.
    #[must_use]
    pub fn count(&self, rect: Rect, colour: Rgb, tolerance: u8) -> usize {
        self.pixels(rect)
            .filter(|pixel| near(*pixel, colour, tolerance))
            .count()
    }

    /// How many different colours a rectangle has: 1 means that nothing is drawn there.
    #[must_use]
    pub fn colours(&self, rect: Rect) -> usize {
        self.pixels(rect)
            .collect::<std::collections::HashSet<_>>()
            .len()
    }

    /// The most frequent colour of a rectangle.
    #[must_use]
    pub fn main_colour(&self, rect: Rect) -> Option<Rgb> {
        let mut counts = std::collections::HashMap::<Rgb, usize>::new();
        for pixel in self.pixels(rect) {
            *counts.entry(pixel).or_default() += 1;
        }
        counts
            .into_iter()
            .max_by_key(|&(_, count)| count)
            .map(|(colour, _)| colour)
    }

    /// Whether four and four pixels of a rectangle are one: nothing there is as sharp as the screen.
    #[must_use]
    pub fn is_blown_up(&self, rect: Rect) -> bool {
        let blocks = (rect.y..rect.y + rect.height - 1).step_by(2).flat_map(|y| {
            (rect.x..rect.x + rect.width - 1)
                .step_by(2)
                .map(move |x| (x, y))
        });
        let mut blocks = blocks.map(|(x, y)| {
            let here = self.at(x, y);
            [(1, 0), (0, 1), (1, 1)]
                .iter()
                .all(|(dx, dy)| self.at(x + dx, y + dy) == here)
        });
        blocks.all(|same| same)
    }

    /// The fraction of pixels of a rectangle that differ from another picture's.
    #[must_use]
    pub fn difference(&self, other: &Self, rect: Rect) -> f64 {
        let (mut all, mut different) = (0_u32, 0_u32);
        for (a, b) in self.pixels(rect).zip(other.pixels(rect)) {
            all += 1;
            different += u32::from(a != b);
        }
        f64::from(different) / f64::from(all.max(1))
    }
}

fn near(a: Rgb, b: Rgb, tolerance: u8) -> bool {
    a.iter().zip(b).all(|(&a, b)| a.abs_diff(b) <= tolerance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_png_is_read_and_its_colours_are_counted() {
        let path = std::env::temp_dir().join(format!("oz-testkit-{}.png", std::process::id()));
        let file = File::create(&path).unwrap();
        let mut encoder = png::Encoder::new(file, 2, 2);
        encoder.set_color(png::ColorType::Rgba);
        let red = [255, 0, 0, 255];
        let almost = [250, 0, 0, 255];
        let blue = [0, 0, 255, 255];
        let bytes = [red, almost, blue, blue].concat();
        encoder
            .write_header()
            .unwrap()
            .write_image_data(&bytes)
            .unwrap();
        let picture = Picture::load(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let all = picture.rect();
        assert_eq!((all.width, all.height), (2, 2));
        assert_eq!(picture.at(0, 1), Some([0, 0, 255]));
        assert_eq!(picture.at(2, 0), None);
        assert_eq!(picture.count(all, [255, 0, 0], 0), 1);
        assert_eq!(picture.count(all, [255, 0, 0], 5), 2);
        assert_eq!(picture.colours(all), 3);
        assert_eq!(picture.main_colour(all), Some([0, 0, 255]));
    }
}
