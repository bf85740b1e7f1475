//! Name resolution follows the host.

use oz_e2e::Session;
use oz_e2e::claim::works_outside;
use oz_e2e::cli::sandboxed_sh;

#[test]
fn resolv_conf_is_the_hosts() {
    let _session = Session::begin();
    let script = "cat /etc/resolv.conf";
    assert_eq!(
        sandboxed_sh(script).run().ok().out,
        works_outside(script).out
    );
}

#[test]
fn the_user_has_a_name_inside_and_localhost_too() {
    let _session = Session::begin();
    let script = "id -un; getent passwd $(id -u) | cut -d: -f1,6; getent hosts localhost >/dev/null && echo localhost";
    let ran = sandboxed_sh(script).run().ok();
    let user = works_outside("id -un").text();
    assert!(
        ran.text().starts_with(&user) && ran.text().ends_with("localhost"),
        "{ran}"
    );
}

#[test]
fn other_accounts_of_the_machine_are_not_listed() {
    let _session = Session::begin();
    let outside = works_outside("cut -d: -f1 /etc/passwd | wc -l")
        .text()
        .parse::<u32>()
        .unwrap();
    let inside = sandboxed_sh("cut -d: -f1 /etc/passwd | wc -l")
        .run()
        .ok()
        .text()
        .parse::<u32>()
        .unwrap();
    assert!(
        inside < outside && inside <= 4,
        "{inside} accounts inside, {outside} outside"
    );
}
