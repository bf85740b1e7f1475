//! A notification service, without which nothing can be asked.

use oz_e2e::run::Started;
use oz_e2e::{Run, wait};

/// Starts it; it ends with the value.
pub fn start() -> Started {
    let started = Run::new("mako", [""; 0]).start();
    wait::for_condition("mako", || Run::new("makoctl", ["list"]).run().code == 0);
    started
}
