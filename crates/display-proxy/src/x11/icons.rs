//! Icons of X windows, as pictures for the host.
//!
//! EWMH, `_NET_WM_ICON`: <https://specifications.freedesktop.org/wm-spec/latest/>

use std::os::fd::AsFd;

use wayland_client::protocol::wl_shm::Format;
use wayland_protocols::xdg::toplevel_icon::v1::client::xdg_toplevel_icon_manager_v1::XdgToplevelIconManagerV1 as HostIcons;

use crate::bridge::border::Strip;
use crate::fds;
use crate::policy;
use crate::session::Session;

wayland_client::delegate_noop!(Session: ignore HostIcons);

/// Words of the property that are asked for: each of the usual sizes up to 256 pixels fits.
pub(super) const WORDS: u32 = 131_072;
/// Pictures of one icon that are passed on.
const PICTURES_MAX: usize = 8;

/// A square picture.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Picture {
    side: i32,
    /// Premultiplied ARGB, four bytes each, row by row.
    pixels: Vec<u8>,
}

/// The pictures in a value: width, height, then as many pixels, one after the other. What is no whole picture, or a larger one
/// than hosts are shown, is left out.
pub(super) fn pictures(words: &[u32]) -> Vec<Picture> {
    let mut found = Vec::new();
    let mut rest = words;
    while let [width, height, after @ ..] = rest {
        let count = u64::from(*width) * u64::from(*height);
        let Some((pixels, next)) = usize::try_from(count)
            .ok()
            .and_then(|count| after.split_at_checked(count))
        else {
            break;
        };
        rest = next;
        let side = |length: u32| {
            let length = i32::try_from(length).ok()?;
            (1..=policy::ICON_MAX).contains(&length).then_some(length)
        };
        if let (Some(width), Some(height)) = (side(*width), side(*height))
            && found.len() < PICTURES_MAX
        {
            found.push(square(pixels, width, height));
        }
    }
    found
}

/// In the middle of a square.
fn square(pixels: &[u32], width: i32, height: i32) -> Picture {
    let side = width.max(height);
    let number = |length: i32| usize::try_from(length).unwrap_or(0);
    let (left, above) = (number((side - width) / 2), number((side - height) / 2));
    let mut all = vec![0; 4 * number(side) * number(side)];
    for (y, row) in pixels.chunks_exact(number(width)).enumerate() {
        let at = 4 * ((y + above) * number(side) + left);
        for (place, pixel) in all[at..].chunks_exact_mut(4).zip(row) {
            place.copy_from_slice(&premultiplied(*pixel).to_le_bytes());
        }
    }
    Picture { side, pixels: all }
}

fn premultiplied(argb: u32) -> u32 {
    let alpha = argb >> 24;
    let part = |shift: u32| ((argb >> shift & 0xff) * alpha / 255) << shift;
    alpha << 24 | part(16) | part(8) | part(0)
}

impl Session {
    /// Tells the host the icon of a window.
    pub(super) fn x11_icon(&self, window: u32) {
        let Some(x11) = &self.x11 else { return };
        let (Some(manager), Some(host), Some(known)) =
            (&x11.icons, self.x11_host(window), x11.windows.get(&window))
        else {
            return;
        };
        let pictures = &known.properties.icon;
        let bytes: Vec<u8> = pictures.iter().flat_map(|it| it.pixels.clone()).collect();
        let Some(size) = i32::try_from(bytes.len()).ok().filter(|size| *size > 0) else {
            manager.set_icon(host, None);
            return;
        };
        let memory = fds::own_memory("icon", bytes.len() as u64)
            .and_then(|fd| fds::write_at(fd.as_fd(), &bytes, 0).map(|()| fd));
        let Ok(memory) = memory else { return };
        let pool = self
            .host
            .shm
            .create_pool(memory.as_fd(), size, &self.qh, ());
        let icon = manager.create_icon(&self.qh, ());
        let mut offset = 0;
        let mut buffers = Vec::new();
        for Picture { side, .. } in pictures {
            let row = 4 * side;
            let format = Format::Argb8888;
            let buffer = pool.create_buffer(offset, *side, *side, row, format, &self.qh, Strip);
            icon.add_buffer(&buffer, 1);
            buffers.push(buffer);
            offset += row * side;
        }
        manager.set_icon(host, Some(&icon));
        // It stays the window's. Its buffers go after it.
        icon.destroy();
        for buffer in buffers {
            buffer.destroy();
        }
        pool.destroy();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_icon_has_a_picture_for_each_size() {
        let mut words = vec![1, 1, 0xff10_2030, 2, 1, 0x80ff_ffff, 0];
        let found = pictures(&words);
        assert_eq!(found[0], square(&[0xff10_2030], 1, 1));
        assert_eq!(found[0].pixels, [0x30, 0x20, 0x10, 0xff]);
        // A wide one lies in the middle of a square; colours are as strong as they are opaque.
        assert_eq!(found[1].side, 2);
        assert_eq!(found[1].pixels[..4], [0x80; 4]);
        words.extend([3, 3, 0]);
        assert_eq!(pictures(&words), found, "half a picture is none");
    }

    #[test]
    fn an_icon_that_lies_about_its_size_has_no_picture() {
        for words in [
            &[][..],
            &[1],
            &[0, 0],
            &[0, 5, 1],
            &[u32::MAX, u32::MAX, 1],
            &[1 << 16, 1 << 16, 1],
            &[4, 4, 1],
        ] {
            assert!(pictures(words).is_empty(), "{words:?}");
        }
        let mut large = vec![600, 1];
        large.resize(602, 0);
        large.extend([1, 1, 7]);
        assert_eq!(pictures(&large).len(), 1, "what comes after one too large");
        assert_eq!(pictures(&[1; 3].repeat(40)).len(), PICTURES_MAX);
        let empty = vec![0; 100_000];
        assert!(pictures(&empty).is_empty());
    }
}
