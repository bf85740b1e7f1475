//! What a sandbox costs, beside bwrap in the same run. Only when asked for, on a release build:
//! `OZ_INIT=…/release/oz-init cargo test -p oz-init --test measure -- --ignored --nocapture`

mod support;

use std::time::{Duration, Instant};

use oz_core::wire::init::Stdio;
use support::{eventually, plan, spawn_ordinary, start};

#[test]
#[ignore = "a measurement"]
fn a_sandbox_with_all_walls_against_bwrap_with_twenty_binds() {
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    let mut direct = Vec::new();
    let mut bwrap: Vec<&str> = vec!["--unshare-all", "--dev", "/dev", "--proc", "/proc"];
    let binds = [
        "bin", "lib", "local", "sbin", "share", "include", "src", "games", "lib64", "libexec",
    ];
    let binds: Vec<String> = binds.iter().map(|name| format!("/usr/{name}")).collect();
    let places: Vec<String> = (0..8).map(|number| format!("/b{number}")).collect();
    for bind in &binds {
        bwrap.extend(["--ro-bind", bind, bind]);
    }
    for place in &places {
        bwrap.extend(["--ro-bind", "/usr/share", place]);
    }
    bwrap.extend([
        "--symlink",
        "usr/lib64",
        "/lib64",
        "--symlink",
        "usr/lib",
        "/lib",
    ]);
    bwrap.push("/usr/bin/true");
    let mut cpu = [0, 0];
    for _ in 0..100 {
        let begin = Instant::now();
        spawn_ordinary("true", &[], &[]).wait().expect("waited");
        direct.push(begin.elapsed());
        let (begin, before) = (Instant::now(), children_cpu());
        let status = spawn_ordinary("bwrap", &bwrap, &[]).wait().expect("waited");
        theirs.push(begin.elapsed());
        cpu[0] += children_cpu() - before;
        assert_eq!(status.and_then(|status| status.exit_status()), Some(0));
        let (begin, before) = (Instant::now(), children_cpu());
        let mut sandbox = start(plan::minimal());
        let process = sandbox.begin(&["/usr/bin/true"], Stdio::Null, &[]);
        sandbox.ended(process);
        ours.push(begin.elapsed());
        drop(sandbox);
        cpu[1] += children_cpu() - before;
    }
    let [direct, theirs, ours] = [direct, theirs, ours].map(median);
    println!("direct {direct:?}, bwrap {theirs:?}, ours {ours:?}");
    let net = |time: Duration| time.saturating_sub(direct).as_secs_f64();
    println!(
        "ticks of processor in all: bwrap {}, ours {}",
        cpu[0], cpu[1]
    );
    println!(
        "ours/bwrap {:.2}, without setpriv {:.2}",
        ours.as_secs_f64() / theirs.as_secs_f64(),
        net(ours) / net(theirs)
    );
}

#[test]
#[ignore = "a measurement"]
fn what_twenty_idle_sandboxes_weigh() {
    let mut sandboxes: Vec<_> = (0..20).map(|_| start(plan::minimal())).collect();
    for sandbox in &mut sandboxes {
        let process = sandbox.begin(&["sleep", "300"], Stdio::Null, &[]);
        sandbox.started(process);
    }
    let mut total = 0;
    for sandbox in &sandboxes {
        assert!(eventually(|| sandbox.host_pids().len() == 2));
        let init = sandbox.host_pids().into_iter().min().expect("init");
        let rollup = std::fs::read_to_string(format!("/proc/{init}/smaps_rollup")).expect("root");
        let line = rollup
            .lines()
            .find(|line| line.starts_with("Pss:"))
            .expect("a sum");
        let kilobytes: u64 = line
            .split_whitespace()
            .nth(1)
            .expect("a number")
            .parse()
            .expect("it");
        total += kilobytes;
    }
    println!("PSS of an init: {} KB", total / 20);
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Clock ticks that waited-for children have used.
fn children_cpu() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("stat");
    let fields = stat.rsplit_once(") ").expect("fields").1;
    let ticks = fields
        .split(' ')
        .skip(13)
        .take(2)
        .map(|ticks| ticks.parse::<u64>());
    ticks.map(|ticks| ticks.expect("a number")).sum()
}
