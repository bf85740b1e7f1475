//! `environment`: variables beyond those that every sandbox gets.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::facts;
use crate::variables;

/// Variables beyond those that every sandbox gets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Environment {
    /// Variables with these values.
    pub set: BTreeMap<Variable, String>,
    /// Variables of the caller's session that are passed on as they are.
    pub pass: Vec<Passed>,
}

/// Name of a variable that a profile may set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Variable(String);

/// Name of a variable that a profile may pass on from the session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Passed(String);

impl Variable {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Passed {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn refuse(name: &str) -> Result<(), String> {
    match variables::refusal(name) {
        None => Ok(()),
        Some(reason) => Err(format!(
            "the variable cannot go into a sandbox: {reason}\nleave it out"
        )),
    }
}

impl TryFrom<String> for Variable {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        refuse(&name)?;
        Ok(Self(name))
    }
}

impl TryFrom<String> for Passed {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        refuse(&name)?;
        if !facts::is_in(facts::PASSABLE, &name) {
            let names: Vec<_> = facts::PASSABLE.iter().map(|(name, _)| *name).collect();
            return Err(format!(
                "the variable is not one of those that can be passed on\nthere are {}; the language, the time zone and the looks are passed on anyway",
                names.join(", ")
            ));
        }
        Ok(Self(name))
    }
}

impl From<Variable> for String {
    fn from(name: Variable) -> Self {
        name.0
    }
}

impl From<Passed> for String {
    fn from(name: Passed) -> Self {
        name.0
    }
}
