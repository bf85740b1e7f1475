//! A plan as the text of an AppArmor profile, for a program that is started without Oz.
//!
//! AppArmor tells programs by their paths and says what of the host's paths they may use; it makes no home, no network
//! and no bus of a program's own. So this is the part of the plan that it can say: what the plan shows is listed, anything
//! else is refused. See apparmor.d(5).

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use super::{Access, Bind, Home, Mode, Op, Plan, Source, syscalls};

/// The text. `executables` are paths on the host that it is attached to, `data` places in the user's home that are the
/// program's own.
pub fn apparmor(plan: &Plan, executables: &[&Path], data: &[&Path]) -> String {
    let mut text = Text::default();
    let name = &plan.profile;
    text.comment("What Oz's plan lets this program use, as far as AppArmor can say it. Made by");
    text.comment(&format!(
        "`oz profile apparmor {name}`; whatever is not listed is refused."
    ));
    let attached: Vec<String> = executables
        .iter()
        .filter_map(|path| quoted(path, ""))
        .collect();
    let attachment = match attached.as_slice() {
        [] => String::new(),
        [one] => format!(" {one}"),
        all => {
            let inner: Vec<&str> = all
                .iter()
                .map(|path| path.trim_matches(['"', '/']))
                .collect();
            format!(" \"/{{{}}}\"", inner.join(","))
        }
    };
    let _ = writeln!(
        text.out,
        "profile oz-{name}{attachment} flags=(attach_disconnected) {{"
    );
    text.section("the program and what the system has");
    for path in executables {
        text.rule(path, "", "mrix");
    }
    for op in &plan.root {
        match op {
            Op::Bind(bind) => text.bind(bind, plan),
            // Oz has a shorter file of its own in its place.
            Op::File { path, .. } if path.starts_with("/etc") => text.rule(path, "", "r"),
            _ => {}
        }
    }
    text.section("what every program has");
    for line in [
        "/ r,",
        "/proc/ r,",
        "/proc/* r,",
        "/proc/sys/** r,",
        "owner /proc/[0-9]*/** r,",
        "owner /proc/[0-9]*/task/*/comm rw,",
        "/dev/{null,zero,full,random,urandom,tty,ptmx} rw,",
        "/dev/pts/ r,",
        "owner /dev/pts/* rw,",
        "owner /dev/shm/** rwkl,",
        "owner /tmp/** rwkl,",
        "/sys/devices/system/cpu/** r,",
    ] {
        text.line(line);
    }
    for op in &plan.root {
        if let Op::Mask { path } = op {
            text.rule(path, "deny ", "rwkl");
            text.beneath(path, "deny ", "rwkl");
        }
    }
    text.section("its own data");
    match &plan.home {
        Home::None => text.comment_in("in Oz it has no home at all"),
        Home::Ephemeral => text.comment_in("in Oz its home is in memory, and nothing lasts"),
        _ => text.comment_in("in Oz its home is its own, and not the user's"),
    }
    for path in data {
        text.rule(path, "owner ", "rw");
        text.beneath(path, "owner ", "rwkl");
    }
    text.sockets(plan);
    text.rest(plan);
    text.out.push_str("}\n");
    text.out
}

#[derive(Default)]
struct Text {
    out: String,
    said: BTreeSet<String>,
}

impl Text {
    fn comment(&mut self, text: &str) {
        let _ = writeln!(self.out, "# {text}");
    }

    fn comment_in(&mut self, text: &str) {
        let _ = writeln!(self.out, "  # {text}");
    }

    fn section(&mut self, text: &str) {
        let _ = writeln!(self.out, "\n  # {text}");
    }

    /// Each line once.
    fn line(&mut self, line: &str) {
        if self.said.insert(line.to_owned()) {
            let _ = writeln!(self.out, "  {line}");
        }
    }

    fn rule(&mut self, path: &Path, before: &str, access: &str) {
        if let Some(path) = quoted(path, "") {
            self.line(&format!("{before}{path} {access},"));
        }
    }

    /// All that is in a directory, and the directory as one.
    fn beneath(&mut self, path: &Path, before: &str, access: &str) {
        for end in ["/", "/**"] {
            if let Some(path) = quoted(path, end) {
                self.line(&format!("{before}{path} {access},"));
            }
        }
    }

    /// What is shown of the host. Whether it is a file or a directory the plan does not say, so both are.
    fn bind(&mut self, bind: &Bind, plan: &Plan) {
        let source = bind.source.path();
        // What Oz makes for a sandbox, the home among it.
        let own = bind.path.starts_with("/run") || bind.path == plan.user.home;
        let is_home = matches!(&plan.home, Home::Private(home) if home == source);
        // A tree is another system, which AppArmor's paths of this one say nothing of.
        let of_tree = matches!(bind.source, Source::Tree { .. });
        if own || is_home || of_tree {
            return;
        }
        let (before, access) = match (&bind.source, bind.access) {
            _ if bind.device => ("", "rw"),
            (Source::User(_), Access::Write) => ("owner ", "rwkl"),
            (Source::User(_), Access::Read) => ("owner ", "r"),
            (Source::System(_), _) if bind.noexec || source.starts_with("/etc") => ("", "r"),
            (Source::System(_) | Source::Tree { .. }, _) => ("", "mrix"),
        };
        self.rule(source, before, access);
        if !bind.device {
            self.beneath(source, before, access);
        }
    }

    fn sockets(&mut self, plan: &Plan) {
        self.section(
            "the display, sound, and programs of the same profile; no message bus of the host's",
        );
        let runtime = format!("/run/user/{}", plan.user.uid);
        self.line(&format!("{runtime}/ r,"));
        if plan.display.is_some() {
            self.line(&format!("owner {runtime}/wayland-* rw,"));
        }
        if plan.audio.is_some() {
            self.line(&format!("owner {runtime}/pulse/ r,"));
            self.line(&format!("owner {runtime}/pulse/native rw,"));
        }
        let name = &plan.profile;
        self.line(
            "unix (create, bind, listen, accept, getattr, setattr, getopt, setopt, shutdown),",
        );
        self.line(&format!(
            "unix (connect, send, receive) peer=(label=oz-{name}),"
        ));
        self.line(&format!("signal (send, receive) peer=oz-{name},"));
        if syscalls::has(&plan.syscalls, "ptrace") {
            self.line(&format!(
                "ptrace (read, trace, readby, tracedby) peer=oz-{name},"
            ));
        }
    }

    fn rest(&mut self, plan: &Plan) {
        self.section("the network, and limits");
        match plan.network.mode {
            Mode::None => self.comment_in("none"),
            mode => {
                if mode == Mode::Internet {
                    self.comment_in("AppArmor cannot keep this machine and its neighbours apart from the Internet, as Oz does");
                }
                for line in [
                    "network inet stream,",
                    "network inet dgram,",
                    "network inet6 stream,",
                    "network inet6 dgram,",
                    "network netlink raw,",
                ] {
                    self.line(line);
                }
            }
        }
        let files = plan.limits.open_files;
        self.line(&format!("set rlimit nofile <= {files},"));
    }
}

/// A path as a rule has it. What means more than itself there, or steers who reads it, has no rule: that refuses it.
fn quoted(path: &Path, end: &str) -> Option<String> {
    let text = path.to_str()?;
    let plain = |c: char| c.is_alphanumeric() || " /._+-~:()=%#!&;'".contains(c);
    let good = text.starts_with('/') && text.chars().all(plain) && !text.contains("//");
    good.then(|| format!("\"{}{end}\"", text.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_more_than_itself_has_no_rule() {
        assert_eq!(
            quoted(Path::new("/home/u/My Music"), "/**").as_deref(),
            Some("\"/home/u/My Music/**\"")
        );
        for path in [
            "/a*",
            "/a\n/b",
            "/@{HOME}",
            "/a\"",
            "/a{b,c}",
            "/a\u{202e}",
            "/a\\b",
            "/a[b]",
            "a",
            "/a,b",
        ] {
            assert_eq!(quoted(Path::new(path), ""), None, "{path}");
        }
    }
}
