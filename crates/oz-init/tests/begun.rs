//! A sandbox that was begun in advance is like any other.

mod support;

use std::fs::File;
use std::time::Duration;

use oz_core::plan::{Mode, Op, Plan};
use oz_core::wire::init::{FromInit, Stage};
use oz_sys::namespaces::{owner, same};
use support::{Nascent, Sandbox, begin, launch, plan, start};

/// Everything before the seal.
fn common(plan: &Plan) -> usize {
    let seal = |op: &Op| matches!(op, Op::ReadOnly { path } if path.as_os_str() == "/");
    plan.root.iter().position(seal).expect("a seal")
}

fn begin_for(plan: &Plan) -> Nascent {
    let (root, rest) = plan.root.split_at(common(plan));
    // Nothing but memory is made before its step comes, and one that was expected need not come.
    let unlikely = Op::Tmpfs {
        path: "/tmp".into(),
        mode: 0o700,
        size: 12 << 10,
        noexec: true,
    };
    let likely = [&[unlikely], rest].concat();
    begin(plan.user.clone(), true, root, &likely).expect("begun")
}

fn start_on_begun() -> Sandbox {
    let plan = plan::minimal();
    begin_for(&plan).finish(plan).expect("a sandbox")
}

fn stage_of(refused: Result<Sandbox, FromInit>) -> (Stage, String, i32) {
    match refused.err() {
        Some(FromInit::Failed {
            stage,
            subject,
            errno,
            ..
        }) => (stage, subject.to_string(), errno),
        other => panic!("{other:?}"),
    }
}

/// What it looks like from inside, without what differs between any two.
const LOOK: &str = "cut -d' ' -f4-6,9- /proc/self/mountinfo | sort; ip -o link; ip -o addr; hostname; \
    cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; grep -E 'Cap|NoNewPrivs|Seccomp' /proc/self/status; \
    ls -lAR --time-style=+ /etc /dev /home /tmp /run | grep -v ^total; ulimit -a; cat /proc/sys/user/*";

#[test]
fn it_looks_the_same_from_inside() {
    let (ordinary, _) = start(plan::minimal()).shell(LOOK);
    let (on_begun, _) = start_on_begun().shell(LOOK);
    assert!(ordinary.lines().count() > 100, "{ordinary}");
    assert_eq!(ordinary, on_begun);
}

#[test]
fn its_namespaces_belong_to_a_user_namespace_right_below_ours() {
    let sandbox = start_on_begun();
    let [user, mount, net, pid] = &sandbox.namespaces[..] else {
        panic!("four namespaces");
    };
    let ours = File::open("/proc/self/ns/user").expect("opens");
    assert!(same(owner(user).expect("an owner"), ours).expect("compared"));
    for namespace in [mount, net, pid] {
        assert!(same(owner(namespace).expect("an owner"), user).expect("compared"));
    }
}

#[test]
fn nothing_in_it_can_be_changed_mounted_or_taken_away() {
    let mut sandbox = start_on_begun();
    for attempt in [
        "touch /etc/new",
        "mkdir /new",
        "rm /etc/passwd",
        "mount -o remount,rw /usr",
        "mount -o remount,rw /",
        "umount /usr",
        "unshare --user --map-root-user --mount mount -o remount,rw /",
        "unshare --user --map-root-user --mount umount /usr",
        "ip link set lo down",
    ] {
        let (_, status) = sandbox.shell(attempt);
        assert_ne!(status.code(), 0, "{attempt}");
    }
    assert_eq!(sandbox.shell("ls /usr/bin/env").1.code(), 0);
}

#[test]
fn two_of_them_share_nothing() {
    let (mut one, mut other) = (start_on_begun(), start_on_begun());
    for place in ["/tmp/mine", "/home/dorothy/mine", "/dev/shm/mine"] {
        one.shell(&format!("touch {place}"));
        assert_ne!(other.shell(&format!("ls {place}")).1.code(), 0, "{place}");
    }
    let net = |sandbox: &mut Sandbox| sandbox.shell("readlink /proc/self/ns/net").0;
    assert_ne!(net(&mut one), net(&mut other));
}

#[test]
fn who_waits_for_a_plan_has_no_process_and_no_network_beside_it() {
    let plan = plan::minimal();
    let nascent = begin_for(&plan);
    let pid = nascent.init.pid();
    let pids = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("read");
    assert_eq!(pids, "");
    let devices = std::fs::read_to_string(format!("/proc/{pid}/net/dev")).expect("read");
    assert_eq!(devices.lines().count(), 3, "{devices}");
}

#[test]
fn who_waits_for_a_plan_ends_with_its_daemon() {
    let Nascent { daemon, init, .. } = begin_for(&plan::minimal());
    assert!(!init.ended(Duration::ZERO));
    drop(daemon);
    assert!(init.ended(Duration::from_secs(20)));
}

#[test]
fn what_was_begun_for_another_plan_is_refused() {
    let plan = plan::minimal();
    let refused = |other: Plan| {
        let (stage, subject, _) = stage_of(begin_for(&plan).finish(other));
        assert_eq!(stage, Stage::Plan);
        subject
    };
    let about_begun = "what was begun is for another plan";
    let mut other = plan.clone();
    other.user.name = "somebody".into();
    assert_eq!(refused(other), about_begun);
    let mut other = plan.clone();
    other.network.mode = Mode::Host;
    assert_eq!(refused(other), about_begun);
    // A plan that breaks a rule is no better for being begun.
    let mut other = plan.clone();
    other.root.retain(|op| !matches!(op, Op::ReadOnly { .. }));
    refused(other);
}

#[test]
fn what_cannot_be_begun_is_said() {
    let plan = plan::minimal();
    let missing = plan::read_only("/nonexistent/usr");
    let refused = begin(plan.user.clone(), true, &[missing], &[]).err();
    let Some(FromInit::Failed { subject, errno, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(
        (subject.to_string().as_str(), errno),
        ("/nonexistent/usr", 2)
    );
    let mut other = plan.user;
    other.uid += 1;
    let refused = begin(other, true, &[], &[]).err();
    let Some(FromInit::Failed { stage, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(stage, Stage::UserMap);
}

#[test]
fn who_is_in_the_network_of_the_host_gets_no_other() {
    let mut plan = plan::minimal();
    plan.network.mode = Mode::Host;
    let mut sandbox = launch(plan, vec![support::ALLOW]).expect("a sandbox");
    let ours = File::open("/proc/self/ns/net").expect("opens");
    assert!(same(&sandbox.namespaces[2], &ours).expect("compared"));
    let own = std::fs::read_link("/proc/self/ns/net").expect("a link");
    let inside = sandbox.shell("readlink /proc/self/ns/net").0;
    assert_eq!(inside, own.to_string_lossy());
}
