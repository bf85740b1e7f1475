//! Plans that were made before.
//!
//! Making one is pure: the same profile, request and facts of the host give the same plan. So an app that is started
//! again, on a host on which nothing has changed, has the plan of the last time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use oz_core::plan::{self, BuildError, HostFacts, Plan, Request};
use oz_core::profile::Profile;

/// How many are kept: apps that somebody starts again and again.
const KEPT: usize = 4;

/// The latest first.
#[derive(Default)]
pub(crate) struct Plans(Mutex<VecDeque<Made>>);

struct Made {
    /// The same value for as long as no file of a profile changes.
    profile: Arc<Profile>,
    request: Request,
    facts: HostFacts,
    plan: Plan,
}

impl Plans {
    /// The plan, checked.
    pub(super) fn make(
        &self,
        profile: &Arc<Profile>,
        request: Request,
        facts: HostFacts,
    ) -> Result<Plan, BuildError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |made: &Made| {
            Arc::ptr_eq(&made.profile, profile) && made.request == request && made.facts == facts
        };
        let made = match kept.iter().position(same).and_then(|at| kept.remove(at)) {
            Some(made) => made,
            None => Made {
                plan: plan::build(profile, &request, &facts)?,
                profile: Arc::clone(profile),
                request,
                facts,
            },
        };
        let plan = made.plan.clone();
        kept.push_front(made);
        kept.truncate(KEPT);
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use oz_core::plan::User;
    use oz_core::plan::facts::Paths;
    use oz_core::profile::{Catalogue, Layer, Text};

    fn profile() -> Arc<Profile> {
        let text = Text {
            name: "app".into(),
            layer: Layer::User,
            path: "/home/user/.config/oz/profiles/app.json".into(),
            text: r#"{ "description": "t" }"#.into(),
            template: false,
        };
        let profile = Catalogue::new(vec![text]).resolve("app");
        Arc::new(profile.unwrap_or_else(|error| panic!("{}", error.render())))
    }

    fn facts() -> HostFacts {
        let user = User {
            name: "user".into(),
            uid: 1000,
            gid: 1000,
            home: "/home/user".into(),
        };
        HostFacts {
            user,
            paths: Paths::new(),
            xdg: BTreeMap::new(),
            protected: Vec::new(),
            matches: BTreeMap::new(),
            listings: BTreeMap::new(),
            cpus: 2,
            memory: 1 << 32,
            open_files: 1024,
            tree: None,
            copies: "/home/user/.local/state/oz/copies".into(),
            runtime: "/run/user/1000/oz".into(),
            state: "/home/user/.local/state/oz".into(),
            session: BTreeMap::new(),
        }
    }

    fn request(id: &str) -> Request {
        Request {
            id: id.parse().expect("a name"),
            ephemeral: false,
            home: None,
            network: None,
            app_id: None,
            display: true,
            sound: false,
        }
    }

    #[test]
    fn what_is_asked_again_is_as_before_and_what_differs_is_made_anew() {
        let plans = Plans::default();
        let (profile, other) = (profile(), profile());
        let made = |id: &str, facts| plans.make(&profile, request(id), facts).expect("built");
        let first = made("app", facts());
        assert!(made("app", facts()) == first);
        assert_eq!(plans.0.lock().expect("unlocked").len(), 1);
        assert!(made("app-2", facts()) != first);
        let changed = HostFacts { cpus: 3, ..facts() };
        assert!(made("app", changed) != first);
        plans.make(&other, request("app"), facts()).expect("built");
        assert_eq!(plans.0.lock().expect("unlocked").len(), 4);
        for number in 0..2 * KEPT {
            made(&format!("other-{number}"), facts());
        }
        assert_eq!(plans.0.lock().expect("unlocked").len(), KEPT);
    }
}
