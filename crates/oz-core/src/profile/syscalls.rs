//! `syscalls`: what the app may ask of the kernel.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::suggest;
use crate::plan::syscalls as tables;

/// What the app may ask of the kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Syscalls {
    /// The list that everything else is measured by.
    pub list: List,
    /// Calls beyond the list, from a choice of those that are safe enough.
    pub also_allow: Vec<Extra>,
    /// Of the list, nothing but these calls and what no program starts without; the others do not
    /// exist. It never gives a call that the list has not.
    pub only: Option<Vec<Listed>>,
    /// Calls of the list that are refused all the same.
    pub deny: Vec<Denied>,
}

/// A list of system calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum List {
    /// What desktop programs, shells and compilers need.
    #[default]
    Default,
    /// The same for programs that wall off their parts by themselves: they may make user
    /// namespaces, in which they may chroot, but no mount namespaces.
    Browser,
}

/// Name of a call that a profile may add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Extra(String);

impl Extra {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Name of a call that a list has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Listed(String);

/// Name of a call that a list has and that can be taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Denied(String);

impl Listed {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Denied {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn listed(name: &str) -> Result<(), tables::ListedError> {
    let conditional = tables::conditional(true);
    tables::listed(name, |name| {
        let names = tables::names().map(|name| -> &str { name });
        let known = names.chain(conditional.keys().map(String::as_str));
        suggest::nearest(name, known).map(str::to_owned)
    })
}

impl TryFrom<String> for Listed {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        listed(&name).map_err(|why| why.to_string())?;
        Ok(Self(name))
    }
}

impl TryFrom<String> for Denied {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        listed(&name).map_err(|why| why.to_string())?;
        if tables::is_needed(&name) {
            return Err(tables::ListedError::Needed.to_string());
        }
        Ok(Self(name))
    }
}

impl From<Listed> for String {
    fn from(name: Listed) -> Self {
        name.0
    }
}

impl From<Denied> for String {
    fn from(name: Denied) -> Self {
        name.0
    }
}

impl TryFrom<String> for Extra {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        tables::extra(&name).map_err(|why| why.to_string())?;
        Ok(Self(name))
    }
}

impl From<Extra> for String {
    fn from(name: Extra) -> Self {
        name.0
    }
}
