//! The mark: by what a person sees that a window is a sandbox's, and which one's.
//!
//! A border in the sandbox's colour lies around everything that a window or popup shows, with the sandbox's name in its upper
//! side. It is made of surfaces of the proxy's own above all of the app's. What an app draws lies within: of its main surface
//! what is outside of the window's geometry (shadows, as a rule) is cut off; subsurfaces that reach further make the
//! border wider. So nothing of a sandbox is on the screen without the border around it, except cursors and what is
//! dragged, which have their own limits.
//!
//! This folder is what needs no display: places, pixels, letters. `bridge/border.rs` shows them.

pub(crate) mod canvas;
pub(crate) mod letters;
pub(crate) mod places;

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use oz_core::colour::Colour;
use oz_core::plan::Mark;
use tracing::warn;

use crate::config::Config;
use crate::policy;
use canvas::Canvas;

/// Largest font that is read, in bytes. Fonts of a hundred thousand characters have some 20 MB.
const FONT_MAX: u64 = 32 << 20;

/// The mark of a sandbox, for all its clients.
#[derive(Debug)]
pub(crate) struct Marking {
    kind: Mark,
    name: String,
    colour: Colour,
    /// The name in letters of each scale: 1, 2, 3.
    label: [letters::Mask; 3],
    canvases: RefCell<Vec<Rc<Canvas>>>,
}

impl Marking {
    /// Reads the font, so it must come before the walls.
    pub(crate) fn new(config: &Config) -> Self {
        let kind = config.mark;
        let font = config.font.as_deref().filter(|_| kind == Mark::Border);
        let font = font.and_then(read);
        let label = [1, 2, 3].map(|scale| {
            if kind == Mark::Border {
                letters::mask(&config.sandbox, font.as_deref(), scale)
            } else {
                letters::Mask::default()
            }
        });
        Self {
            kind,
            name: config.sandbox.clone(),
            colour: config.colour.unwrap_or(Colour::of_profile("")),
            label,
            canvases: RefCell::default(),
        }
    }

    /// Whether windows have a border.
    pub(crate) fn borders(&self) -> bool {
        self.kind == Mark::Border
    }

    /// A title as a person may see it.
    pub(crate) fn title(&self, untrusted: &str) -> String {
        if self.kind == Mark::None {
            return policy::shown(untrusted, policy::TITLE_MAX);
        }
        let room = policy::TITLE_MAX.saturating_sub(self.name.len() + 3);
        let title = format!("[{}] {}", self.name, policy::shown(untrusted, room));
        title.trim_end().to_owned()
    }

    /// Pixels for borders up to this long, on screens of this scale; drawn once for all.
    pub(crate) fn canvas(&self, length: i32, scale: i32) -> Option<Rc<Canvas>> {
        let mut canvases = self.canvases.borrow_mut();
        let known = canvases.iter().find(|canvas| canvas.suits(length, scale));
        if let Some(known) = known {
            return Some(Rc::clone(known));
        }
        let at = usize::try_from(scale - 1).ok()?;
        match Canvas::draw(length, scale, self.colour, self.label.get(at)?) {
            Ok(canvas) => {
                let canvas = Rc::new(canvas);
                canvases.retain(|known| known.scale != scale);
                canvases.push(Rc::clone(&canvas));
                Some(canvas)
            }
            Err(error) => {
                warn!(%error, "a border cannot be drawn");
                None
            }
        }
    }
}

fn read(path: &Path) -> Option<Vec<u8>> {
    let small = std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() <= FONT_MAX);
    let font = if small {
        std::fs::read(path).ok()
    } else {
        None
    };
    if font.is_none() {
        warn!("the font of the mark cannot be read; it has letters of its own");
    }
    font
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marking(kind: Mark) -> Marking {
        let mut config = crate::config::for_host(crate::config::Host::Wayland("/none".into()));
        config.sandbox = "gedit".to_owned();
        config.mark = kind;
        Marking::new(&config)
    }

    #[test]
    fn an_app_cannot_put_another_sandboxs_name_first() {
        let marking = marking(Mark::Border);
        assert_eq!(marking.title("[bank] Login"), "[gedit] [bank] Login");
        assert_eq!(marking.title("\u{202e}\u{200f}\n[bank]"), "[gedit] [bank]");
        assert_eq!(marking.title(""), "[gedit]");
        let long = marking.title(&"x".repeat(9000));
        assert!(long.len() == policy::TITLE_MAX && long.starts_with("[gedit] x"));
    }

    #[test]
    fn without_a_mark_a_title_is_only_cleaned() {
        assert_eq!(marking(Mark::None).title("a\nb"), "ab");
        assert_eq!(marking(Mark::Title).title("a"), "[gedit] a");
    }

    #[test]
    fn a_border_is_drawn_once_for_all_sizes() {
        let marking = marking(Mark::Border);
        let first = marking.canvas(100, 1).unwrap();
        let second = marking.canvas(1000, 1).unwrap();
        assert!(Rc::ptr_eq(&first, &second));
    }
}
