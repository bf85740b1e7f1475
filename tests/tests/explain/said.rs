//! What is said of a refused call.

use oz_e2e::probe::{Probe, says};
use oz_e2e::{Session, cli, oz};
use serde_json::Value;

use super::{explained, of, python};

#[test]
fn a_refused_call_is_explained_by_its_name_its_arguments_and_the_reason() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    for (call, told) in [
        (
            &["101", "0", "0", "0", "0"][..],
            "ptrace(request=PTRACE_TRACEME, pid=oneself) = EPERM: controls others",
        ),
        (
            &["165", "@none", "@/tmp", "@tmpfs", "0x1000", "0"],
            "mount(source=\"none\", target=\"/tmp\", type=\"tmpfs\", flags=MS_BIND) = EPERM: mounts",
        ),
        (
            &["41", "16", "3", "12"],
            "socket(family=AF_NETLINK, type=SOCK_RAW, protocol=12) = EPERM: reaches a rare part of the kernel",
        ),
        (
            &["16", "0", "0x5412", "@x"],
            "ioctl(request=TIOCSTI) = EPERM: types into terminals, or puts protocols on them",
        ),
        (
            &["56", "0x10020011", "0", "0", "0", "0"],
            "clone(flags=CLONE_NEWNS|CLONE_NEWUSER) = EPERM: makes namespaces",
        ),
        (&["447", "0"], "memfd_secret() = ENOSYS: it is in no list"),
        (&["2000"], "unknown(number=2000) = ENOSYS: it is in no list"),
    ] {
        let words: Vec<&str> = [&["syscall"], call].concat();
        let ran = explained(&probe, &[], &words).run();
        // It is as refused as it would be without.
        says(&ran, "refused");
        let line = ran.complaint();
        let line = line.lines().find(|line| line.contains("oz-probe["));
        let line = line.unwrap_or_else(|| panic!("nothing is told: {ran}"));
        assert!(line.starts_with("oz: refused: oz-probe["), "{ran}");
        assert!(line.ends_with(told), "{ran}");
    }
}

#[test]
fn who_is_refused_nothing_is_told_so_and_its_status_and_output_are_its_own() {
    let _session = Session::begin();
    let ran = oz(["run", "--ephemeral", "--explain", "--", "sh", "-c"])
        .arg("echo out; echo err >&2; exit 7")
        .run()
        .exits(7);
    assert_eq!(ran.text(), "out");
    assert!(ran.complaint().starts_with("err\n"), "{ran}");
    assert!(
        ran.complaint().ends_with("oz: no system call was refused"),
        "{ran}"
    );
}

#[test]
fn one_document_says_how_often_each_call_was_refused() {
    let session = Session::begin();
    let file = session.fresh_dir("explained").join("refused.json");
    let to_file = format!("--explain={}", file.display());
    let script = "for _ in range(5): call(101, 0, 0, 0, 0)\nos.fork() or os._exit(call(447, 0) != -1)\nos.wait()";
    let ran = python(&[&to_file, "--json"], script).run();
    // Standard error is the program's alone.
    assert_eq!(ran.complaint(), "", "{ran}");
    let text = std::fs::read(&file).expect("written");
    let document: Value = serde_json::from_slice(&text).expect("JSON");
    assert_eq!(document["complete"], true, "{document}");
    let ptrace = of(&document, "ptrace");
    assert_eq!(ptrace.len(), 1, "{document}");
    let expected = [
        ("process", "python3".into()),
        ("arguments", "request=PTRACE_TRACEME, pid=oneself".into()),
        ("answer", "EPERM".into()),
        ("reason", "controls others".into()),
        ("times", 5.into()),
    ];
    for (key, value) in expected {
        assert_eq!(ptrace[0][key], Value::clone(&value), "{key}: {document}");
    }
    // What the program started is explained as well.
    let secret = of(&document, "memfd_secret");
    assert_eq!(
        (secret.len(), &secret[0]["times"]),
        (1, &1.into()),
        "{document}"
    );
    assert!(secret[0]["reason"].is_null(), "{document}");
}

#[test]
fn what_an_app_says_of_itself_is_escaped() {
    let _session = Session::begin();
    // A name and a path that would clear the screen, set the title, and begin a line of their own.
    let script = "open('/proc/self/comm', 'w').write('\\x1b[2Jx\\noz: ok')\n\
                  call(165, b'\\x1b]0;t\\x07\\n\\xff\\xe2\\x80\\xae', b'x' * 5000, 0, 0, 0)";
    for json in [&[][..], &["--json"]] {
        let ran = python(json, script).run();
        let told = String::from_utf8(ran.err.clone()).expect("text");
        assert!(told.contains("mount"), "{ran}");
        let control = |c: char| c.is_control() && c != '\n';
        assert!(
            !told.contains(control) && !told.contains('\u{202e}'),
            "{ran}"
        );
        assert!(told.lines().all(|line| line.len() < 1000), "{ran}");
        let own = |line: &str| line.starts_with("oz: ok");
        assert!(!told.lines().any(own), "{ran}");
    }
}

#[test]
fn what_runs_already_cannot_be_explained_any_more() {
    let session = Session::begin();
    let _profile = session.profile(
        "explained-app",
        r#"{ "extends": "generic", "match": { "executables": ["sleep"] } }"#,
    );
    oz(["run", "--detach", "explained-app", "60"]).run().ok();
    oz(["run", "--explain", "explained-app", "1"])
        .run()
        .exits(125)
        .complains("explained-app runs already")
        .complains("oz stop explained-app");
    cli::stop_all();
    oz(["run", "--explain", "--detach", "explained-app", "1"])
        .run()
        .exits(2);
    oz(["run", "--json", "explained-app", "1"]).run().exits(2);
}
