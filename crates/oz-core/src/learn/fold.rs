//! From what was seen in several runs to a short list of places and needs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Seen, What};
use crate::wire::analysis::is_plain;
use crate::wire::explain::Line;

/// Most places, and most of everything else that is listed.
const MOST_PLACES: usize = 256;
const MOST_OTHERS: usize = 32;
/// Longest name of a place, in bytes.
const LONGEST: usize = 255;

/// What several runs come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folded {
    /// How many runs ended in order.
    pub runs: usize,
    /// Where files are that it opened, the most used first.
    pub places: Vec<Place>,
    /// Programs that it started, by their base names.
    pub programs: Vec<String>,
    /// It opened a window.
    pub windows: bool,
    /// It connected to the sound server.
    pub sound: bool,
    /// It connected to its message bus.
    pub bus: bool,
    /// Other sockets that it connected to.
    pub sockets: Vec<String>,
    /// Addresses of other machines that it talked to.
    pub internet: Vec<String>,
    /// Rare calls that it made.
    pub calls: Vec<String>,
    /// Calls that it was refused.
    pub refused: Vec<String>,
    /// Kinds of what proxies and portals refused it, by their names.
    pub denied: Vec<String>,
    /// There was more than is listed.
    pub cut: bool,
    /// Names in it that no person could read as they are; nothing is proposed of them.
    pub odd: u64,
}

/// A place that stands for all that was opened in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// `~/.config/app`, `/etc/app`.
    pub path: String,
    /// Something in it was to be changed.
    pub written: bool,
    /// How many different files.
    pub files: u64,
}

impl Folded {
    /// Whether it is within its bounds; what is not is not looked at.
    pub fn is_sane(&self) -> bool {
        let lists = [
            &self.programs,
            &self.sockets,
            &self.internet,
            &self.calls,
            &self.refused,
            &self.denied,
        ];
        self.places.len() <= MOST_PLACES
            && self.places.iter().all(|place| is_place(&place.path))
            && lists
                .iter()
                .all(|list| list.len() <= 4 * MOST_OTHERS && list.iter().all(|word| is_plain(word)))
    }

    /// Whether some call of a group was seen.
    pub fn has_call_of(&self, names: &[&str]) -> bool {
        self.calls.iter().any(|call| names.contains(&call.as_str()))
    }
}

/// Whether a path is one that a person reads as it is: printable ASCII without quotes, or letters of any script, and
/// nothing that a pattern or a path means something else by.
fn is_place(path: &str) -> bool {
    let good = |c: char| c.is_alphanumeric() || " ._+-/~@,:()".contains(c);
    let plain = path.split('/').all(|part| part != ".." && part != ".");
    (1..=LONGEST).contains(&path.len()) && plain && path.chars().all(good)
}

/// Folds the lines of several runs; `home` is the user's home.
pub fn fold<'a>(
    lines: impl Iterator<Item = &'a [u8]>,
    home: &str,
    parse: impl Fn(&[u8]) -> Option<Line>,
) -> Folded {
    let mut folded = Folded::default();
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    let mut sets: [BTreeSet<String>; 6] = Default::default();
    for line in lines {
        match parse(line) {
            Some(Line::Seen(seen)) => take(&mut folded, &mut places, &mut sets, seen, home),
            Some(Line::New(refused)) => insert(&mut sets[4], &refused.call, &mut folded),
            Some(Line::Denied(kind)) => insert(&mut sets[5], &kind, &mut folded),
            Some(Line::Cut) => folded.cut = true,
            Some(Line::End) => folded.runs += 1,
            Some(Line::Times { .. }) => {}
            None => folded.odd += 1,
        }
    }
    let mut places: Vec<Place> = places.into_values().collect();
    places.sort_by_key(|place| (std::cmp::Reverse(place.files), place.path.clone()));
    folded.cut |= places.len() > MOST_PLACES;
    places.truncate(MOST_PLACES);
    folded.places = places;
    let [programs, sockets, internet, calls, refused, denied] =
        sets.map(|set| set.into_iter().collect());
    Folded {
        programs,
        sockets,
        internet,
        calls,
        refused,
        denied,
        ..folded
    }
}

fn insert(set: &mut BTreeSet<String>, word: &str, folded: &mut Folded) {
    if !is_plain(word) {
        folded.odd += 1;
    } else if set.len() < 4 * MOST_OTHERS || set.contains(word) {
        set.insert(word.to_owned());
    } else {
        folded.cut = true;
    }
}

fn take(
    folded: &mut Folded,
    places: &mut BTreeMap<String, Place>,
    sets: &mut [BTreeSet<String>; 6],
    seen: Seen,
    home: &str,
) {
    let subject = seen.subject.as_str();
    match seen.what {
        What::Read | What::Write => {
            let Some(path) = place(subject, home) else {
                return;
            };
            if !is_place(&path) {
                folded.odd += 1;
                return;
            }
            // More than are ever listed, so that those that are used most are among them.
            if places.len() >= 16 * MOST_PLACES && !places.contains_key(&path) {
                folded.cut = true;
                return;
            }
            let place = places.entry(path.clone()).or_insert(Place {
                path,
                written: false,
                files: 0,
            });
            place.files += 1;
            place.written |= seen.what == What::Write;
        }
        What::Execute => insert(
            &mut sets[0],
            subject.rsplit('/').next().unwrap_or_default(),
            folded,
        ),
        What::Connect if subject.ends_with("/wayland-0") || subject.contains("/.X11-unix/") => {
            folded.windows = true
        }
        What::Connect if subject.ends_with("/pulse/native") => folded.sound = true,
        What::Connect if subject.ends_with("/bus") => folded.bus = true,
        What::Connect => insert(&mut sets[1], subject, folded),
        What::Internet => insert(&mut sets[2], subject, folded),
        What::Call => insert(&mut sets[3], subject, folded),
    }
}

/// Directories in which each app has one of its own.
const OF_APPS: &[&str] = &[
    ".config",
    ".local/share",
    ".local/state",
    ".cache",
    // Beside those, where programs and libraries are.
    ".local",
    ".var",
];

/// The place that a path is in; none for what every sandbox has of its own or of the system.
fn place(path: &str, home: &str) -> Option<String> {
    if path == home {
        return None;
    }
    if let Some(below) = path
        .strip_prefix(home)
        .and_then(|rest| rest.strip_prefix('/'))
    {
        let below = below.trim_end_matches('/');
        if below.is_empty() {
            return None;
        }
        for of_apps in OF_APPS {
            match below.strip_prefix(of_apps) {
                Some("") => return None,
                Some(rest) if rest.starts_with('/') => {
                    return Some(format!("~/{of_apps}/{}", first(&rest[1..], 1)));
                }
                _ => {}
            }
        }
        let depth = if below.starts_with('.') { 1 } else { 2 };
        return Some(format!("~/{}", directory(below, depth)));
    }
    for top in ["/etc/", "/var/lib/", "/var/cache/"] {
        if let Some(below) = path.strip_prefix(top).filter(|below| !below.is_empty()) {
            return Some(format!("{top}{}", first(below, 1)));
        }
    }
    for top in ["/media/", "/mnt/", "/srv/", "/home/", "/run/media/"] {
        if let Some(below) = path.strip_prefix(top).filter(|below| !below.is_empty()) {
            return Some(format!("{top}{}", directory(below, 2)));
        }
    }
    None
}

fn first(path: &str, count: usize) -> String {
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .take(count)
        .collect();
    parts.join("/")
}

/// The directory of what is deeper, at most so deep; a file that lies above is itself.
fn directory(path: &str, depth: usize) -> String {
    let parts = path.split('/').filter(|part| !part.is_empty()).count();
    first(path, if parts > 1 { depth.min(parts - 1) } else { 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_the_places_that_they_are_in() {
        for (path, wanted) in [
            ("/home/u/.config/app/a/b", Some("~/.config/app")),
            ("/home/u/.local/share/app/x", Some("~/.local/share/app")),
            ("/home/u/.config", None),
            ("/home/u/.local", None),
            ("/home/u/.local/bin/git", Some("~/.local/bin")),
            ("/home/u/.local/x", Some("~/.local/x")),
            ("/home/u/.var/app/org.kde/x", Some("~/.var/app")),
            ("/home/u/.ssh/id_rsa", Some("~/.ssh")),
            ("/home/u/.bashrc", Some("~/.bashrc")),
            ("/home/u/Music/a/b/c.mp3", Some("~/Music/a")),
            ("/home/u/Music/c.mp3", Some("~/Music")),
            ("/home/u/notes.txt", Some("~/notes.txt")),
            ("/home/u2/notes.txt", Some("/home/u2")),
            ("/home/u", None),
            ("/etc/app/a", Some("/etc/app")),
            ("/usr/lib/x", None),
            ("/media/u/stick/a/b", Some("/media/u/stick")),
        ] {
            assert_eq!(place(path, "/home/u").as_deref(), wanted, "{path}");
        }
    }

    fn seen(what: What, subject: &str) -> Line {
        Line::Seen(Seen {
            what,
            subject: subject.to_owned(),
        })
    }

    fn folded(lines: &[Line]) -> Folded {
        let numbers: Vec<Vec<u8>> = (0..lines.len())
            .map(|at| at.to_string().into_bytes())
            .collect();
        let parse = |line: &[u8]| {
            std::str::from_utf8(line)
                .ok()?
                .parse::<usize>()
                .ok()
                .map(|at| lines[at].clone())
        };
        let folded = fold(numbers.iter().map(Vec::as_slice), "/home/u", parse);
        assert!(folded.is_sane(), "{folded:?}");
        folded
    }

    #[test]
    fn runs_are_merged() {
        let all = folded(&[
            seen(What::Read, "/home/u/.config/app/a"),
            Line::End,
            seen(What::Write, "/home/u/.config/app/b"),
            seen(What::Connect, "/run/user/1000/wayland-0"),
            seen(What::Connect, "@/tmp/x"),
            seen(What::Call, "shmget"),
            Line::End,
        ]);
        assert_eq!(all.runs, 2);
        assert_eq!(
            all.places,
            [Place {
                path: "~/.config/app".into(),
                written: true,
                files: 2
            }]
        );
        assert!(all.windows && !all.sound && !all.bus);
        assert_eq!(all.sockets, ["@/tmp/x"]);
        assert!(all.has_call_of(&["shmget", "shmat"]));
    }

    #[test]
    fn what_a_hostile_program_opens_is_bounded_and_readable() {
        let mut lines: Vec<Line> = (0..20_000)
            .map(|n| seen(What::Read, &format!("/home/u/.config/{n}/x")))
            .collect();
        for odd in [
            "/home/u/.config/a\\x0ab",
            "/home/u/\"",
            "/home/u/.config/*",
            "/home/u/.config/..",
            "/etc/\u{202e}x",
        ] {
            lines.push(seen(What::Write, odd));
        }
        lines.extend((0..1000).map(|n| seen(What::Internet, &format!("192.0.2.1:{n}"))));
        let all = folded(&lines);
        assert_eq!(all.places.len(), MOST_PLACES);
        assert!(all.cut && all.odd == 5, "{}", all.odd);
        assert!(all.places.iter().all(|place| !place.written));
    }
}
