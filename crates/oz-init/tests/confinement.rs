//! What an app cannot do.

mod support;

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use oz_core::report::{State, Wall};
use oz_core::wire::init::{ExitStatus, FromInit, Stage, Stdio};
use oz_sys::namespaces;
use support::{ALLOW, plan, start};

const DONE: ExitStatus = ExitStatus::Code(0);

#[test]
fn the_app_runs_as_the_user_with_the_plans_variables_and_host_name() {
    let mut sandbox = start(plan::minimal());
    let (uid, gid) = support::ordinary();
    let (text, status) = sandbox.shell("id -u; id -g; hostname; echo $PLAN $MORE; pwd; umask");
    assert_eq!(status, DONE, "{text}");
    assert_eq!(
        text,
        format!("{uid}\n{gid}\nkansas\nyes yes\n{}\n0022", plan::HOME)
    );
}

#[test]
fn the_app_has_no_capability_and_gains_none() {
    let mut sandbox = start(plan::minimal());
    let (text, _) = sandbox.shell("grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status");
    for line in text.lines().filter(|line| line.starts_with("Cap")) {
        assert!(line.ends_with("\t0000000000000000"), "{line}");
    }
    assert!(
        text.contains("NoNewPrivs:\t1") && text.contains("Seccomp:\t2"),
        "{text}"
    );
}

#[test]
fn the_app_holds_no_descriptor_but_its_streams() {
    let mut sandbox = start(plan::minimal());
    let each = "for n in $(seq 0 200); do test -e /proc/$$/fd/$n && echo $n; done; true";
    assert_eq!(sandbox.shell(each).0, "0\n1\n2");
}

#[test]
fn the_app_cannot_mount_unmount_or_make_the_root_writable() {
    let mut sandbox = start(plan::minimal());
    for attempt in [
        "mount -t tmpfs none /tmp",
        "umount /usr",
        "umount -l /tmp",
        "mount -o remount,rw,bind /usr",
        "mount -o remount,rw /",
        "touch /usr/x",
        "touch /x",
        "mkdir /etc/x",
        "rm /etc/passwd",
        "mount --make-rprivate /",
        "chroot / true",
        "hostname x",
    ] {
        let (text, status) = sandbox.shell(attempt);
        assert_ne!(status, DONE, "{attempt}: {text}");
    }
    // Each of these is something that the same programs can do to what is theirs.
    assert_eq!(
        sandbox.shell("touch /tmp/x && mkdir ~/x && rm /tmp/x").1,
        DONE
    );
}

#[test]
fn nothing_can_be_mounted_in_a_namespace_of_the_apps_own() {
    let mut sandbox = start(plan::minimal());
    let own = "unshare -Urm --propagation unchanged";
    let (text, status) = sandbox.shell(&format!("{own} grep CapEff.*ffff /proc/self/status"));
    assert_eq!(
        status, DONE,
        "the filter of this test lets the app make namespaces: {text}"
    );
    for attempt in [
        "mount -t tmpfs none /tmp",
        "mount --make-private /usr",
        "mount -o remount,rw,bind /usr",
        "umount /usr",
        "umount -l /proc",
        "mount -t proc p /tmp/p",
    ] {
        let whole = format!("mkdir -p /tmp/p; {own} {attempt} && echo done");
        assert!(!sandbox.shell(&whole).0.contains("done"), "{attempt}");
    }
}

#[test]
fn the_app_sees_no_process_of_the_host() {
    let mut sandbox = start(plan::minimal());
    let (text, _) = sandbox.shell("cd /proc; ls -d [0-9]* | wc -l; cat 1/comm");
    let (count, init) = text.split_once('\n').expect("two lines");
    assert!(count.parse::<u32>().expect("a number") < 8, "{count}");
    assert_eq!(init, "oz-init");
}

#[test]
fn the_app_cannot_signal_trace_or_look_into_init() {
    let mut sandbox = start(plan::minimal());
    for attempt in [
        "readlink /proc/1/ns/mnt",
        "readlink /proc/1/exe",
        "ls /proc/1/fd/",
        "cat /proc/1/environ",
        "head -c1 /proc/1/mem",
        "cat /proc/1/root/etc/passwd",
        "nsenter -t 1 -m true",
        "nsenter -t 1 -U true",
    ] {
        let (text, status) = sandbox.shell(attempt);
        assert_ne!(status, DONE, "{attempt}: {text}");
    }
    assert_eq!(
        sandbox
            .shell("readlink /proc/$$/ns/mnt && ls /proc/$$/fd/")
            .1,
        DONE
    );
    sandbox.shell("for s in KILL STOP TERM INT HUP SEGV CHLD; do kill -$s 1; done");
    assert_eq!(sandbox.shell("echo alive").0, "alive");
}

#[test]
fn two_programs_are_in_user_namespaces_of_their_own_and_neither_is_the_sandboxs() {
    let mut sandbox = start(plan::minimal());
    let link = "readlink /proc/self/ns/user";
    let (one, other) = (sandbox.shell(link).0, sandbox.shell(link).0);
    assert_ne!(one, other);
    let owner = rustix::fs::fstat(&sandbox.namespaces[0])
        .expect("stat")
        .st_ino;
    assert!(!one.contains(&owner.to_string()) && !other.contains(&owner.to_string()));
}

#[test]
fn the_namespaces_that_a_daemon_gets_belong_together_and_a_program_s_do_not_pass_for_them() {
    let mut sandbox = start(plan::minimal());
    let ours = File::open("/proc/self/ns/user").expect("opens");
    let [user, others @ ..] = sandbox.namespaces.as_slice() else {
        panic!("none");
    };
    let belongs = |namespace: &OwnedFd, to: BorrowedFd| {
        namespaces::same(namespaces::owner(namespace).expect("an owner"), to).expect("compared")
    };
    assert!(belongs(user, ours.as_fd()));
    assert!(others.iter().all(|other| belongs(other, user.as_fd())));
    let user = user.try_clone().expect("cloned");
    let (running, _output) = sandbox.begin_shell("exec sleep 300");
    sandbox.started(running);
    // Every process but init is in a user namespace beneath it.
    let nested: Vec<OwnedFd> = sandbox
        .host_pids()
        .iter()
        .filter_map(|pid| File::open(format!("/proc/{pid}/ns/user")).ok())
        .map(OwnedFd::from)
        .filter(|namespace| !namespaces::same(namespace, &user).expect("compared"))
        .collect();
    assert!(!nested.is_empty());
    for namespace in nested {
        assert!(belongs(&namespace, user.as_fd()) && !belongs(&namespace, ours.as_fd()));
    }
}

#[test]
fn a_stray_descriptor_of_the_host_leads_nowhere() {
    let mut sandbox = start(plan::minimal());
    // Where the descriptor leads without the wall.
    let script =
        "cat /proc/self/fd/0/shadow-of-the-host || cat /proc/self/fd/0/../*/shadow-of-the-host";
    let place = std::path::PathBuf::from(format!("/var/tmp/oz-stray-{}", std::process::id()));
    std::fs::create_dir(&place).expect("made");
    std::fs::write(place.join("shadow-of-the-host"), "secret").expect("written");
    let directory = File::open(&place).expect("opened");
    let outside = std::process::Command::new("sh")
        .args(["-c", script])
        .stdin(directory.try_clone().expect("cloned"))
        .output()
        .expect("ran");
    let (mut output, writer) = std::io::pipe().expect("pipe");
    let fds = [directory.as_fd(), writer.as_fd(), writer.as_fd()];
    let process = sandbox.begin(&["sh", "-c", script], Stdio::Pipes, &fds);
    drop(writer);
    let status = sandbox.ended(process);
    let mut text = String::new();
    output.read_to_string(&mut text).expect("output");
    std::fs::remove_dir_all(&place).expect("removed");
    assert_eq!(outside.stdout, b"secret");
    assert!(
        status != DONE && !text.contains("secret"),
        "{status:?}: {text}"
    );
    assert!(text.contains("Permission denied"), "{text}");
}

#[test]
fn init_says_how_far_the_second_wall_holds() {
    let sandbox = start(plan::minimal());
    let held = sandbox.held.iter().find(|held| held.wall == Wall::Landlock);
    let held = held.expect("it is said");
    assert_eq!(held.state, State::Enforced, "{}", held.why);
}

#[test]
fn only_loopback_is_there_and_it_is_up() {
    let mut sandbox = start(plan::minimal());
    let (text, _) =
        sandbox.shell("cat /proc/net/dev | tail -n +3 | cut -d: -f1; cat /proc/net/fib_trie");
    assert!(
        text.trim_start().starts_with("lo\n") && text.contains("127.0.0.1"),
        "{text}"
    );
}

#[test]
fn a_fork_bomb_ends_at_the_plans_limit() {
    let mut small = plan::minimal();
    small.limits.processes = 24;
    let mut sandbox = start(small);
    let bomb = "i=0; while [ $i -lt 60 ]; do sleep 30 & i=$((i+1)); done; echo survived";
    let (process, _output) = sandbox.begin_shell(bomb);
    assert_ne!(sandbox.ended(process), DONE);
    assert!(sandbox.host_pids().len() <= 24, "{:?}", sandbox.host_pids());
}

/// Abstract sockets of this process, one of each kind that there is, by their name.
fn abstract_sockets(name: &str) -> [OwnedFd; 3] {
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, bind, listen, socket};
    let kinds = [
        ("stream", SocketType::STREAM),
        ("packet", SocketType::SEQPACKET),
        ("datagram", SocketType::DGRAM),
    ];
    kinds.map(|(kind, number)| {
        let fd = socket(AddressFamily::UNIX, number, None).expect("a socket");
        let address = SocketAddrUnix::new_abstract_name(format!("{name}-{kind}").as_bytes());
        bind(&fd, &address.expect("a name")).expect("bound");
        if number != SocketType::DGRAM {
            listen(&fd, 4).expect("listens");
        }
        fd
    })
}

/// Reaches them all, and says which.
fn reach(name: &str) -> String {
    format!(
        "python3 - <<'E'\nimport socket\nfor kind, number in (('stream', socket.SOCK_STREAM), \
         ('packet', socket.SOCK_SEQPACKET), ('datagram', socket.SOCK_DGRAM)):\n  for how in ('connect', 'sendto'):\n    \
         s = socket.socket(socket.AF_UNIX, number)\n    try:\n      \
         s.connect('\\0{name}-' + kind) if how == 'connect' else s.sendto(b'x', '\\0{name}-' + kind)\n      \
         print(kind, how)\n    except OSError as e: print('refused', e.errno)\nE"
    )
}

#[test]
fn in_the_network_of_the_host_no_abstract_socket_is_reached() {
    let name = format!("oz-init-{}", std::process::id());
    let _sockets = abstract_sockets(&name);
    let outside = std::process::Command::new("sh")
        .args(["-c", &reach(&name)])
        .output()
        .expect("ran");
    let outside = String::from_utf8_lossy(&outside.stdout).into_owned();
    for reached in [
        "stream connect",
        "packet connect",
        "datagram connect",
        "datagram sendto",
    ] {
        assert!(outside.contains(reached), "{outside}");
    }
    let mut sandbox = start(in_host_network());
    let (inside, status) = sandbox.shell(&reach(&name));
    assert_eq!(status, DONE, "{inside}");
    assert_eq!(inside.lines().count(), 6, "{inside}");
    assert!(
        inside.lines().all(|line| line.starts_with("refused")),
        "{inside}"
    );
    // Among themselves the sandbox's programs have theirs.
    let own = format!("{name}-own");
    let (text, _) = sandbox.shell(&format!(
        "python3 -c \"import socket; s=socket.socket(socket.AF_UNIX); s.bind('\\0{own}'); s.listen(); \
         c=socket.socket(socket.AF_UNIX); c.connect('\\0{own}'); print('met')\""
    ));
    assert_eq!(text, "met");
}

#[test]
fn in_the_network_of_the_host_nothing_of_it_can_be_changed() {
    let mut sandbox = start(in_host_network());
    let link = "readlink /proc/self/ns/net";
    let own = std::fs::read_link("/proc/self/ns/net").expect("a link");
    assert_eq!(sandbox.shell(link).0, own.to_string_lossy());
    for attempt in [
        "ip link set lo down",
        "ip addr add 127.9.9.9/8 dev lo",
        "ip route add 203.0.113.0/24 dev lo",
        "ip link add oz9 type dummy",
        "nft add table inet oz9",
        "echo 1 > /proc/sys/net/ipv4/ip_forward",
        // Neither by a user namespace of the app's own.
        "unshare -Ur ip link set lo down",
    ] {
        let (text, status) = sandbox.shell(attempt);
        assert_ne!(status, DONE, "{attempt}: {text}");
    }
    assert_eq!(sandbox.shell("ip link show lo").1, DONE);
}

fn in_host_network() -> oz_core::plan::Plan {
    let mut host = plan::minimal();
    host.network.mode = oz_core::plan::Mode::Host;
    host
}

/// A filter under which the kernel has no Landlock.
fn without_landlock() -> Vec<u64> {
    const CREATE_RULESET: u64 = 444;
    const NO_SUCH_CALL: u64 = 0x0005_0000 | 38;
    let load_number = 0x20 << 48;
    let skip_unless_equal = (0x15 << 48) | (1 << 32) | CREATE_RULESET;
    vec![
        load_number,
        skip_unless_equal,
        (0x06 << 48) | NO_SUCH_CALL,
        ALLOW,
    ]
}

#[test]
fn without_landlock_nobody_is_let_into_the_network_of_the_host() {
    // Of this thread and what it starts.
    rustix::thread::set_no_new_privs(true).expect("set");
    oz_sys::seccomp::install(&without_landlock()).expect("installed");
    let sandbox = start(plan::minimal());
    let held = sandbox.held.iter().find(|held| held.wall == Wall::Landlock);
    assert_eq!(held.expect("it is said").state, State::Not);
    match support::launch(in_host_network(), vec![ALLOW]) {
        Err(FromInit::Failed {
            stage: Stage::Wall,
            subject,
            ..
        }) => {
            assert!(subject.to_string().starts_with("landlock: "), "{subject}");
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was started"),
    }
}
