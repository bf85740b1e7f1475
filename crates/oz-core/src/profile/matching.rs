//! `match`: which apps a profile is for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which apps a profile is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Match {
    /// Ids of desktop entries, without `.desktop`.
    pub desktop: Vec<DesktopId>,
    /// Base names of executables in order of preference, or absolute paths for those that lie
    /// outside the system's directories.
    pub executables: Vec<Executable>,
}

/// Id of a desktop entry, without `.desktop`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct DesktopId(String);

/// A base name or an absolute path of an executable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Executable(String);

impl DesktopId {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Executable {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DesktopId {
    type Error = String;

    fn try_from(id: String) -> Result<Self, String> {
        let id = id.strip_suffix(".desktop").map(str::to_owned).unwrap_or(id);
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        if id.is_empty() || id.len() > 255 || !id.bytes().all(allowed) {
            return Err(
                "this is not the id of a desktop entry\nwrite the file's name without its directory, such as org.gnome.gedit"
                    .to_owned(),
            );
        }
        Ok(Self(id))
    }
}

impl TryFrom<String> for Executable {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let good = match name.strip_prefix('/') {
            Some(rest) => rest.split('/').all(|part| !matches!(part, "" | "." | "..")),
            None => {
                !matches!(&*name, "" | "." | "..") && !name.contains('/') && !name.starts_with('-')
            }
        };
        if good && name.len() < 4096 {
            Ok(Self(name))
        } else {
            Err("this is neither a program's name nor an absolute path\nwrite a name such as firefox-esr, or a path such as /opt/app/bin/app".to_owned())
        }
    }
}

impl From<DesktopId> for String {
    fn from(id: DesktopId) -> Self {
        id.0
    }
}

impl From<Executable> for String {
    fn from(name: Executable) -> Self {
        name.0
    }
}
