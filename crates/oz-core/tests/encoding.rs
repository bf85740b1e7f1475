//! What the daemon and init tell each other cannot change unseen: sandboxes live longer than the daemon
//! that started them, and the next one must know whether it can speak to their init.
//!
//! Each message, each variant of what is in it and each field is encoded; the sum of it all is written
//! down for each version. What is not matched below does not compile.

use std::collections::BTreeMap;

use oz_core::plan::forward::{Direction, Endpoint};
use oz_core::plan::{
    self, Access, Bind, Buffers, Clipboard, Comparison, Content, Display, Drops, Effect, Forward,
    Gate, Home, Life, Limits, Listener, Mark, Mode, Network, Op, Operator, Overlay, Passage, Plan,
    Ruled, Service, Source, SyscallPolicy, Tree, User,
};
use oz_core::report::{Held, State, WALLS, Wall};
use oz_core::wire::audio::{Microphone, Speaker};
use oz_core::wire::init::{ExitStatus, FromInit, Program, Stage, Stdio, ToInit};

/// The sum of each version's encoding. A line is never changed: another encoding is another version.
const ENCODINGS: &[(u32, &str)] = &[
    (5, "9d5e5d7ce8ccb6a4b20a5123bbd8bf4d"),
    (6, "946d12a49b6c878396ab86153b927f77"),
    (7, "b3493aeb79067a9c590233b214f33ced"),
    (8, "3855e8acb3ec5e640d75fa1c6b67f5a6"),
    (9, "d82fd9e8c38f4996a9ad55fa9b9085a3"),
    (10, "f96f159d76634fc4318835d8cbd647c0"),
    (11, "ebfdb13bd9ada2ca5ca635ef4f6a08b5"),
    (12, "6a6ca17cc6ff558b708f800fd85b72ed"),
    (13, "30ee7cf4d801fe33ec36539ac85f3e8a"),
    (14, "f80b8b983247fa2419fe134be0b965e2"),
    (15, "0162f2e2130be74111df8aa890618120"),
    (16, "a7859b590a0ff30e9fe69412ac2f7e32"),
    (17, "963ba6fa0ed43c3a830f20019f5da4ce"),
    (18, "b7871c29e9238eb2b45c02c07c12a154"),
    (19, "7a7ef8b8778aa0e2bb50616b5ecb5aa0"),
    (20, "bc3d18eb691df01b3b8421b0b6d4084b"),
    (21, "c949cbff76ea87cd7edbc654130f86d2"),
];

/// One value of each variant.
macro_rules! every {
    ($type:ty: $($value:expr => $pattern:pat),+ $(,)?) => {{
        let is_known = |value: &$type| match value {
            $($pattern => {})+
        };
        let all: Vec<$type> = vec![$($value),+];
        all.iter().for_each(is_known);
        all
    }};
}

/// The same where no variant has anything in it.
macro_rules! units {
    ($type:ident: $($variant:ident),+ $(,)?) => {
        every!($type: $($type::$variant => $type::$variant),+)
    };
}

fn ops() -> Vec<Op> {
    let path = || "/p".into();
    let bind = |source, access| Bind {
        source,
        path: "/b".into(),
        access,
        noexec: true,
        optional: false,
        device: true,
    };
    let sources = every!(Source:
        Source::System("/s".into()) => Source::System(_),
        Source::User("/u".into()) => Source::User(_),
        Source::Tree { tree: "/t".into(), path: "/x".into() } => Source::Tree { tree: _, path: _ },
    );
    let accesses = units!(Access: Read, Write);
    let binds = sources.into_iter().zip(accesses.into_iter().cycle());
    let mut ops = every!(Op:
        Op::Directory { path: path(), mode: 1 } => Op::Directory { path: _, mode: _ },
        Op::Symlink { path: path(), target: "t".into() } => Op::Symlink { path: _, target: _ },
        Op::File { path: path(), content: "c".into(), mode: 2 }
            => Op::File { path: _, content: _, mode: _ },
        Op::Bind(bind(Source::System("/x".into()), Access::Read)) => Op::Bind(_),
        Op::Overlay(Overlay { source: "/o".into(), path: path(), layers: "/l".into(), hidden: vec!["h".into()], volatile: true })
            => Op::Overlay(_),
        Op::Tmpfs { path: path(), mode: 3, size: 4, noexec: true }
            => Op::Tmpfs { path: _, mode: _, size: _, noexec: _ },
        Op::Proc { path: path() } => Op::Proc { path: _ },
        Op::DevPts { path: path() } => Op::DevPts { path: _ },
        Op::Mqueue { path: path() } => Op::Mqueue { path: _ },
        Op::Mask { path: path() } => Op::Mask { path: _ },
        Op::Pin { path: path() } => Op::Pin { path: _ },
        Op::RandomId { path: path() } => Op::RandomId { path: _ },
        Op::Cookie { path: path() } => Op::Cookie { path: _ },
        Op::ReadOnly { path: path() } => Op::ReadOnly { path: _ },
    );
    ops.extend(binds.map(|(source, access)| Op::Bind(bind(source, access))));
    ops
}

fn forwards() -> Vec<Forward> {
    let v4 = "127.0.0.1:1".parse().expect("an address");
    let v6 = "[::1]:2".parse().expect("an address");
    let ends = every!(Endpoint:
        Endpoint::Tcp(v4) => Endpoint::Tcp(_),
        Endpoint::Udp(v6) => Endpoint::Udp(_),
        Endpoint::Unix("/s".into()) => Endpoint::Unix(_),
    );
    let directions = units!(Direction: In, Out);
    let pairs = ends.iter().zip(directions.iter().cycle());
    let forward = |(end, direction): (&Endpoint, &Direction)| Forward {
        direction: *direction,
        listen: end.clone(),
        target: end.clone(),
    };
    pairs.map(forward).collect()
}

fn syscalls() -> SyscallPolicy {
    let operators = every!(Operator:
        Operator::Equal(1) => Operator::Equal(_),
        Operator::NotEqual(2) => Operator::NotEqual(_),
        Operator::MaskedEqual { mask: 3, value: 4 } => Operator::MaskedEqual { mask: _, value: _ },
    );
    let comparison = |operator| Comparison {
        argument: 5,
        low32: true,
        operator,
    };
    let rules = vec![operators.into_iter().map(comparison).collect()];
    SyscallPolicy {
        name: "n".into(),
        allow: vec!["read".into()],
        conditional: BTreeMap::from([("ioctl".into(), rules)]),
        refuse: vec!["ptrace".into()],
        answered: BTreeMap::new(),
        user_namespaces: true,
    }
}

/// Plans in which each value of each small enum is at least once.
fn plans() -> Vec<Plan> {
    let services = units!(Service: Wayland, Pulse, Bus, X11);
    let modes = units!(Mode: None, Internet, Host);
    let homes = every!(Home:
        Home::Ephemeral => Home::Ephemeral,
        Home::Private("/h".into()) => Home::Private(_),
        Home::CopyOnWrite("/c".into()) => Home::CopyOnWrite(_),
        Home::None => Home::None,
    );
    let clipboards = units!(Clipboard: Off, Ask, In, Out, Both);
    let passage = || Passage {
        types: units!(Content: Text, Html, Images),
        most: 1,
    };
    let drops = units!(Drops: Off, Ask, Read, Write);
    let buffers = units!(Buffers: Shared, Copied);
    let marks = units!(Mark: Border, Title, None);
    let microphones = units!(Microphone: Off, Silent, Ask, On);
    let speakers = units!(Speaker: Off, Silent, On);
    let walls: Vec<Wall> = WALLS.iter().map(|entry| entry.wall).collect();
    let listener = |service: &Service| Listener {
        service: *service,
        path: "/l".into(),
        helper: Some(vec!["h".into()]),
    };
    let effects = units!(Effect: Read, Write, CopyOnWrite, Hide);
    let ruled = |effect: &Effect| Ruled {
        rule: "r".into(),
        effect: *effect,
        places: vec!["/p".into()],
    };
    let most = microphones.len();
    let plan = |at: usize| Plan {
        // Which it is does not count here.
        version: 0,
        id: "id".parse().expect("a name"),
        profile: "p".into(),
        user: User {
            uid: 1,
            gid: 2,
            name: "u".into(),
            home: "/home/u".into(),
        },
        hostname: "h".into(),
        root: ops(),
        listeners: services.iter().map(listener).collect(),
        environment: BTreeMap::from([("A".into(), "b".into())]),
        syscalls: syscalls(),
        limits: Limits {
            processes: 1,
            open_files: 2,
            memory: Some(3),
            total_memory: 4,
            cpu_weight: 5,
        },
        life: Life {
            keep: true,
            watchdog: vec!["w".into()],
            multi: true,
            grace_ms: 6,
        },
        display: Some(Display {
            app_id: Some("a".into()),
            clipboard: clipboards[at % clipboards.len()],
            clipboard_in: passage(),
            clipboard_out: passage(),
            buffers: buffers[at % buffers.len()],
            shortcuts: at % 2 == 1,
            gpu: at % 2 == 1,
            mark: marks[at % marks.len()],
        }),
        audio: Some(Gate {
            microphone: microphones[at % microphones.len()],
            speaker: speakers[at % speakers.len()],
            microphone_volume: 7,
            speaker_volume: 8,
        }),
        portals: true,
        network: Network {
            mode: modes[at % modes.len()],
            forwards: forwards(),
        },
        tree: (at % 2 == 1).then(|| Tree {
            path: "/t".into(),
            copied: true,
        }),
        home: homes[at % homes.len()].clone(),
        rules: effects.iter().map(ruled).collect(),
        own: vec!["/home/u/.o".into()],
        arguments: Access::Write,
        drops: drops[at % drops.len()],
        siblings: true,
        required: walls.clone(),
    };
    (0..most).map(plan).collect()
}

fn to_init() -> Vec<ToInit> {
    let program = Program {
        argv: vec!["a".into()],
        environment: vec![("A".into(), "b".into())],
        directory: Some("/d".into()),
    };
    let run = |stdio| ToInit::Run {
        process: 1,
        program: program.clone(),
        stdio,
        executable: true,
        explained: false,
        watched: Vec::new(),
    };
    let stdios = every!(Stdio:
        Stdio::Null => Stdio::Null,
        Stdio::Pipes => Stdio::Pipes,
        Stdio::Terminal { rows: 2, columns: 3 } => Stdio::Terminal { rows: _, columns: _ },
    );
    let start = |plan| ToInit::Start {
        plan: Box::new(plan),
        filter: vec![1, 2],
        own_filter: vec![3],
        x_server_filter: vec![4],
        nonce: [3; 32],
    };
    let mut all = every!(ToInit:
        ToInit::Begin { user: plans().remove(0).user, network: true, root: ops(), likely: ops() }
            => ToInit::Begin { user: _, network: _, root: _, likely: _ },
        start(plans().remove(0)) => ToInit::Start {
            plan: _, filter: _, own_filter: _, x_server_filter: _, nonce: _
        },
        ToInit::Resume { nonce: [5; 32] } => ToInit::Resume { nonce: _ },
        run(Stdio::Null) => ToInit::Run {
            process: _, program: _, stdio: _, executable: _, explained: _, watched: _
        },
        ToInit::Signal { process: 6, signal: 7 } => ToInit::Signal { process: _, signal: _ },
        ToInit::Stop { grace_ms: 8 } => ToInit::Stop { grace_ms: _ },
        ToInit::Reach { service: Service::Bus } => ToInit::Reach { service: _ },
        ToInit::Findable => ToInit::Findable,
    );
    all.extend(stdios.into_iter().map(run));
    all.extend(plans().into_iter().map(start));
    all
}

fn from_init() -> Vec<FromInit> {
    let stages = units!(Stage: Plan, Namespaces, UserMap, Root, Pivot, Listeners, Wall, Privileges,
        NestedNamespace, Filter, Terminal, Stdio, Execute);
    let states = units!(State: Enforced, Partly, Not);
    let statuses = every!(ExitStatus:
        ExitStatus::Code(1) => ExitStatus::Code(_),
        ExitStatus::Signal(2) => ExitStatus::Signal(_),
    );
    let held = |state| Held {
        wall: Wall::Landlock,
        state,
        why: "w".into(),
    };
    let failed = |stage| FromInit::Failed {
        process: Some(3),
        stage,
        subject: "s".into(),
        errno: -4,
    };
    let exited = |status| FromInit::Exited { process: 5, status };
    let ready = FromInit::Ready {
        listeners: vec![Service::Wayland],
        held: states.into_iter().map(held).collect(),
    };
    let helper = FromInit::HelperExited {
        service: Service::Bus,
        status: ExitStatus::Code(6),
    };
    let mut all = every!(FromInit:
        FromInit::Born => FromInit::Born,
        FromInit::Begun => FromInit::Begun,
        ready => FromInit::Ready { listeners: _, held: _ },
        failed(Stage::Plan) => FromInit::Failed { process: _, stage: _, subject: _, errno: _ },
        FromInit::Started { process: 7 } => FromInit::Started { process: _ },
        exited(ExitStatus::Code(8)) => FromInit::Exited { process: _, status: _ },
        helper => FromInit::HelperExited { service: _, status: _ },
        FromInit::Reached { service: Service::Bus } => FromInit::Reached { service: _ },
        FromInit::Ending => FromInit::Ending,
    );
    all.extend(stages.into_iter().map(failed));
    all.extend(statuses.into_iter().map(exited));
    all
}

fn sum() -> String {
    let mut bytes = Vec::new();
    for message in to_init() {
        bytes.extend(oz_core::wire::encode(&message, 0).expect("encodes"));
    }
    for message in from_init() {
        bytes.extend(oz_core::wire::encode(&message, 0).expect("encodes"));
    }
    // FNV-1a, 128 bits: it is to notice changes, not to withstand anybody.
    let mut sum: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for byte in bytes {
        sum = (sum ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    }
    format!("{sum:032x}")
}

#[test]
fn another_encoding_is_another_version() {
    let (version, known) = ENCODINGS.last().copied().expect("there is one");
    let now = sum();
    assert!(
        plan::VERSION == version && now == known,
        "raise plan::VERSION above {version}, and write down its encoding behind the others: (VERSION, {now:?})"
    );
}

#[test]
fn each_version_has_an_encoding_of_its_own() {
    for (at, (version, sum)) in ENCODINGS.iter().enumerate() {
        let others = &ENCODINGS[..at];
        assert!(
            others
                .iter()
                .all(|(other, known)| other < version && known != sum)
        );
    }
}

/// A daemon of whatever version knows by the first numbers of a plan whether it is one of its own.
#[test]
fn a_plan_begins_with_its_version() {
    let mut plan = plans().remove(0);
    plan.version = 77;
    let start = oz_core::wire::encode(&plan, 0).expect("encodes");
    assert_eq!(start[oz_core::wire::frame::HEADER], 77);
}
