//! Files of a file system that has stopped answering, sent to portals. To close one asks its file system, and what waits for
//! that cannot be killed; whoever gets a descriptor closes it.

use std::fs;

use oz_e2e::fixtures::write;
use oz_e2e::fuse::Fuse;
use oz_e2e::run::Started;
use oz_e2e::{Inside, Session, cli, oz, processes, wait};

use crate::host;
use crate::links::{answer, prompt};
use crate::opening::{App, ended};

/// More than the daemon looks at for one sandbox at a time.
const MANY: usize = 6;

/// Whether the daemon holds a descriptor of the file.
fn daemon_holds_it(fuse: &Fuse) -> bool {
    let daemon = wait::until("the daemon", processes::daemon);
    let fds = fs::read_dir(format!("/proc/{}/fd", daemon.pid)).expect("listed");
    let mut targets = fds.flatten().filter_map(|fd| fs::read_link(fd.path()).ok());
    targets.any(|target| target == fuse.file())
}

/// An app that has sent files of a file system which has stopped since, again and again.
fn hanging(session: &Session) -> (App, Fuse, Vec<Started>) {
    let app = App::start(session);
    let fuse = Fuse::mount(session.fresh_dir("shelf"), "letter.txt", "Dear all\n");
    app.add(fuse.dir(), &[]);
    // As long as it answers they are files like any.
    let opening = app.open("OpenFile", "file", fuse.file());
    answer(&prompt(), "no");
    assert!(ended(&opening).contains("response 1"));
    let openings: Vec<_> = (0..MANY).map(|_| app.open_later(fuse.file())).collect();
    fuse.stop();
    app.inside.sh("touch /tmp/go").ok();
    // What passes a descriptor on closes its own: there the bus inside waits, and whoever stands between it and the daemon.
    wait::for_condition("its bus to hang", || !portals_answer(&app.inside));
    (app, fuse, openings)
}

fn portals_answer(inside: &Inside) -> bool {
    let ask = format!("{} '[]'", host::call("Settings.ReadAll"));
    inside.holds(&format!("timeout 5 {ask}"))
}

#[test]
fn files_that_cannot_even_be_closed_cost_the_app_its_own_portals_and_nobody_else() {
    let session = Session::begin();
    let (app, mut fuse, openings) = hanging(&session);
    let daemon = wait::until("the daemon", processes::daemon);
    let other = app.beside();
    let file = write(&session.fresh_dir("held").join("other.txt"), b"text\n");
    oz(["add", other.id()]).arg(&file).run().ok();
    for _ in 0..3 {
        assert!(portals_answer(&other));
        oz(["run", "--", "true"]).run().ok();
        assert!(cli::running().contains(&app.inside.id().to_owned()));
    }
    let opening = app.open_in(&other, "OpenFile", "file", &file);
    answer(&prompt(), "no");
    assert!(ended(&opening).contains("response 1"));
    app.inside.sh("true").ok();
    assert!(daemon.lives());
    // When it is gone all goes on, and nobody has kept anything of it.
    fuse.vanish();
    for opening in openings {
        ended(&opening);
    }
    wait::for_condition("its bus to go on", || portals_answer(&app.inside));
    wait::for_condition("the daemon to let go", || !daemon_holds_it(&fuse));
}

#[test]
fn a_sandbox_whose_bus_cannot_be_killed_ends_all_the_same() {
    let session = Session::begin();
    let (app, mut fuse, openings) = hanging(&session);
    let id = app.inside.id().to_owned();
    oz(["stop", &id]).within(wait::LONG).run();
    assert!(!cli::is_running(&id));
    oz(["run", "--", "true"]).run().ok();
    drop(openings);
    fuse.vanish();
    wait::for_condition("its processes to be gone", || {
        processes::inits().is_empty() && !daemon_holds_it(&fuse)
    });
}
