//! The first process of a sandbox, and the helpers that enter running ones.
//!
//! `oz-init` starts as [`stage0`], a process of the host that makes the namespaces and ends. What
//! it leaves behind is the sandbox's PID 1: it begins with what all sandboxes have in common, maybe long before anybody
//! wants one, then goes through [`stages`] in order, which end with giving up every privilege, and then serves the
//! daemon from [`reactor`]. Programs start by [`program`], each in a user namespace of its own without any capability.
//!
//! `oz-mount` is [`late`]: a process of the host that enters the sandbox's namespaces from
//! outside for one request. Init itself can mount nothing any more by then.
//!
//! `oz-net` is [`net`]: likewise, for what has to be done in the sandbox's network.
//!
//! Each of these two can call only what its list has, which comes with it: [`own_list`].
//!
//! One thread, nothing asynchronous, no unsafe code.

pub mod failure;
pub mod inside;
pub mod late;
pub mod limits;
pub mod listeners;
pub mod net;
pub mod own_list;
pub mod pivot;
pub mod processes;
pub mod program;
pub mod quotas;
pub mod reactor;
pub mod root;
pub mod stage0;
pub mod stages;
pub mod start;
pub mod user_map;
