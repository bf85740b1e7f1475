//! One launch of each template, in which all attacks are made one after the other.

use oz_e2e::attacks::{Attack, Results, Suite, Word};
use oz_e2e::{Session, oz};

use super::LEAK;

/// What only some templates allow, and why that is no escape.
const ALLOWED: &[(&str, &[&str], &str)] = &[
    (
        "browser",
        &[
            "unshare-user",
            "unshare-pid",
            "unshare-network",
            "unshare-ipc",
            "clone-user",
            "clone-user-high-bits",
            "capabilities-by-user-namespace",
            "chroot",
        ],
        "browsers build their own sandbox from user namespaces; mounts and packet filters stay closed",
    ),
    (
        HOST_NETWORK,
        &[
            "addresses-by-netlink",
            "connections-of-host",
            "interfaces-of-host",
            "listen-to-host",
            "mac-by-ioctl",
            "mac-by-netlink",
            "neighbours",
            "routes",
            "sockets-of-host",
            "tcp-cloud-metadata",
            "tcp-gateway",
            "tcp-host-lan",
            "tcp-host-lan-v6",
            "tcp-host-link-local",
            "tcp-host-loopback",
            "tcp-host-loopback-other",
            "tcp-host-loopback-v6",
            "tcp-host-mapped-v4",
            "tcp-host-unspecified",
            "tcp-internet",
            "tcp-resolver",
            "udp-broadcast",
            "udp-host-lan",
            "udp-host-link-local",
            "udp-host-loopback",
            "udp-multicast",
        ],
        "the network of the host is what was asked for: SECURITY.md says what it means",
    ),
    (
        "browser",
        &["tcp-internet"],
        "the Internet is what browsers are for; the host and its neighbours stay closed",
    ),
];

/// Any program with `--net host`.
const HOST_NETWORK: &str = "the host's network";

/// What no app should be given, and what must not let it out: directories above protected places, to write.
const SETTINGS: &str = r#""~/.config": "write", "~/.local": "write""#;

fn contains_all(template: &str) {
    let session = Session::begin();
    contains_all_but_allowed(&session, template, &["--profile", template]);
    let text = format!(
        r#"{{ "extends": "{template}", "description": "t", "files": {{ "rules": {{ {SETTINGS} }} }} }}"#
    );
    let name = format!("settings-{template}");
    let _profile = session.profile(&name, &text);
    let results = contains_all_but_allowed(&session, template, &["--profile", &name]);
    // They were tried on the host's own directories, not on those of another home.
    for attack in ["replace-protected-place", "plant-missing-directory"] {
        let (word, detail) = &results.of[attack];
        let by_the_kernel = ["Read-only", "EROFS", "busy", "EBUSY"];
        let so = by_the_kernel.iter().any(|how| detail.contains(how));
        assert!(*word == Word::Refused && so, "{attack} in {name}: {detail}");
    }
}

/// `template` is the name in [`ALLOWED`].
fn contains_all_but_allowed(session: &Session, template: &str, options: &[&str]) -> Results {
    let list = Suite::list();
    let results = Suite::new(session).inside_with(options);
    assert!(results.ran.code == 0, "{}", results.ran);
    for name in list.keys() {
        assert!(
            results.of.contains_key(name),
            "{name} was not tried in {template}: {}",
            results.ran
        );
    }
    let escapes = escapes(template, &list, &results);
    assert!(
        escapes.is_empty(),
        "{} attacks succeeded:\n{}",
        escapes.len(),
        escapes.join("\n")
    );
    assert!(
        results.harm.is_empty(),
        "seen from outside of {options:?}: {:?}",
        results.harm
    );
    results
}

fn escapes(
    template: &str,
    list: &std::collections::BTreeMap<String, Attack>,
    results: &Results,
) -> Vec<String> {
    let allowed = |name: &str| {
        ALLOWED
            .iter()
            .any(|(of, names, _)| *of == template && names.contains(&name))
    };
    let mut escapes = Vec::new();
    for (name, detail) in results.got() {
        let attack = &list[name];
        if attack.class != LEAK && !allowed(name) {
            escapes.push(format!("{name} ({}) in {template}: {detail}", attack.of));
        }
    }
    // A permission that nobody uses any more is to be withdrawn.
    for (_, names, why) in ALLOWED.iter().filter(|(of, ..)| *of == template) {
        for name in *names {
            let word = results.of.get(*name).map(|(word, _)| *word);
            // Where the machine has none, an attack that cannot always be shown proves nothing.
            if word != Some(Word::Got) && list[*name].unshown.is_empty() {
                escapes.push(format!(
                    "{name} is allowed in {template} and refused: {why}"
                ));
            }
        }
    }
    escapes
}

#[test]
fn nothing_gets_out_of_a_viewer() {
    contains_all("viewer");
}

#[test]
fn nothing_gets_out_of_an_editor() {
    contains_all("editor");
}

#[test]
fn nothing_gets_out_of_a_terminal() {
    contains_all("terminal");
}

#[test]
fn nothing_gets_out_of_a_browser_but_namespaces_of_its_own() {
    contains_all("browser");
}

#[test]
fn nothing_gets_out_of_a_player() {
    contains_all("media");
}

#[test]
fn nothing_gets_out_of_any_other_program() {
    contains_all("generic");
}

#[test]
fn nothing_gets_out_of_a_program_in_the_host_s_network_but_its_network() {
    let session = Session::begin();
    if !has_scopes() {
        // Nothing gets out of what does not start.
        let ran = oz(["run", "--net", "host", "--", "true"]).run();
        ran.exits(125).complains("Landlock");
        return;
    }
    contains_all_but_allowed(&session, HOST_NETWORK, &["--net", "host"]);
}

/// Whether the kernel keeps abstract sockets apart, as Linux does from 6.12 on.
fn has_scopes() -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = release
        .split('.')
        .map_while(|part| part.parse::<u32>().ok());
    (numbers.next(), numbers.next()) >= (Some(6), Some(12))
}
