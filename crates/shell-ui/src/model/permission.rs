//! What an app may do, in plain language, from the plan that would be enforced.

use std::path::Path;

use oz_core::OsBytes;
use oz_core::plan::{Access, Clipboard, Drops, Gate, Home, Mode, Plan, Tree};
use oz_core::wire::audio::{Microphone, Speaker};

use super::forward_words;
use crate::words::{tr, tr_with};

/// Whether it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Without a question.
    Can,
    /// The person is asked.
    Asks,
    /// Not at all.
    Cannot,
}

/// One thing that an app may do, or not: the end of a sentence that the verdict begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Whether.
    pub verdict: Verdict,
    /// What.
    pub words: String,
}

/// All that there is to say of a plan, in the order of what a person cares for.
pub fn permissions(plan: &Plan) -> Vec<Permission> {
    let mut all = List(Vec::new());
    system(&mut all, plan.tree.as_ref(), &plan.user.home);
    files(&mut all, plan);
    windows(&mut all, plan);
    sound(&mut all, plan.audio.as_ref());
    network(&mut all, plan);
    let memory = (plan.limits.total_memory >> 20).to_string();
    all.cannot(tr_with(
        "take more than {n} MiB of memory",
        &[("n", &memory)],
    ));
    all.0
}

struct List(Vec<Permission>);

impl List {
    fn say(&mut self, verdict: Verdict, words: String) {
        self.0.push(Permission { verdict, words });
    }

    fn can(&mut self, words: String) {
        self.say(Verdict::Can, words);
    }

    fn asks(&mut self, words: String) {
        self.say(Verdict::Asks, words);
    }

    fn cannot(&mut self, words: String) {
        self.say(Verdict::Cannot, words);
    }
}

fn system(all: &mut List, tree: Option<&Tree>, home: &Path) {
    let Some(tree) = tree else { return };
    let path = place(&tree.path, home);
    let fill = [("place", path.as_str())];
    all.can(match tree.copied {
        false => tr_with("run the programs in {place} instead of the system's", &fill),
        true => tr_with(
            "run the programs in {place} instead of the system's, and change a copy of them",
            &fill,
        ),
    });
}

fn files(all: &mut List, plan: &Plan) {
    match plan.home {
        Home::Private(_) => all.can(tr("keep files and settings of its own")),
        Home::Ephemeral => all.can(tr("keep files of its own until it ends")),
        Home::CopyOnWrite(_) => {
            all.can(tr("read your files, without what is protected"));
            all.can(tr(
                "change a copy of them, which you can look at and take over",
            ));
        }
        Home::None => all.cannot(tr("keep any file of its own")),
    }
    for bind in plan.shares() {
        let path = place(&bind.path, &plan.user.home);
        let fill = [("place", path.as_str())];
        all.can(match bind.access {
            Access::Read => tr_with("read {place}", &fill),
            Access::Write => tr_with("read and change {place}", &fill),
        });
    }
    let of_tree = |path: &Path| {
        let tree = plan.tree.as_ref();
        tree.is_some_and(|tree| path.starts_with(&tree.path))
    };
    let places = plan
        .overlays()
        .filter(|overlay| overlay.path != plan.user.home && !of_tree(&overlay.source));
    for overlay in places {
        let path = place(&overlay.path, &plan.user.home);
        all.can(tr_with(
            "read {place} and change a copy of it",
            &[("place", path.as_str())],
        ));
    }
    all.can(match plan.arguments {
        Access::Read => tr("read the files that you open with it"),
        Access::Write => tr("read and change the files that you open with it"),
    });
    if plan.siblings {
        all.can(tr(
            "read the other files beside a file that you open with it",
        ));
    }
    if plan.display.is_some() {
        match plan.drops {
            Drops::Off => all.cannot(tr("have files that are dropped on its windows")),
            Drops::Ask => all.asks(tr("to have files that are dropped on its windows")),
            Drops::Read => all.can(tr("read files that are dropped on its windows")),
            Drops::Write => all.can(tr("read and change files that are dropped on its windows")),
        }
    }
    if plan.portals {
        all.asks(tr("for more files, by the file dialog of the desktop"));
    }
    if !matches!(plan.home, Home::CopyOnWrite(_)) {
        all.cannot(tr("see any other of your files"));
    }
}

fn windows(all: &mut List, plan: &Plan) {
    let Some(display) = &plan.display else {
        all.cannot(tr("open windows"));
        return;
    };
    all.can(tr("open windows"));
    let ways = |lets: fn(Clipboard) -> bool| lets(display.clipboard);
    let (paste, copy) = (
        tr("paste what you copied elsewhere, right after you did something in it"),
        tr("have what is copied in it pasted elsewhere"),
    );
    if display.clipboard.asks() {
        all.asks(tr("to paste what you copied elsewhere"));
        all.asks(tr("before what is copied in it is pasted elsewhere"));
    } else {
        match ways(Clipboard::lets_in) {
            true => all.can(paste),
            false => all.cannot(paste),
        }
        match ways(Clipboard::lets_out) {
            true => all.can(copy),
            false => all.cannot(copy),
        }
    }
    match (plan.portals, plan.network.mode) {
        (false, _) => all.cannot(tr("open links in other programs")),
        (true, Mode::None) => all.asks(tr("to open a link in another program")),
        (true, _) => all.can(tr(
            "open a link in another program, right after you did something in it",
        )),
    }
    all.cannot(tr(
        "see other windows or the screen, or type into other programs",
    ));
}

fn sound(all: &mut List, gate: Option<&Gate>) {
    let Some(gate) = gate else {
        all.cannot(tr("play or hear sound"));
        return;
    };
    match gate.speaker {
        Speaker::On => all.can(tr("play sound")),
        Speaker::Off | Speaker::Silent => all.cannot(tr("be heard")),
    }
    match gate.microphone {
        Microphone::On => all.can(tr("hear the microphone at any time")),
        Microphone::Ask => all.asks(tr("to hear the microphone")),
        Microphone::Off | Microphone::Silent => all.cannot(tr("hear the microphone")),
    }
}

fn network(all: &mut List, plan: &Plan) {
    match plan.network.mode {
        Mode::None => all.cannot(tr("reach any network")),
        Mode::Internet => {
            all.can(tr("reach the Internet"));
            all.cannot(tr(
                "reach programs of this computer or its neighbours in the network",
            ));
        }
        Mode::Host => all.can(tr(
            "reach all that this computer reaches: its programs, its neighbours, everything",
        )),
    }
    for forward in &plan.network.forwards {
        let forward = forward_words(&forward.to_string());
        all.can(tr_with(
            "use what leads through the wall of its network: {forward}",
            &[("forward", &forward)],
        ));
    }
}

/// A path as people write it.
fn place(path: &Path, home: &Path) -> String {
    let below = path
        .strip_prefix(home)
        .map(|below| Path::new("~").join(below));
    OsBytes::from(below.as_deref().unwrap_or(path)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use oz_core::plan::{Bind, Display, Life, Limits, Network, Op, Source, SyscallPolicy, User};

    fn plan() -> Plan {
        let limits = Limits {
            processes: 100,
            open_files: 100,
            memory: None,
            total_memory: 512 << 20,
            cpu_weight: 100,
        };
        let syscalls = SyscallPolicy {
            name: "all".into(),
            allow: Vec::new(),
            conditional: Default::default(),
            refuse: Vec::new(),
            answered: Default::default(),
            user_namespaces: false,
        };
        let share = Bind {
            source: Source::User("/home/u/Music".into()),
            path: "/home/u/Music".into(),
            access: Access::Read,
            noexec: false,
            optional: false,
            device: false,
        };
        Plan {
            version: oz_core::plan::VERSION,
            id: "mpv".parse().expect("an id"),
            profile: "mpv".into(),
            user: User {
                uid: 1000,
                gid: 1000,
                name: "u".into(),
                home: "/home/u".into(),
            },
            hostname: "oz".into(),
            root: vec![Op::Bind(share)],
            listeners: Vec::new(),
            environment: Default::default(),
            syscalls,
            limits,
            life: Life::default(),
            display: Some(Display {
                app_id: None,
                clipboard: Clipboard::Out,
                clipboard_in: Default::default(),
                clipboard_out: Default::default(),
                buffers: Default::default(),
                shortcuts: false,
                gpu: false,
                mark: Default::default(),
            }),
            audio: Some(Gate {
                microphone: Microphone::Ask,
                speaker: Speaker::On,
                ..Gate::default()
            }),
            portals: true,
            network: Network::default(),
            tree: None,
            home: Home::Ephemeral,
            rules: Vec::new(),
            own: Vec::new(),
            arguments: Access::Write,
            drops: Drops::Off,
            siblings: false,
            required: Vec::new(),
        }
    }

    fn of(plan: &Plan, verdict: Verdict) -> Vec<String> {
        let all = permissions(plan).into_iter();
        all.filter(|one| one.verdict == verdict)
            .map(|one| one.words)
            .collect()
    }

    #[test]
    fn each_thing_is_said_once_and_as_the_plan_has_it() {
        let mut plan = plan();
        assert_eq!(
            of(&plan, Verdict::Can),
            [
                "keep files of its own until it ends",
                "read ~/Music",
                "read and change the files that you open with it",
                "open windows",
                "have what is copied in it pasted elsewhere",
                "play sound",
            ]
        );
        assert_eq!(
            of(&plan, Verdict::Asks),
            [
                "for more files, by the file dialog of the desktop",
                "to open a link in another program",
                "to hear the microphone",
            ]
        );
        let cannot = of(&plan, Verdict::Cannot);
        for words in [
            "have files that are dropped on its windows",
            "see any other of your files",
            "paste what you copied elsewhere, right after you did something in it",
            "reach any network",
            "take more than 512 MiB of memory",
        ] {
            assert!(
                cannot.iter().any(|known| known == words),
                "{words}: {cannot:?}"
            );
        }
        let tree = |copied| {
            let path = "/home/u/sid".into();
            let plan = Plan {
                tree: Some(Tree { path, copied }),
                ..plan.clone()
            };
            of(&plan, Verdict::Can).remove(0)
        };
        assert_eq!(
            tree(false),
            "run the programs in ~/sid instead of the system's"
        );
        assert!(tree(true).ends_with("and change a copy of them"));
        plan.audio = None;
        plan.display = None;
        plan.portals = false;
        plan.network.mode = Mode::Host;
        assert!(of(&plan, Verdict::Asks).is_empty());
        let can = of(&plan, Verdict::Can);
        assert!(
            can.iter().any(|words| words.contains("everything")),
            "{can:?}"
        );
        let cannot = of(&plan, Verdict::Cannot);
        assert!(cannot.contains(&"open windows".to_owned()));
        assert!(cannot.contains(&"play or hear sound".to_owned()));
    }
}
