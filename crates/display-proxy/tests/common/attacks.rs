//! Attacks of one client beside another that does nothing wrong.

use oz_testkit::fakehost::Seen;

use super::{App, Rig};

impl Rig {
    /// Runs an attack beside a bystander: whoever makes it is thrown out, and nobody else notices.
    pub fn attack(&self, act: impl FnOnce(&mut App)) {
        let mut bystander = self.app();
        let mut window = bystander.window();
        let mut app = self.app();
        act(&mut app);
        assert!(app.is_thrown_out(), "the attacker stays");
        bystander.draw(&mut window, 0xff00_0001);
        self.still_serves();
        self.assert_no_complaint();
    }

    /// The host has ended no connection for what it was sent.
    pub fn assert_no_complaint(&self) {
        let seen = self.host().seen();
        let complaint = seen.iter().find(|seen| matches!(seen, Seen::Left(Some(_))));
        assert_eq!(complaint, None, "it reached the host: {seen:?}");
    }
}
