//! Variables and what they give away.

use oz_e2e::{Session, oz};

const SECRETS: &[(&str, &str)] = &[
    ("SSH_AUTH_SOCK", "/run/user/1/secret-agent"),
    ("SSH_AGENT_PID", "secret-4711"),
    ("GPG_AGENT_INFO", "secret-gpg"),
    ("GITHUB_TOKEN", "secret-token"),
    ("AWS_SECRET_ACCESS_KEY", "secret-aws"),
    ("DATABASE_URL", "postgres://secret"),
    ("XAUTHORITY", "/secret-cookie"),
    ("ICEAUTHORITY", "/secret-ice"),
    ("SESSION_MANAGER", "secret-session"),
    ("KRB5CCNAME", "secret-kerberos"),
    ("LD_PRELOAD_NOT", "secret-preload"),
    ("OLDPWD", "/secret/dir"),
    ("SUDO_COMMAND", "secret-sudo"),
    ("SECRET", "secret-plain"),
];

#[test]
fn cannot_read_secrets_in_the_environment_of_its_caller() {
    let _session = Session::begin();
    let with = |mut run: oz_e2e::Run| {
        for (name, value) in SECRETS {
            run = run.env(name, value);
        }
        run.run().ok().text()
    };
    let outside = with(oz_e2e::Run::new("env", [""; 0]));
    assert_eq!(outside.matches("secret").count(), SECRETS.len());
    let inside = with(oz(["run", "--ephemeral", "--", "env"]));
    assert!(!inside.contains("secret"), "{inside}");
}

#[test]
fn cannot_learn_the_host_s_sockets_from_the_environment() {
    let session = Session::begin();
    let inside = oz(["run", "--ephemeral", "--", "env"]).run().ok().text();
    let host_runtime = oz_e2e::session::runtime_dir();
    assert!(
        !inside.contains(&*host_runtime.to_string_lossy()),
        "{inside}"
    );
    for name in [
        "SWAYSOCK",
        "I3SOCK",
        "OZ_SESSION",
        "OZ_SEAT_SOCKET",
        "LD_LIBRARY_PATH",
    ] {
        let prefix = format!("{name}=");
        assert!(
            !inside.lines().any(|line| line.starts_with(&prefix)),
            "{name} in {inside}"
        );
    }
    // The X server that is there is the sandbox's own, whatever the caller's is.
    let of_x11 = oz([
        "run",
        "--ephemeral",
        "--",
        "sh",
        "-c",
        "echo $DISPLAY $XAUTHORITY",
    ])
    .env("DISPLAY", ":77")
    .env("XAUTHORITY", "/home/secret")
    .run()
    .ok();
    assert_eq!(of_x11.text(), ":0 /run/oz/xauthority");
    drop(session);
}

#[test]
fn cannot_be_made_to_load_a_library_by_the_caller_s_environment() {
    let _session = Session::begin();
    for name in [
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "LD_AUDIT",
        "GTK_MODULES",
        "PYTHONPATH",
        "PERL5LIB",
        "BASH_ENV",
    ] {
        // `oz` itself must not mind either, so what is named does no harm to load.
        let inside = oz(["run", "--ephemeral", "--", "env"])
            .env(name, "")
            .env("BASH_ENV", "/nonexistent")
            .run()
            .ok();
        let prefix = format!("{name}=");
        assert!(
            !inside.text().lines().any(|line| line.starts_with(&prefix)),
            "{inside}"
        );
    }
}

#[test]
fn does_not_inherit_the_directory_of_its_caller() {
    let session = Session::begin();
    let secret = session.fresh_dir("secret-project");
    let ran = oz(["run", "--ephemeral", "--", "pwd"])
        .dir(&secret)
        .run()
        .ok();
    assert_ne!(ran.text(), secret.to_string_lossy());
    let leak = oz([
        "run",
        "--ephemeral",
        "--",
        "sh",
        "-c",
        "ls -A ; ls -A /proc/self/cwd/..",
    ])
    .dir(&secret)
    .run();
    assert!(!leak.text().contains("secret-project"), "{leak}");
}
