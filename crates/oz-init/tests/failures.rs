//! What a daemon is told when a sandbox cannot be made or a program not be started.

mod support;

use oz_core::plan::{Access, Bind, Op, Source};
use oz_core::wire::init::{ExitStatus, FromInit, Stage, Stdio};
use support::{ALLOW, launch, plan, start};

fn failure(plan: oz_core::plan::Plan, filter: Vec<u64>) -> (Stage, String, i32) {
    match launch(plan, filter) {
        Err(FromInit::Failed {
            process: None,
            stage,
            subject,
            errno,
        }) => (stage, subject.to_string(), errno),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was made"),
    }
}

#[test]
fn a_plan_of_another_version_is_refused() {
    let mut plan = plan::minimal();
    plan.version += 1;
    assert_eq!(
        failure(plan, vec![ALLOW]),
        (Stage::Plan, "version".to_owned(), 0)
    );
}

#[test]
fn no_filter_is_refused() {
    assert_eq!(failure(plan::minimal(), Vec::new()).0, Stage::Plan);
}

#[test]
fn a_missing_source_names_its_place_unless_it_is_optional() {
    let bind = |optional| {
        let mut plan = plan::minimal();
        let bind = Op::Bind(Bind {
            source: Source::System("/opt/nonexistent".into()),
            path: "/opt/nonexistent".into(),
            access: Access::Read,
            noexec: false,
            optional,
            device: false,
        });
        plan::before_the_seal(&mut plan, bind);
        plan
    };
    assert_eq!(
        failure(bind(false), vec![ALLOW]),
        (Stage::Root, "/opt/nonexistent".to_owned(), 2)
    );
    drop(start(bind(true)));
}

#[test]
fn a_symlink_in_a_users_source_is_refused() {
    let scratch = support::scratch::Scratch::new();
    scratch.directory("real");
    std::os::unix::fs::symlink("real", scratch.path.join("link")).expect("linked");
    let mut plan = plan::minimal();
    plan.root.push(Op::Bind(Bind {
        source: Source::User(scratch.path.join("link")),
        path: format!("{}/x", plan::HOME).into(),
        access: Access::Write,
        noexec: false,
        optional: true,
        device: false,
    }));
    let (stage, _, errno) = failure(plan, vec![ALLOW]);
    assert_eq!(
        (stage, errno),
        (Stage::Root, rustix::io::Errno::LOOP.raw_os_error())
    );
}

/// A plan with one bind of a tree.
fn rooted(tree: &std::path::Path, name: &str) -> oz_core::plan::Plan {
    let mut plan = plan::minimal();
    // The host's is no system beside it.
    plan.root
        .retain(|op| !matches!(op, Op::Bind(bind) if !bind.device));
    let bind = Op::Bind(Bind {
        source: Source::Tree {
            tree: tree.to_owned(),
            path: name.into(),
        },
        path: name.into(),
        access: Access::Read,
        noexec: false,
        optional: false,
        device: false,
    });
    plan::before_the_seal(&mut plan, bind);
    plan.tree = Some(oz_core::plan::Tree {
        path: tree.to_owned(),
        copied: false,
    });
    plan
}

#[test]
fn a_link_out_of_a_tree_leads_to_what_the_tree_has_there() {
    let scratch = support::scratch::Scratch::new();
    let outside = scratch.directory("outside");
    let tree = scratch.directory("tree");
    for (target, name) in [
        (outside.as_path(), "absolute"),
        ("../outside".as_ref(), "up"),
    ] {
        std::os::unix::fs::symlink(target, tree.join(name)).expect("linked");
        let (stage, _, errno) = failure(rooted(&tree, &format!("/{name}")), vec![ALLOW]);
        assert_eq!(
            (stage, errno),
            (Stage::Root, rustix::io::Errno::NOENT.raw_os_error())
        );
    }
}

#[test]
fn what_has_become_a_fifo_in_a_tree_is_not_mounted() {
    let scratch = support::scratch::Scratch::new();
    let tree = scratch.directory("tree");
    let mode = rustix::fs::Mode::RWXU;
    rustix::fs::mknodat(
        rustix::fs::CWD,
        tree.join("srv"),
        rustix::fs::FileType::Fifo,
        mode,
        0,
    )
    .expect("made");
    let (stage, _, errno) = failure(rooted(&tree, "/srv"), vec![ALLOW]);
    assert_eq!(
        (stage, errno),
        (Stage::Root, rustix::io::Errno::NOTSUP.raw_os_error())
    );
}

#[test]
fn what_is_masked_cannot_be_seen() {
    let mut sandbox = start(plan::minimal());
    let look = "ls -A /proc/irq; cat /proc/interrupts; ls -A / | grep oz; touch /proc/irq/x";
    let (text, status) = sandbox.shell(look);
    assert_ne!(status, ExitStatus::Code(0));
    assert_eq!(text.lines().count(), 1, "only touch complains: {text}");
    assert!(
        std::fs::read_dir("/proc/irq")
            .expect("there is one outside")
            .count()
            > 0
    );
    let written = sandbox.shell("echo x > /proc/sys/kernel/hostname").0;
    assert!(written.contains("Read-only file system"), "{written}");
}

#[test]
fn a_filter_that_the_kernel_refuses_fails_the_program_only() {
    let mut sandbox = launch(plan::minimal(), vec![u64::MAX]).expect("a sandbox");
    let process = sandbox.begin(&["true"], Stdio::Null, &[]);
    let (message, _) = sandbox.daemon.hear().expect("an answer");
    let wanted = (Some(process), Stage::Filter);
    assert!(
        matches!(message, FromInit::Failed { process, stage, .. } if (process, stage) == wanted)
    );
}

#[test]
fn the_filter_is_in_force() {
    // Refuse uname (63 on x86-64) with EPERM: load the number, compare, return.
    let filter = vec![
        0x0020_0000_0000_0000,
        0x0015_0001_0000_003f,
        0x0006_0000_0005_0001,
        ALLOW,
    ];
    let mut plain = start(plan::minimal());
    assert_eq!(plain.shell("uname -s").0, "Linux");
    let mut sandbox = launch(plan::minimal(), filter).expect("a sandbox");
    let (text, status) = sandbox.shell("uname -s");
    assert_eq!(status, ExitStatus::Code(1), "{text}");
}
