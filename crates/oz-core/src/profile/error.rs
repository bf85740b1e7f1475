//! Why a profile is refused, drawn under the text at fault.

use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::OsBytes;

/// Why a profile cannot be used.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ProfileError {
    /// No file has that name.
    #[error("there is no profile called {name:?}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// A name that is near.
        suggestion: Option<String>,
    },
    /// The text is too long, too deep, or holds characters that hide what it says.
    #[error(transparent)]
    Bounds(Box<Diagnostic>),
    /// It is not JSON with comments.
    #[error(transparent)]
    Syntax(Box<Diagnostic>),
    /// A key is unknown or said twice.
    #[error(transparent)]
    Key(Box<Diagnostic>),
    /// A value is not what the key takes.
    #[error(transparent)]
    Value(Box<Diagnostic>),
    /// What it extends is unknown, broken or itself.
    #[error(transparent)]
    Extends(Box<Diagnostic>),
    /// The administrator has locked what it changes.
    #[error(transparent)]
    Locked(Box<Diagnostic>),
}

impl ProfileError {
    /// Several lines for a terminal: the sentence, the source line with a caret, what to do.
    pub fn render(&self) -> String {
        match self {
            Self::Unknown { suggestion, .. } => {
                let advice = match suggestion {
                    Some(near) => format!("did you mean {near:?}?"),
                    None => "`oz profile list` shows the profiles there are".to_owned(),
                };
                let report = [Level::ERROR
                    .primary_title(self.to_string())
                    .element(Level::HELP.message(advice))];
                Renderer::plain().render(&report)
            }
            Self::Bounds(at)
            | Self::Syntax(at)
            | Self::Key(at)
            | Self::Value(at)
            | Self::Extends(at)
            | Self::Locked(at) => at.render(),
        }
    }
}

/// A place in a profile's text and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    path: PathBuf,
    text: String,
    span: Range<usize>,
    message: String,
    label: String,
    help: Option<String>,
}

impl Diagnostic {
    /// A message about the bytes `span` of the text of the file at `path`.
    pub(super) fn new(path: &Path, text: &str, span: Range<usize>, message: String) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            span: within(text, span),
            message,
            label: String::new(),
            help: None,
        }
    }

    /// With words beside the caret.
    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// With what to do.
    pub(super) fn help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// File, line and column, both from 1; the column counts characters.
    pub fn position(&self) -> (&Path, usize, usize) {
        let (line, column) = position(&self.text, self.span.start);
        (&self.path, line, column)
    }

    fn render(&self) -> String {
        let path = OsBytes::from(self.path.as_path()).to_string();
        let snippet = Snippet::source(self.text.as_str()).path(path).annotation(
            AnnotationKind::Primary
                .span(self.span.clone())
                .label(self.label.as_str()),
        );
        let mut group = Level::ERROR
            .primary_title(self.message.as_str())
            .element(snippet);
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        Renderer::plain().render(&[group])
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (path, line, column) = self.position();
        let path = OsBytes::from(path);
        write!(f, "{path}:{line}:{column}: {}", self.message)
    }
}

impl std::error::Error for Diagnostic {}

/// Line and column of a byte, both from 1; the column counts characters.
pub(super) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line_start = before
        .iter()
        .rposition(|&b| b == b'\n')
        .map_or(0, |at| at + 1);
    let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
    let column = String::from_utf8_lossy(&before[line_start..])
        .chars()
        .count()
        + 1;
    (line, column)
}

/// The span, moved to character boundaries of the text.
fn within(text: &str, span: Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start);
    start..text.ceil_char_boundary(span.end.max(start))
}
