//! All profiles and templates of an installation.

use super::{Profile, ProfileError, Text};

/// All profiles and templates of an installation.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    texts: Vec<Text>,
}

impl Catalogue {
    /// Reads the texts; a broken one is reported when it is asked for, and harms no other.
    pub fn new(texts: Vec<Text>) -> Self {
        Self { texts }
    }

    /// Names of the profiles, sorted, without templates.
    pub fn names(&self) -> Vec<&str> {
        Vec::new()
    }

    /// The profile for a profile's name, the id of a desktop entry (with or without `.desktop`),
    /// an executable's base name, or its absolute path.
    pub fn find(&self, _what: &str) -> Option<String> {
        None
    }

    /// The profile, or else the template, of that name, all layers and what it extends merged.
    pub fn resolve(&self, name: &str) -> Result<Profile, ProfileError> {
        Err(ProfileError::Unknown {
            name: name.to_owned(),
            suggestion: None,
        })
    }
}
