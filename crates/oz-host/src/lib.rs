//! What Oz reads of the host, for the daemon and the command line: no decision is made here.

pub mod changes;
pub mod control_group;
pub mod copies;
pub mod data;
pub mod desktop;
pub mod environment;
pub mod facts;
pub mod handlers;
pub mod inits;
pub mod launchers;
pub mod make;
pub mod measure;
pub mod memory;
pub mod mounts;
pub mod outside;
pub mod own;
pub mod processes;
pub mod profile_cache;
pub mod profile_edit;
pub mod profiles;
pub mod protected;
pub mod resolve;
mod small;
pub mod sound;
pub mod stamp;
pub mod training;
pub mod worker;
