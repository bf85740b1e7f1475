//! Certificates: the host's, with the authorities that its administrator added.

use std::fs;
use std::path::PathBuf;

use oz_e2e::Session;
use oz_e2e::claim::works_outside;
use oz_e2e::cli::sandboxed_sh;

/// The authorities that are only this machine's.
fn private_authorities() -> Vec<PathBuf> {
    let entries = fs::read_dir("/usr/local/share/ca-certificates")
        .into_iter()
        .flatten()
        .flatten();
    let all: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "crt"))
        .collect();
    assert!(
        !all.is_empty(),
        "this machine has no private authority to test with: run `cargo xtask setup`"
    );
    all
}

#[test]
fn the_bundle_is_the_hosts() {
    let _session = Session::begin();
    let script = "sha256sum /etc/ssl/certs/ca-certificates.crt; ls /etc/ssl/certs | sha256sum; cat /etc/ssl/certs/*.pem | sha256sum";
    assert_eq!(
        sandboxed_sh(script).run().ok().text(),
        works_outside(script).text()
    );
}

#[test]
fn a_private_authority_is_trusted_inside() {
    let _session = Session::begin();
    for authority in private_authorities() {
        let verify = format!(
            "openssl verify -CApath /etc/ssl/certs {}",
            authority.display()
        );
        let outside = works_outside(&verify).text();
        assert!(outside.ends_with(": OK"), "{outside}");
        assert_eq!(sandboxed_sh(&verify).run().ok().text(), outside);
    }
}

#[test]
fn an_unknown_authority_is_not() {
    let session = Session::begin();
    let dir = session.fresh_dir("authority");
    let make = format!(
        "cd {} && openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out ca.pem -days 2 -subj /CN=nobody 2>/dev/null",
        dir.display()
    );
    works_outside(&make);
    let verify = format!(
        "openssl verify -CApath /etc/ssl/certs {}/ca.pem",
        dir.display()
    );
    oz_e2e::claim::with_read(&dir, &verify)
        .run()
        .refused_inside();
}

#[test]
fn private_keys_of_the_system_are_not_there() {
    let _session = Session::begin();
    sandboxed_sh("ls /etc/ssl/private/*").run().refused_inside();
}
