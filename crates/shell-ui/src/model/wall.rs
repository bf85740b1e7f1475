//! How far a wall holds, in plain language.

use oz_core::report::{self, WALLS};

use crate::words::{tr, tr_count, tr_with};

/// One wall of a sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wall {
    /// Which.
    pub wall: report::Wall,
    /// Not every machine is made to build it, and no sandbox counts on it.
    pub optional: bool,
    /// How far it holds.
    pub state: report::State,
    /// Why, in English, from where it was built.
    pub why: String,
}

impl Wall {
    /// From the words of the bus; nothing if a newer daemon has a wall that this panel does not know.
    pub fn from_words(wall: &str, asked: &str, state: &str, why: &str) -> Option<Self> {
        use report::State;
        let states = [State::Enforced, State::Partly, State::Not];
        Some(Self {
            optional: asked == report::Asked::IfPossible.to_string(),
            wall: WALLS.iter().find(|entry| entry.name == wall)?.wall,
            state: states
                .into_iter()
                .find(|known| known.to_string() == state)?,
            why: why.to_owned(),
        })
    }

    /// What it means for the app.
    pub fn words(&self) -> String {
        let what = tr(self.wall.entry().keeps_from);
        match self.state {
            report::State::Enforced => tr_with("It cannot {what}.", &[("what", &what)]),
            report::State::Partly => tr_with("It can to some extent {what}.", &[("what", &what)]),
            report::State::Not => tr_with("It can {what}.", &[("what", &what)]),
        }
    }

    /// Whether it holds whole.
    pub fn holds(&self) -> bool {
        self.state == report::State::Enforced
    }
}

/// What there is to say of all of them.
pub fn summary(walls: &[Wall]) -> String {
    let open = walls.iter().filter(|wall| !wall.holds());
    let (optional, open): (Vec<&Wall>, Vec<&Wall>) = open.partition(|wall| wall.optional);
    match (walls.len(), open.len(), optional.len()) {
        (0, ..) => tr("Not known yet"),
        (_, 0, 0) => tr("All walls hold"),
        (_, 0, _) => tr("All walls hold that this computer can build"),
        (_, open, _) => tr_count(
            "{n} wall does not hold, or not wholly",
            "{n} walls do not hold, or not wholly",
            open,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_is_a_sentence() {
        let wall = Wall::from_words("files", "required", "enforced", "").expect("is known");
        let keeps = "see or change files of the user that it was not given";
        assert_eq!(wall.words(), format!("It cannot {keeps}."));
        let open = Wall::from_words("files", "required", "not", "").expect("is known");
        assert_eq!(open.words(), format!("It can {keeps}."));
        assert_eq!(Wall::from_words("unheard-of", "wanted", "not", ""), None);
        assert_eq!(Wall::from_words("files", "required", "perhaps", ""), None);
        let optional = Wall::from_words("memory", "if-possible", "not", "").expect("is known");
        let two = [wall.clone(), optional];
        assert_eq!(summary(&two), "All walls hold that this computer can build");
        assert_eq!(summary(&[]), "Not known yet");
        assert_eq!(summary(std::slice::from_ref(&wall)), "All walls hold");
        assert_eq!(
            summary(&[wall, open]),
            "1 wall does not hold, or not wholly"
        );
    }
}
