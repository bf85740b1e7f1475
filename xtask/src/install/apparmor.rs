//! Ubuntu lets only programs with an AppArmor profile make user namespaces: ours says just that.

use std::path::Path;
use std::process::Command;

use crate::sh;

/// Where the profile goes.
pub(crate) const FILE: &str = "/etc/apparmor.d/oz";

/// Whether this machine restricts user namespaces so.
pub(super) fn wanted() -> bool {
    let os = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    is_ubuntu(&os)
        && Path::new("/sys/kernel/security/apparmor").exists()
        && Path::new("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").exists()
}

fn is_ubuntu(os_release: &str) -> bool {
    os_release.lines().any(|line| line.trim() == "ID=ubuntu")
}

/// The profile: no confinement, and the permission to make a user namespace.
pub(crate) fn text(prefix: &Path) -> String {
    let mut text = "abi <abi/4.0>,\ninclude <tunables/global>\n".to_owned();
    for program in ["oz-daemon", "oz-init", "oz-mount", "oz-net"] {
        text.push_str(&format!(
            "\nprofile {program} {}/libexec/oz/{program} flags=(unconfined) {{\n  userns,\n}}\n",
            prefix.display()
        ));
    }
    text
}

/// Tells the kernel, or makes it forget.
pub(super) fn load(on: bool) {
    let action = if on { "--replace" } else { "--remove" };
    if let Err(error) = sh::run(Command::new("apparmor_parser").args([action, FILE])) {
        println!("the AppArmor profile takes effect at the next boot ({error:#})");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ubuntu_and_with_the_right_paths() {
        assert!(is_ubuntu("NAME=Ubuntu\nID=ubuntu\nID_LIKE=debian\n"));
        assert!(!is_ubuntu("ID=debian\n"));
        assert!(
            text(Path::new("/usr/local"))
                .contains(" /usr/local/libexec/oz/oz-init flags=(unconfined)")
        );
    }
}
