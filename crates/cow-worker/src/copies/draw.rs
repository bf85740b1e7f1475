//! Drawing a picture small, for a person who is to decide on it. It is an app's: it may be made to break or to busy whoever
//! draws it, so it is the only thing that this process has.

use std::fs::File;
use std::io::{self, BufReader};

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};
use oz_core::wire::copies::{Draw, Picture, Pixels, What};

use super::tree::{Tree, seen};

/// Larger files are not read.
const LARGEST: u64 = 64 << 20;
/// Most bytes that a picture has when all of it is there.
const MOST: u64 = 128 << 20;
/// Neither side is longer.
const SIDE: u32 = 1 << 16;

/// The file, if it is what it was when it was listed; nothing of it is read.
pub fn file(draw: &Draw) -> io::Result<Option<File>> {
    let change = &draw.change;
    let (root, expected) = match draw.original {
        true => (&draw.place.source, change.original),
        false => (&draw.place.upper, change.copy),
    };
    let Some(expected) = expected else {
        return Ok(None);
    };
    let path = match &change.what {
        What::Renamed { from, .. } if draw.original => from.as_path(),
        _ => change.path.as_path(),
    };
    let file = Tree::open(root)?.file(path)?;
    match seen(&rustix::fs::fstat(&file)?) == expected {
        true => Ok(Some(file)),
        false => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// What can be drawn of it.
pub fn picture(file: io::Result<Option<File>>) -> Picture {
    match file {
        Ok(Some(file)) => small(file).unwrap_or(Picture::Unknown),
        Ok(None) => Picture::Nothing,
        Err(_) => Picture::Unknown,
    }
}

fn small(file: File) -> image::ImageResult<Picture> {
    if file.metadata()?.len() > LARGEST {
        return Ok(Picture::Large);
    }
    let mut reader = ImageReader::new(BufReader::new(file)).with_guessed_format()?;
    // What is too large is said below.
    reader.limits(Limits::no_limits());
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if width > SIDE || height > SIDE || decoder.total_bytes() > MOST {
        return Ok(Picture::Large);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(2 * MOST);
    decoder.set_limits(limits)?;
    let turned = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder)?;
    if width > Pixels::EDGE || height > Pixels::EDGE {
        image = image.thumbnail(Pixels::EDGE, Pixels::EDGE);
    }
    image.apply_orientation(turned);
    let image = image.into_rgba8();
    Ok(Picture::Drawn(Pixels {
        width: image.width(),
        height: image.height(),
        bytes: image.into_raw(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, Rgb, RgbImage};
    use std::io::{Cursor, Seek, SeekFrom, Write};

    fn drawn(bytes: &[u8]) -> Picture {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes).expect("written");
        file.seek(SeekFrom::Start(0)).expect("at the start");
        picture(Ok(Some(file)))
    }

    fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let image = RgbImage::from_pixel(width, height, Rgb([200, 30, 30]));
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).expect("encoded");
        bytes.into_inner()
    }

    #[test]
    fn pictures_are_drawn_small_and_of_their_own_shape() {
        use ImageFormat::{Bmp, Gif, Jpeg, Png, WebP};
        for format in [Png, Jpeg, Gif, Bmp, WebP] {
            let Picture::Drawn(pixels) = drawn(&encoded(1024, 512, format)) else {
                panic!("{format:?} is not drawn");
            };
            assert!(pixels.is_sane() && (pixels.width, pixels.height) == (256, 128));
            let near = |at: usize, of: u8| pixels.bytes[at].abs_diff(of) < 8;
            assert!(near(0, 200) && near(1, 30) && near(3, 255), "{format:?}");
        }
        let Picture::Drawn(small) = drawn(&encoded(3, 200, Png)) else {
            panic!("it is not drawn");
        };
        assert_eq!((small.width, small.height), (3, 200));
        // A line is a line still.
        let Picture::Drawn(line) = drawn(&encoded(40_000, 1, Png)) else {
            panic!("it is not drawn");
        };
        assert!(line.is_sane());
    }

    #[test]
    fn what_is_no_picture_or_says_that_it_is_a_huge_one_is_not_drawn() {
        assert_eq!(drawn(b""), Picture::Unknown);
        assert_eq!(drawn(b"<svg/>"), Picture::Unknown);
        let mut png = encoded(8, 8, ImageFormat::Png);
        assert_eq!(drawn(&png[..40]), Picture::Unknown);
        // Width and height stand in the first chunk; its sum has to fit.
        png[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
        let sum = crc(&png[12..29]);
        png[29..33].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(drawn(&png), Picture::Large);
    }

    /// The sum of a PNG's chunk.
    fn crc(bytes: &[u8]) -> u32 {
        let step = |sum: u32, byte: &u8| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
                (sum >> 1) ^ (0xedb8_8320 * (sum & 1))
            })
        };
        !bytes.iter().fold(u32::MAX, step)
    }
}
