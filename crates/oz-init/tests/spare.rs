//! A sandbox of which a part was made in advance is like any other.

mod support;

use oz_core::plan::{Op, Plan};
use oz_core::wire::init::{FromInit, Stage};
use oz_core::wire::spare::Answer;
use oz_sys::namespaces::{owner, same};
use std::fs::File;
use support::{ALLOW, Sandbox, launch_on, plan, spare, start};

/// Everything before the seal.
fn common(plan: &Plan) -> usize {
    let seal = |op: &Op| matches!(op, Op::ReadOnly { .. });
    plan.root.iter().position(seal).expect("a seal")
}

fn start_on_spare() -> Sandbox {
    let plan = plan::minimal();
    let made = common(&plan);
    let spare = spare(plan.user.clone(), &plan.root[..made]).expect("made");
    let made = u32::try_from(made).expect("few");
    launch_on(plan, vec![ALLOW], &[], spare, made).expect("a sandbox")
}

/// What it looks like from inside, without what differs between any two.
const LOOK: &str = "cut -d' ' -f4-6,9- /proc/self/mountinfo | sort; ip -o link; ip -o addr; hostname; \
    cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; grep -E 'Cap|NoNewPrivs|Seccomp' /proc/self/status; \
    ls -lAR --time-style=+ /etc /dev /home /tmp /run | grep -v ^total; ulimit -a; cat /proc/sys/user/*";

#[test]
fn it_looks_the_same_from_inside() {
    let (ordinary, _) = start(plan::minimal()).shell(LOOK);
    let (on_spare, _) = start_on_spare().shell(LOOK);
    assert!(ordinary.lines().count() > 100, "{ordinary}");
    assert_eq!(ordinary, on_spare);
}

#[test]
fn its_namespaces_belong_to_a_user_namespace_right_below_ours() {
    let sandbox = start_on_spare();
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
    let mut sandbox = start_on_spare();
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
    let (mut one, mut other) = (start_on_spare(), start_on_spare());
    for place in ["/tmp/mine", "/home/dorothy/mine", "/dev/shm/mine"] {
        one.shell(&format!("touch {place}"));
        assert_ne!(other.shell(&format!("ls {place}")).1.code(), 0, "{place}");
    }
    let net = |sandbox: &mut Sandbox| sandbox.shell("readlink /proc/self/ns/net").0;
    assert_ne!(net(&mut one), net(&mut other));
}

#[test]
fn what_was_made_for_somebody_else_is_refused() {
    let plan = plan::minimal();
    let made = common(&plan);
    let steps = u32::try_from(made).expect("few");
    let whole = spare(plan.user.clone(), &plan.root[..made]).expect("made");
    let mut other = plan.clone();
    other.user.gid += 1;
    let refused = launch_on(other, vec![ALLOW], &[], whole, steps).err();
    let Some(FromInit::Failed { stage, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(stage, Stage::UserMap);
}

#[test]
fn incomplete_or_superfluous_parts_are_refused() {
    let plan = plan::minimal();
    let made = common(&plan);
    let steps = u32::try_from(made).expect("few");
    for (kept, steps) in [(2, steps), (3, 0), (0, steps), (3, 5000)] {
        let mut parts = spare(plan.user.clone(), &plan.root[..made]).expect("made");
        parts.truncate(kept);
        let refused = launch_on(plan.clone(), vec![ALLOW], &[], parts, steps).err();
        let Some(FromInit::Failed { stage, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(stage, Stage::Plan, "{kept} parts, {steps} steps");
    }
}

#[test]
fn what_cannot_be_made_is_said() {
    let plan = plan::minimal();
    let missing = plan::read_only("/nonexistent/usr");
    let Err(Answer::Failed { subject, errno }) = spare(plan.user, &[missing]) else {
        panic!("it was made");
    };
    assert_eq!(
        (subject.to_string().as_str(), errno),
        ("/nonexistent/usr", 2)
    );
}

#[test]
fn who_is_in_the_network_of_the_host_gets_no_network_of_a_spare() {
    let mut plan = plan::minimal();
    plan.network.mode = oz_core::plan::Mode::Host;
    let made = common(&plan);
    let spare = spare(plan.user.clone(), &plan.root[..made]).expect("made");
    let made = u32::try_from(made).expect("few");
    let mut sandbox = launch_on(plan, vec![ALLOW], &[], spare, made).expect("a sandbox");
    let ours = File::open("/proc/self/ns/net").expect("opens");
    assert!(same(&sandbox.namespaces[2], &ours).expect("compared"));
    let own = std::fs::read_link("/proc/self/ns/net").expect("a link");
    let inside = sandbox.shell("readlink /proc/self/ns/net").0;
    assert_eq!(inside, own.to_string_lossy());
}
