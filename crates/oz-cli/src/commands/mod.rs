//! The verbs, one file each.

pub(crate) mod add;
pub(crate) mod answer;
pub(crate) mod check;
pub(crate) mod clipboard;
pub(crate) mod completions;
pub(crate) mod data;
pub(crate) mod denied;
pub(crate) mod disable;
pub(crate) mod doctor;
pub(crate) mod enable;
pub(crate) mod files;
pub(crate) mod forward;
pub(crate) mod learn;
pub(crate) mod logs;
pub(crate) mod manual;
pub(crate) mod panel;
pub(crate) mod plan;
pub(crate) mod profile;
pub(crate) mod ps;
pub(crate) mod remove;
pub(crate) mod run;
pub(crate) mod shell;
pub(crate) mod sound;
pub(crate) mod status;
pub(crate) mod stop;
