//! "The app cannot …".
//!
//! Each claim is first shown to be an ability where it sensibly is one: the same attempt, made
//! outside by the same user, succeeds. Then it is made inside.

mod ancestors;
mod display;
mod environment;
mod files;
mod helpers;
mod homes;
mod host;
mod host_network;
mod identifiers;
mod network;
mod planting;
mod privileges;
mod quotas;
mod rules;
mod syscalls;
mod terminal;
mod user_namespaces;
mod walls;
