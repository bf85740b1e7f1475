//! What is taken out of a directory that an app may change stays out of it.

mod support;

use std::path::{Path, PathBuf};

use oz_core::plan::{Access, Bind, Op, Plan, Source};
use oz_core::wire::init::ExitStatus;
use support::scratch::Scratch;
use support::{ALLOW, launch, plan, start};

const DONE: ExitStatus = ExitStatus::Code(0);

fn shown(scratch: &Scratch, at: &Path, access: Access) -> Op {
    Op::Bind(Bind {
        source: Source::User(scratch.path.clone()),
        path: at.to_owned(),
        access,
        noexec: false,
        optional: false,
        device: false,
    })
}

/// A plan that shows a directory of the host for writing, with more steps in it.
fn with(scratch: &Scratch, steps: impl Fn(&Path) -> Vec<Op>) -> (Plan, PathBuf) {
    let at = Path::new(plan::HOME).join("given");
    let mut plan = plan::minimal();
    plan.root.push(shown(scratch, &at, Access::Write));
    plan.root.extend(steps(&at));
    (plan, at)
}

fn tree() -> Scratch {
    let scratch = Scratch::new();
    for directory in ["a", "a/b", "a/b/secret"] {
        scratch.directory(directory);
    }
    scratch.file("a/b/secret/key", "the key");
    scratch.file("a/note", "a note");
    scratch
}

#[test]
fn what_is_above_a_hidden_place_can_be_changed_and_not_be_renamed() {
    let scratch = tree();
    let pin = |path: PathBuf| Op::Pin { path };
    let (plan, at) = with(&scratch, |at| {
        let secret = at.join("a/b/secret");
        vec![
            pin(at.join("a")),
            pin(at.join("a/b")),
            Op::Mask { path: secret },
        ]
    });
    let mut sandbox = start(plan);
    let at = at.display();
    let mut run = |script: &str| sandbox.shell(&format!("cd {at} && {script}"));
    assert_ne!(run("cat a/b/secret/key").1, DONE);
    for attempt in [
        "mv a x",
        "mv a/b x",
        "mv a/b a/x",
        "mv a/b/secret x",
        "rmdir a/b/secret",
    ] {
        let (text, status) = run(attempt);
        assert_ne!(status, DONE, "{attempt}: {text}");
    }
    // The rest is the app's to change.
    assert_eq!(
        run("echo more >> a/note && mkdir a/b/new && mv a/note a/b/new/moved").1,
        DONE
    );
    assert_eq!(run("cat a/b/new/moved").0, "a notemore");
    assert!(scratch.path.join("a/b/secret/key").exists());
}

#[test]
fn without_a_pin_another_can_be_put_in_its_place() {
    let scratch = tree();
    let (mut plan, at) = with(&scratch, |at| {
        let path = at.join("a/b/secret");
        vec![
            Op::Pin { path: at.join("a") },
            Op::Pin {
                path: at.join("a/b"),
            },
            Op::Mask { path },
        ]
    });
    plan.root.retain(|op| !matches!(op, Op::Pin { .. }));
    // So no plan is without.
    match launch(plan, vec![ALLOW]) {
        Err(refusal) => assert!(format!("{refusal:?}").contains("Plan"), "{refusal:?}"),
        Ok(_) => panic!("it was made, with {}", at.display()),
    }
}

#[test]
fn a_hidden_directory_shows_what_a_deeper_rule_shows_and_nothing_else() {
    let scratch = tree();
    let (plan, at) = with(&scratch, |at| {
        let hidden = at.join("a");
        let inner = Op::Bind(Bind {
            source: Source::User(scratch.path.join("a/b/secret")),
            path: hidden.join("b/secret"),
            access: Access::Write,
            noexec: false,
            optional: false,
            device: false,
        });
        vec![
            plan::tmpfs(&hidden, 0o755),
            plan::directory(hidden.join("b/secret").to_str().expect("UTF-8")),
            Op::ReadOnly { path: hidden },
            inner,
        ]
    });
    let mut sandbox = start(plan);
    let at = at.display();
    let mut run = |script: &str| sandbox.shell(&format!("cd {at} && {script}"));
    assert_eq!(run("cat a/b/secret/key").0, "the key");
    assert_ne!(run("cat a/note").1, DONE);
    assert_eq!(run("ls -A a a/b").0, "a:\nb\n\na/b:\nsecret");
    for attempt in [
        "touch a/x",
        "touch a/b/x",
        "mv a/b a/x",
        "mv a x",
        "chmod 777 a",
    ] {
        let (text, status) = run(attempt);
        assert_ne!(status, DONE, "{attempt}: {text}");
    }
    assert_eq!(run("echo new > a/b/secret/key").1, DONE);
    assert_eq!(
        std::fs::read(scratch.path.join("a/b/secret/key")).expect("read"),
        b"new\n"
    );
}

#[test]
fn a_link_that_is_to_be_hidden_shows_nothing_and_ends_no_launch() {
    let scratch = tree();
    std::os::unix::fs::symlink("b/secret", scratch.path.join("a/link")).expect("linked");
    let at = Path::new(plan::HOME).join("given");
    let mut plan = plan::minimal();
    plan.root.push(shown(&scratch, &at, Access::Read));
    for hidden in ["a/link", "a/b/secret"] {
        plan.root.push(Op::Mask {
            path: at.join(hidden),
        });
    }
    let mut sandbox = start(plan);
    let (text, status) = sandbox.shell(&format!("cat {}/a/link/key", at.display()));
    assert_ne!(status, DONE, "{text}");
    // A link on the way is another matter: nobody knows what would be covered.
    let mut plan = plan::minimal();
    plan.root.push(shown(&scratch, &at, Access::Read));
    plan.root.push(Op::Mask {
        path: at.join("a/link/key"),
    });
    assert!(launch(plan, vec![ALLOW]).is_err());
}
