//! Clients of X that speak its protocol by hand.

use std::path::{Path, PathBuf};

/// What all of these are made with.
const CLIENT: &str = include_str!("client.py");
/// Looks at others.
pub const SPY: (&str, &str) = ("spy.py", include_str!("spy.py"));
/// Keeps to no rule.
pub const HOSTILE: (&str, &str) = ("hostile.py", include_str!("hostile.py"));

/// Shows a window of which every pixel can be told from its neighbours.
pub const PATTERN: (&str, &str) = ("pattern.py", include_str!("pattern.py"));
/// Puts the pointer back after each motion.
pub const GAME: (&str, &str) = ("game.py", include_str!("game.py"));
/// Asks for sizes.
pub const SIZES: (&str, &str) = ("sizes.py", include_str!("sizes.py"));
/// Shows a window with an icon.
pub const ICON: (&str, &str) = ("icon.py", include_str!("icon.py"));

/// Puts one into a directory; where it is.
pub fn write(dir: &Path, (name, text): (&str, &str)) -> PathBuf {
    for (name, text) in [("client.py", CLIENT), (name, text)] {
        std::fs::write(dir.join(name), text).expect("written");
    }
    dir.join(name)
}
