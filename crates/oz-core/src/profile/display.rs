//! `display`: windows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Size;
use crate::plan::{Buffers, Clipboard, Content, Mark, Passage};

/// Windows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Display {
    /// The app may open windows.
    pub enabled: bool,
    /// Directions in which what is copied may cross.
    pub clipboard: Clipboard,
    /// Kinds of it that may come in.
    pub clipboard_types_in: Vec<Content>,
    /// Kinds of it that may go out. Some desktops decode pictures before anybody pastes them: an app that is attacked
    /// could reach their decoders.
    pub clipboard_types_out: Vec<Content>,
    /// How much of one copy may come in, 1 byte to 1 GiB.
    pub clipboard_size_in: CopySize,
    /// How much of one copy may go out, 1 byte to 1 GiB.
    pub clipboard_size_out: CopySize,
    /// How pixels reach the host.
    pub buffers: Buffers,
    /// The app's windows may take the desktop's keyboard shortcuts while they have the focus, if the desktop lets them: for
    /// virtual machines and remote desktops.
    pub shortcuts: bool,
    /// Pictures that a GPU has drawn reach the desktop without a copy, where it takes them. The device itself, which no profile
    /// gives yet, is another matter.
    pub gpu: bool,
    /// By what a person sees whose windows they are.
    pub mark: Mark,
    /// Programs that know no Wayland get an X server of the sandbox's own, which is started when one connects.
    pub x11: bool,
}

impl Default for Display {
    fn default() -> Self {
        Self {
            enabled: false,
            clipboard: Clipboard::default(),
            clipboard_types_in: vec![Content::Text, Content::Html, Content::Images],
            clipboard_types_out: vec![Content::Text],
            clipboard_size_in: CopySize::default(),
            clipboard_size_out: CopySize::default(),
            buffers: Buffers::default(),
            shortcuts: false,
            gpu: false,
            mark: Mark::default(),
            x11: false,
        }
    }
}

impl Display {
    /// What of that which is copied may come in.
    pub(crate) fn clipboard_in(&self) -> Passage {
        passage(&self.clipboard_types_in, self.clipboard_size_in)
    }

    /// What may go out.
    pub(crate) fn clipboard_out(&self) -> Passage {
        passage(&self.clipboard_types_out, self.clipboard_size_out)
    }
}

/// Each kind once.
fn passage(types: &[Content], size: CopySize) -> Passage {
    let mut types = types.to_vec();
    types.sort_unstable();
    types.dedup();
    Passage {
        types,
        most: size.0.0,
    }
}

/// A size within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Size", into = "Size")]
#[schemars(with = "Size")]
pub struct CopySize(Size);

impl CopySize {
    const MOST: Size = Size(1 << 30);
}

impl Default for CopySize {
    fn default() -> Self {
        Self(Size(Passage::MOST))
    }
}

impl TryFrom<Size> for CopySize {
    type Error = String;

    fn try_from(size: Size) -> Result<Self, String> {
        if (Size(1)..=Self::MOST).contains(&size) {
            Ok(Self(size))
        } else {
            Err(format!(
                "{size} is out of bounds\nwrite a size from 1 byte to {}, or \"off\" for display.clipboard",
                Self::MOST
            ))
        }
    }
}

impl From<CopySize> for Size {
    fn from(size: CopySize) -> Self {
        size.0
    }
}
