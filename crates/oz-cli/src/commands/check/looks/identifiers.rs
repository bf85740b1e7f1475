//! What the app is told of the machine, against what is true.

use std::fs;

use oz_core::report::Wall;
use oz_core::wire::check::Question;

use super::{Look, Seen};
use crate::commands::check::view::View;

pub(super) const LOOKS: &[Look] = &[
    Look {
        wall: Wall::Identifiers,
        claim: "the host name that it sees is not the machine's",
        run: |view| {
            let own = rustix::system::uname();
            differs(view, Question::HostName, &own.nodename().to_string_lossy())
        },
    },
    Look {
        wall: Wall::Identifiers,
        claim: "the machine id that it reads is not the machine's",
        run: |view| differs(view, Question::MachineId, &of_host("/etc/machine-id")),
    },
    Look {
        wall: Wall::Identifiers,
        claim: "that of its message bus neither",
        run: |view| differs(view, Question::BusMachineId, &of_host("/etc/machine-id")),
    },
    Look {
        wall: Wall::Identifiers,
        claim: "the boot id that it reads is not the machine's",
        run: |view| {
            let own = of_host("/proc/sys/kernel/random/boot_id");
            differs(view, Question::BootId, &own)
        },
    },
];

fn of_host(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.trim().to_owned()
}

/// No identifier of the host is ever printed, not even here.
fn differs(view: &View, question: Question, own: &str) -> Seen {
    let told = view.answer(question);
    if told.is_empty() {
        return Seen::good("it is told nothing");
    }
    if told == own {
        return Seen::bad("it is told the truth");
    }
    Seen::good(told)
}
