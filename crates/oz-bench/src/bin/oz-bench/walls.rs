//! What holds: the attacks of `oz-probe` under Oz and under others, as they are usually started.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// A way to start a program: what it is called, what must be installed, its words.
struct Peer {
    name: &'static str,
    about: &'static str,
    command: Vec<String>,
}

/// An attack's name, class and what it stands for.
struct Attack {
    name: String,
    class: String,
    of: String,
}

type Results = BTreeMap<String, String>;

/// Runs all attacks under each and makes the document.
pub(crate) fn measure(with_oz: bool) -> Result<String> {
    let home = PathBuf::from(std::env::var_os("HOME").context("no HOME")?);
    let dir = home.join("walls");
    for name in ["read", "share"] {
        fs::create_dir_all(dir.join(name))?;
    }
    let attacks = list()?;
    let mut columns: Vec<(Peer, Results)> = Vec::new();
    let mut absent = Vec::new();
    for peer in peers(&dir, with_oz)? {
        if !is_there(&peer.command[0]) {
            absent.push(peer.name);
            continue;
        }
        eprintln!("walls: {}", peer.name);
        if peer.command[0] == "flatpak"
            && let Err(error) = install_flatpak(&home)
        {
            eprintln!("walls: flatpak cannot be given a runtime: {error:#}");
            absent.push(peer.name);
            continue;
        }
        let results = run(&dir, &peer.command)?;
        if results.len() != attacks.len() {
            bail!(
                "{} ran {} of {} attacks",
                peer.name,
                results.len(),
                attacks.len()
            );
        }
        columns.push((peer, results));
    }
    Ok(document(&attacks, &columns, &absent))
}

/// As their documents and packagers start them; each has a directory to read and one to write.
fn peers(dir: &Path, with_oz: bool) -> Result<Vec<Peer>> {
    let text = |path: &Path| path.display().to_string();
    let (read, share) = (text(&dir.join("read")), text(&dir.join("share")));
    let probe = text(&dir.join("read/oz-probe"));
    let runtime = std::env::var("XDG_RUNTIME_DIR").context("no XDG_RUNTIME_DIR")?;
    let wayland = std::env::var("WAYLAND_DISPLAY").context("no WAYLAND_DISPLAY")?;
    let home = std::env::var("HOME").context("no HOME")?;
    let words = |line: &str| -> Vec<String> { line.split(' ').map(str::to_owned).collect() };
    let mut bwrap = words(
        "bwrap --unshare-all --die-with-parent --symlink usr/bin /bin --symlink usr/sbin /sbin \
         --symlink usr/lib /lib --symlink usr/lib64 /lib64 --proc /proc --dev /dev --tmpfs /tmp",
    );
    for path in [
        "/usr",
        "/etc/alternatives",
        "/etc/fonts",
        "/etc/group",
        "/etc/ld.so.cache",
        "/etc/localtime",
        "/etc/machine-id",
        "/etc/passwd",
        "/etc/ssl",
    ] {
        bwrap.extend(["--ro-bind-try", path, path].map(str::to_owned));
    }
    let wayland = format!("{runtime}/{wayland}");
    bwrap.extend(["--tmpfs", &home, "--ro-bind", &read, &read].map(str::to_owned));
    bwrap.extend(["--bind", &share, &share, "--bind", &wayland, &wayland].map(str::to_owned));
    let mut firejail = words(
        "firejail --quiet --noprofile --caps.drop=all --nonewprivs --noroot --seccomp --net=none \
         --private-dev --private-tmp --dbus-user=none --dbus-system=none",
    );
    firejail.extend([
        format!("--whitelist={read}"),
        format!("--whitelist={share}"),
        format!("--read-only={read}"),
    ]);
    let mut flatpak = words("flatpak run --user --socket=wayland");
    flatpak.extend([
        format!("--filesystem={read}:ro"),
        format!("--filesystem={share}"),
        format!("--command={probe}"),
        "org.oz.Probe".to_owned(),
    ]);
    let mut all = vec![
        ("none", "no sandbox", vec!["env".to_owned()]),
        (
            "bwrap",
            "all namespaces, 20 mounts, the Wayland socket, no filter",
            bwrap,
        ),
        ("firejail", "its default profile", words("firejail --quiet")),
        (
            "firejail, hardened",
            "no network, no capabilities, its filter, a private home",
            firejail,
        ),
        (
            "flatpak",
            "an app with the Wayland socket and two directories",
            flatpak,
        ),
    ];
    if with_oz {
        let mut oz = words("oz run --profile generic --read");
        oz.extend([read, "--write".to_owned(), share, "--".to_owned()]);
        all.push(("Oz", "the template for any program", oz));
    }
    let peers = all.into_iter().map(|(name, about, mut command)| {
        if command[0] != "flatpak" {
            command.push(probe.clone());
        }
        Peer {
            name,
            about,
            command,
        }
    });
    Ok(peers.collect())
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).exists())
}

fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().display().to_string();
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {name}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn list() -> Result<Vec<Attack>> {
    let text = output(Command::new("oz-probe").arg("--list"))?;
    let row = |line: &str| {
        let mut fields = line.split('\t').map(str::to_owned);
        Some(Attack {
            name: fields.next()?,
            class: fields.next()?,
            of: fields.next()?,
        })
    };
    Ok(text.lines().filter_map(row).collect())
}

fn run(dir: &Path, command: &[String]) -> Result<Results> {
    let mut host = Command::new("oz-probe");
    let text = output(
        host.arg("host")
            .arg(dir)
            .arg("--")
            .args(command)
            .arg("--all"),
    )?;
    let row = |line: &str| {
        let mut words = line.split(' ');
        let (word, name) = (words.next()?, words.next()?);
        ["got", "refused", "untried"]
            .contains(&word)
            .then(|| (name.to_owned(), word.to_owned()))
    };
    Ok(text.lines().filter_map(row).collect())
}

/// The probe needs no library, so a runtime of nothing is enough for it.
fn install_flatpak(home: &Path) -> Result<()> {
    let dir = home.join("flatpak");
    let (runtime, app, repo) = (dir.join("runtime"), dir.join("app"), dir.join("repo"));
    for path in [
        runtime.join("usr/bin"),
        runtime.join("files"),
        app.join("files"),
        app.join("export"),
    ] {
        fs::create_dir_all(path)?;
    }
    let platform = "org.oz.Platform/x86_64/1";
    fs::write(
        runtime.join("metadata"),
        format!("[Runtime]\nname=org.oz.Platform\nruntime={platform}\nsdk={platform}\n"),
    )?;
    fs::write(
        app.join("metadata"),
        format!(
            "[Application]\nname=org.oz.Probe\nruntime={platform}\nsdk={platform}\ncommand=oz-probe\n"
        ),
    )?;
    let flatpak = |words: &[&str], paths: &[&Path]| -> bool {
        let mut command = Command::new("flatpak");
        command
            .args(words)
            .args(paths)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        // It asks the system's bus about parental control; any bus says that there is none.
        if let Some(bus) = std::env::var_os("DBUS_SESSION_BUS_ADDRESS") {
            command.env("DBUS_SYSTEM_BUS_ADDRESS", bus);
        }
        command.status().is_ok_and(|status| status.success())
    };
    let export = || {
        flatpak(
            &["build-export", "--runtime"],
            &[&repo, &runtime, Path::new("1")],
        ) && flatpak(&["build-export"], &[&repo, &app, Path::new("1")])
    };
    // It wants 3 % of a disk free for a few files; a first try makes the repository, whose
    // configuration is then changed.
    let own = home.join(".local/share/flatpak/repo");
    if !export() {
        no_minimum(&repo)?;
        if !export() {
            bail!("nothing can be exported");
        }
    }
    let remote = repo.display().to_string();
    flatpak(
        &["--user", "remote-add", "--no-gpg-verify", "probes", &remote],
        &[],
    );
    no_minimum(&own)?;
    if !flatpak(
        &[
            "--user",
            "install",
            "-y",
            "--noninteractive",
            "probes",
            "org.oz.Probe",
        ],
        &[],
    ) {
        bail!("nothing can be installed");
    }
    Ok(())
}

fn no_minimum(repo: &Path) -> Result<()> {
    let path = repo.join("config");
    let text = fs::read_to_string(&path).with_context(|| format!("no {}", path.display()))?;
    fs::write(
        &path,
        text.replacen("[core]\n", "[core]\nmin-free-space-percent=0\n", 1),
    )?;
    Ok(())
}

fn document(attacks: &[Attack], columns: &[(Peer, Results)], absent: &[&str]) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "| | how |\n|---|---|");
    for (peer, _) in columns {
        let _ = writeln!(text, "| {} | {} |", peer.name, peer.about);
    }
    if !absent.is_empty() {
        let _ = writeln!(text, "\nNot installed: {}.", absent.join(", "));
    }
    let head: Vec<&str> = columns.iter().map(|(peer, _)| peer.name).collect();
    let line = format!("{}|", "|---".repeat(head.len() + 2));
    let got = |results: &Results, attack: &Attack| {
        results.get(&attack.name).is_some_and(|word| word == "got")
    };
    let _ = writeln!(
        text,
        "\n## Attacks that succeed\n\n| class | of | {} |\n{line}",
        head.join(" | ")
    );
    let mut classes: Vec<&str> = Vec::new();
    for attack in attacks {
        if !classes.contains(&&*attack.class) {
            classes.push(&attack.class);
        }
    }
    for class in &classes {
        let of: Vec<&Attack> = attacks
            .iter()
            .filter(|attack| attack.class == *class)
            .collect();
        let counts = columns.iter().map(|(_, results)| {
            of.iter()
                .filter(|attack| got(results, attack))
                .count()
                .to_string()
        });
        let counts: Vec<String> = counts.collect();
        let _ = writeln!(text, "| {class} | {} | {} |", of.len(), counts.join(" | "));
    }
    let _ = writeln!(
        text,
        "\n## One by one\n\n| attack | stands for | {} |\n{line}",
        head.join(" | ")
    );
    for attack in attacks {
        let marks: Vec<&str> = columns
            .iter()
            .map(|(_, results)| if got(results, attack) { "**yes**" } else { "" })
            .collect();
        let _ = writeln!(
            text,
            "| `{}` | {} | {} |",
            attack.name,
            attack.of,
            marks.join(" | ")
        );
    }
    text
}
