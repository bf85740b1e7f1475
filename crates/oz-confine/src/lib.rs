//! Walls that a process puts round itself, for good.
//!
//! [`landlock`] is the second wall of a sandbox, put up by its init, and of the proxies outside.
//! [`filter`] compiles lists of system calls, the app's and the proxies'. [`proxy`] puts both together
//! for a process of ours that parses what an app sends: it opens no file, speaks to no network and
//! sends no signal, and says how much of that holds. [`helpers`] has the lists of init and of what enters sandboxes.

#[cfg(feature = "filters")]
pub mod filter;
#[cfg(feature = "filters")]
pub mod helpers;
pub mod landlock;
#[cfg(feature = "filters")]
pub mod proxy;
