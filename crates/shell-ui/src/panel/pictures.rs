//! Pictures of what a sandbox changed: what is known of them and what is still to be drawn; and a window that shows them larger.

use std::collections::HashMap;

use adw::prelude::*;
use gtk::gdk::{MemoryFormat, MemoryTexture};
use gtk::glib;

use super::log;
use crate::model::{Changed, Picture, Pictures};
use crate::words::{tr, tr_with};

/// Most that are kept: a list is scrolled back and forth, and can have very many.
const MOST: usize = 200;

/// By the token of their changes.
#[derive(Debug, Default)]
pub struct Shelf {
    known: HashMap<Vec<u8>, Pictures>,
    /// What is to be drawn, what was asked for last at the end: there is where somebody looks.
    wanted: Vec<Changed>,
    /// Somebody draws.
    pub drawing: bool,
}

impl Shelf {
    /// What is known of a change.
    pub fn get(&self, change: &Changed) -> Option<&Pictures> {
        self.known.get(&change.token)
    }

    /// Has it drawn.
    pub fn want(&mut self, change: &Changed) {
        self.wanted.retain(|other| other != change);
        self.wanted.push(change.clone());
    }

    /// What to draw next, of what `is_shown` still.
    pub fn next(&mut self, is_shown: impl Fn(&Changed) -> bool) -> Option<Changed> {
        self.wanted.retain(is_shown);
        self.wanted.pop()
    }

    /// Keeps what was drawn.
    pub fn put(&mut self, change: &Changed, pictures: Pictures) {
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(change.token.clone(), pictures);
    }
}

/// What a widget shows of a picture.
pub(super) fn texture(picture: &Picture) -> Option<MemoryTexture> {
    let Picture::Drawn(pixels) = picture else {
        return None;
    };
    let (width, height) = (
        pixels.width.try_into().ok()?,
        pixels.height.try_into().ok()?,
    );
    let bytes = glib::Bytes::from(&pixels.bytes);
    let line = usize::try_from(4 * pixels.width).ok()?;
    let format = MemoryFormat::R8g8b8a8;
    Some(MemoryTexture::new(width, height, format, &bytes, line))
}

/// Shows them beside a window; `name` is the file's, fit to be read.
pub(super) fn show(parent: &impl IsA<gtk::Window>, name: &str, pictures: &Pictures) {
    let both = gtk::Box::builder()
        .spacing(24)
        .homogeneous(true)
        .margin_start(24)
        .margin_end(24)
        .margin_top(12)
        .margin_bottom(24)
        .vexpand(true)
        .build();
    for (words, picture) in [
        (tr("Yours"), &pictures.before),
        (tr("The app’s"), &pictures.after),
    ] {
        let Some(texture) = texture(picture) else {
            continue;
        };
        let shown = gtk::Picture::for_paintable(&texture);
        shown.set_alternative_text(Some(&words));
        shown.set_vexpand(true);
        let label = gtk::Label::builder()
            .label(&words)
            .css_classes(["dim-label"])
            .build();
        let one = gtk::Box::new(gtk::Orientation::Vertical, 6);
        one.append(&shown);
        one.append(&label);
        both.append(&one);
    }
    let content = gtk::Box::new(gtk::Orientation::Vertical, 0);
    content.append(&adw::HeaderBar::new());
    content.append(&both);
    let window = adw::Window::builder()
        .title(tr_with("Pictures of {file}", &[("file", name)]))
        .transient_for(parent)
        .default_width(640)
        .default_height(400)
        .content(&content)
        .build();
    log::close_by_escape(&window);
    window.present();
}

#[cfg(test)]
mod tests {
    use super::*;
    use oz_core::OsBytes;
    use oz_core::wire::copies::{Kind, What};

    fn change(name: &str) -> Changed {
        Changed {
            path: OsBytes::from(name),
            what: What::Added,
            kind: Kind::File,
            size: (1, 0),
            conflict: None,
            modes: (0, 0),
            target: Vec::new().into(),
            protected: String::new(),
            token: name.into(),
        }
    }

    #[test]
    fn where_somebody_looks_is_drawn_first_and_nothing_where_nobody_does() {
        let mut shelf = Shelf::default();
        let [a, b, c] = ["a", "b", "c"].map(change);
        for one in [&a, &b, &c, &a] {
            shelf.want(one);
        }
        assert_eq!(shelf.next(|one| *one != c), Some(a.clone()));
        assert_eq!(shelf.next(|_| true), Some(b));
        assert_eq!(shelf.next(|_| true), None);
        let unknown = || Pictures {
            before: Picture::Nothing,
            after: Picture::Unknown,
        };
        shelf.put(&a, unknown());
        assert!(shelf.get(&a).is_some());
        for number in 0..MOST {
            shelf.put(&change(&number.to_string()), unknown());
        }
        assert!(shelf.known.len() <= MOST);
    }
}
