//! What the daemon and the display proxy of one sandbox tell each other, as JSON.
//!
//! The proxy is started as `display-proxy --config-fd N --listen-fd N --report-fd N --control-fd N --hosts-fd N`. The
//! configuration is one [`Config`]; on the report pipe goes one [`Event`] a line, on the control pipe comes one
//! [`Tell`] a line. The proxy parses a hostile protocol: its reports are taken for hostile as well.
//!
//! A list of files takes as many lines as it needs: [`Event::Files`] for its paths, then what is wanted of it. The
//! answer comes in the same way, one entry for each path, in the same order.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::OsBytes;
use crate::colour::Colour;
use crate::denied::Denied;
use crate::plan::{Buffers, Clipboard, Mark, Passage};
use crate::xauthority::Said;

/// A message on the hosts socket: a connection to the host comes with it, which the proxy could not make itself.
const MORE: &str = "more";

/// The same of another host: all windows go there.
const ANOTHER: &str = "another";

/// Longest message on the hosts socket in bytes.
pub const GIVEN_MAX: usize = 2048;

/// What is said of a connection to a host on the hosts socket: one word, and for an X server what opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// It is to another host: all windows go there.
    pub another: bool,
    /// Nothing for a Wayland compositor.
    pub opening: Option<Opening>,
}

/// What is said at the beginning of a connection to an X server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Which of its screens.
    pub screen: u32,
    /// The authorization, if it wants one.
    pub said: Option<Said>,
}

/// Whether the X server of a user may be one of this other's: a display manager starts it as either.
#[must_use]
pub const fn may_serve(server: u32, user: u32) -> bool {
    server == user || server == 0
}

impl Given {
    /// As one message: the word, and for an X server its screen and the two parts of the authorization.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut text = String::from(if self.another { ANOTHER } else { MORE });
        if let Some(opening) = &self.opening {
            // Writing to a string cannot fail.
            let _ = write!(text, " {}", opening.screen);
            for part in opening.said.iter().flat_map(|(name, data)| [name, data]) {
                text.push(' ');
                part.iter().for_each(|byte| {
                    let _ = write!(text, "{byte:02x}");
                });
            }
        }
        text.into_bytes()
    }

    /// Reads one; none if it is not understood.
    #[must_use]
    pub fn read(message: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(message).ok()?;
        let mut words = text.split(' ');
        let another = match words.next()? {
            MORE => false,
            ANOTHER => true,
            _ => return None,
        };
        let opening = match words.next() {
            None => None,
            Some(screen) => Some(Opening {
                screen: screen.parse().ok()?,
                said: match (words.next(), words.next()) {
                    (None, _) => None,
                    (Some(name), data) => Some((bytes(name)?, bytes(data?)?)),
                },
            }),
        };
        words.next().is_none().then_some(Self { another, opening })
    }
}

/// Bytes that were written with two digits each.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let byte = |two: &[u8]| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok();
    let (pairs, rest) = digits.as_chunks::<2>();
    (rest.is_empty() && text.bytes().all(|it| it.is_ascii_hexdigit()))
        .then(|| pairs.iter().map(|two| byte(two)).collect())?
}

/// Longest line in bytes, its end included: PIPE_BUF, so that lines never tear.
pub const LINE_MAX: usize = 4096;

/// Bytes of the paths in one line; the rest of it is room for the words around them.
const PATHS_MAX: usize = 3800;

/// Most files of one list.
pub const FILES_MAX: usize = 2048;

/// What shows the windows of a session.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Host {
    /// A Wayland compositor that listens at this path.
    Wayland(PathBuf),
    /// An X server.
    X11(X11),
}

impl Host {
    /// The socket that it listens at.
    #[must_use]
    pub fn socket(&self) -> &Path {
        match self {
            Self::Wayland(socket) => socket,
            Self::X11(server) => &server.socket,
        }
    }
}

/// An X server of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct X11 {
    /// Where it listens.
    pub socket: PathBuf,
    /// Its number, by which the file that opens it knows it.
    pub display: u32,
    /// Which of its screens.
    pub screen: u32,
    /// The file that opens it, if there is one.
    pub authority: Option<PathBuf>,
}

impl X11 {
    /// The server of a name as in `DISPLAY`, if it is one of this machine; its sockets lie where they always have.
    /// <https://www.x.org/releases/current/doc/man/man7/X.7.xhtml#heading5>
    #[must_use]
    pub fn named(name: &str, authority: Option<PathBuf>) -> Option<Self> {
        let (host, numbers) = name.rsplit_once(':')?;
        if !matches!(host, "" | "unix") {
            return None;
        }
        let (display, screen) = numbers.split_once('.').unwrap_or((numbers, "0"));
        let number = |text: &str| -> Option<u32> {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse().ok())?
        };
        let (display, screen) = (number(display)?, number(screen)?);
        Some(Self {
            socket: format!("/tmp/.X11-unix/X{display}").into(),
            display,
            screen,
            authority,
        })
    }

    /// Its name as in `DISPLAY`.
    #[must_use]
    pub fn name(&self) -> String {
        format!(":{}.{}", self.display, self.screen)
    }
}

/// The settings of one proxy, which serves exactly one sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The sandbox's readable name, for logs.
    pub sandbox: String,
    /// Where its windows appear.
    pub host: Host,
    /// The application id that the host sees for every window; the app's own when absent.
    #[serde(default)]
    pub app_id: Option<String>,
    /// Which way what is copied or dragged may pass between the sandbox and the host.
    #[serde(default)]
    pub clipboard: Clipboard,
    /// What of it may come in.
    #[serde(default)]
    pub clipboard_in: Passage,
    /// What may go out.
    #[serde(default)]
    pub clipboard_out: Passage,
    /// Whether files that are dropped on a window may become the app's.
    #[serde(default)]
    pub drops: bool,
    /// What tells drags of this sandbox from those of the host and of other sandboxes. Nobody can guess it.
    #[serde(default)]
    pub token: String,
    /// Whether the host maps the app's own memory or a copy.
    #[serde(default)]
    pub buffers: Buffers,
    /// Whether windows may take the desktop's keyboard shortcuts, if the host lets them.
    #[serde(default)]
    pub shortcuts: bool,
    /// Whether buffers of a GPU pass, if the host takes them.
    #[serde(default)]
    pub gpu: bool,
    /// By what a person sees whose windows they are.
    #[serde(default)]
    pub mark: Mark,
    /// The colour of the mark.
    #[serde(default)]
    pub colour: Option<Colour>,
    /// The font of the name in it.
    #[serde(default)]
    pub font: Option<PathBuf>,
    /// The token of the click that started the app: its first window may take the focus.
    #[serde(default)]
    pub activation_token: Option<String>,
    /// A file of the daemon's, in which it is noted when the user last did something in a window.
    #[serde(default)]
    pub acted: Option<PathBuf>,
}

/// One event for the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Clients are accepted from now on.
    Ready,
    /// A window of the sandbox appeared.
    WindowOpened {
        /// Distinguishes the windows of this proxy.
        window: u64,
    },
    /// A window of the sandbox is gone.
    WindowClosed {
        /// As when it was opened.
        window: u64,
    },
    /// A client was turned away or thrown out.
    ClientRefused {
        /// A sentence of the proxy's; nothing in it comes from the app.
        reason: String,
    },
    /// A client was refused something; not said more often than once a second for each kind.
    Denied {
        /// What.
        what: Denied,
        /// How often since it was last said.
        count: u32,
    },
    /// The host is gone. Windows are kept until there is one again.
    HostLost,
    /// There is one again.
    HostFound,
    /// So many connections to it are needed that the proxy cannot make itself.
    HostWanted {
        /// How many.
        connections: u32,
    },
    /// More of a list of files.
    Files {
        /// Distinguishes the lists of this proxy.
        list: u64,
        /// What comes next in it.
        paths: Vec<Name>,
    },
    /// A list is whole: it was dropped on a window, which asks for the files.
    Dropped {
        /// Which.
        list: u64,
        /// The sandbox that it was dragged from, as it says itself; absent: from the host.
        #[serde(default)]
        source: Option<String>,
    },
    /// A list is whole: somebody outside wants to have it, who may only hear of what the sandbox has.
    Leaving {
        /// Which.
        list: u64,
    },
    /// Dialogs can be put in front of a window from now on.
    Exported {
        /// What the app calls it.
        name: String,
        /// What the host's compositor does.
        host: String,
    },
    /// They cannot any more.
    Unexported {
        /// As when they could.
        name: String,
    },
    /// Somebody wants to have what was copied, and the user has to be asked.
    Copy {
        /// Distinguishes the questions of this proxy.
        question: u64,
        /// Which way it would go.
        direction: Direction,
    },
    /// Of a later version.
    #[serde(other)]
    Unknown,
}

/// Which way something goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Into the sandbox.
    In,
    /// Out of it.
    Out,
}

/// What the daemon tells a proxy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "tell", rename_all = "kebab-case")]
pub enum Tell {
    /// More of the answer to a list of files.
    Files {
        /// Which.
        list: u64,
        /// Where each file is in the sandbox; absent: it is not there, or not for who asks.
        paths: Vec<Option<Name>>,
    },
    /// The answer is whole.
    Answered {
        /// Which list's.
        list: u64,
    },
    /// Which way what is copied or dragged may pass from now on.
    Clipboard {
        /// As the profile says it.
        clipboard: Clipboard,
    },
    /// A click has started another program in the sandbox: a window may have the focus for it, once.
    Activation {
        /// What the program was told; nobody can guess it.
        token: String,
        /// The token of the click.
        host: String,
    },
    /// The user's answer.
    Copy {
        /// To which question.
        question: u64,
        /// It may be had.
        yes: bool,
    },
    /// Of a later version.
    #[serde(other)]
    Unknown,
}

/// A path in a line: as it is, but for control characters, the per cent sign and bytes that are no text, which are
/// written as in a URI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(String);

impl From<&OsBytes> for Name {
    fn from(path: &OsBytes) -> Self {
        use std::fmt::Write;
        let mut name = String::new();
        let escape = |name: &mut String, bytes: &[u8]| {
            for byte in bytes {
                // To a string this cannot fail.
                let _ = write!(name, "%{byte:02X}");
            }
        };
        for chunk in path.as_bytes().utf8_chunks() {
            for c in chunk.valid().chars() {
                if c.is_control() || matches!(c, '%' | '"' | '\\') {
                    escape(&mut name, c.encode_utf8(&mut [0; 4]).as_bytes());
                } else {
                    name.push(c);
                }
            }
            escape(&mut name, chunk.invalid());
        }
        Self(name)
    }
}

impl Name {
    /// The path; `None` if it is none, or a relative one.
    pub fn path(&self) -> Option<OsBytes> {
        let path = crate::uri::decode(self.0.as_bytes())?;
        (path.starts_with(b"/") && !path.contains(&0)).then(|| path.into())
    }
}

/// Paths that each fit into a line, as many together as do.
fn lines<T>(names: Vec<T>, length: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut lines: Vec<Vec<T>> = Vec::new();
    let mut used = PATHS_MAX;
    for name in names {
        // Quotation marks and a comma; "null" is no longer.
        let needed = length(&name) + 4;
        if used + needed > PATHS_MAX || lines.is_empty() {
            lines.push(Vec::new());
            used = 0;
        }
        used += needed;
        if let Some(line) = lines.last_mut() {
            line.push(name);
        }
    }
    lines
}

/// How the paths of a list are told to the daemon. One that is too long for a line is told as `/`, which nobody is
/// given.
pub fn asked(list: u64, paths: &[OsBytes]) -> Vec<Event> {
    let names = paths.iter().map(short).collect();
    let lines = lines(names, |name: &Name| name.0.len());
    let lines = lines.into_iter();
    lines.map(|paths| Event::Files { list, paths }).collect()
}

/// How the answer is told to the proxy.
pub fn answer(list: u64, paths: &[Option<OsBytes>]) -> Vec<Tell> {
    let name = |path: &Option<OsBytes>| path.as_ref().map(Name::from).filter(Name::fits);
    let names = paths.iter().map(name).collect();
    let lines = lines(names, |name: &Option<Name>| {
        name.as_ref().map_or(0, |name| name.0.len())
    });
    let lines = lines.into_iter();
    let mut all: Vec<Tell> = lines.map(|paths| Tell::Files { list, paths }).collect();
    all.push(Tell::Answered { list });
    all
}

fn short(path: &OsBytes) -> Name {
    let name = Name::from(path);
    if name.fits() {
        name
    } else {
        Name("/".to_owned())
    }
}

impl Name {
    fn fits(&self) -> bool {
        self.0.len() + 4 <= PATHS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_x_server_is_the_user_s_or_root_s() {
        assert!(may_serve(1000, 1000) && may_serve(0, 1000));
        assert!(!may_serve(1001, 1000) && !may_serve(65534, 1000));
    }

    #[test]
    fn what_comes_with_a_connection_is_read_as_it_was_written() {
        let opening = Opening {
            screen: 1,
            said: Some((b"MIT-MAGIC-COOKIE-1".to_vec(), vec![0, 255])),
        };
        for opening in [None, Some(opening)] {
            for another in [false, true] {
                let given = Given {
                    another,
                    opening: opening.clone(),
                };
                assert_eq!(Given::read(&given.write()), Some(given));
            }
        }
        for odd in [
            "",
            "mores",
            "more ",
            "more x",
            "more 0 00",
            "more 0 0 00",
            "more 0 00 0g",
            "more 0 00 00 ",
        ] {
            assert_eq!(Given::read(odd.as_bytes()), None, "{odd}");
        }
    }

    #[test]
    fn events_are_lines_of_json() {
        let text = |event: &Event| serde_json::to_string(event).expect("encodes");
        assert_eq!(
            text(&Event::WindowOpened { window: 3 }),
            r#"{"event":"window-opened","window":3}"#
        );
        assert_eq!(text(&Event::HostLost), r#"{"event":"host-lost"}"#);
        let files = asked(1, &["/a%\n".into(), b"/\xff\xc3\xa4".to_vec().into()]);
        assert_eq!(
            text(&files[0]),
            "{\"event\":\"files\",\"list\":1,\"paths\":[\"/a%25%0A\",\"/%FF\u{e4}\"]}"
        );
        let later = r#"{"event":"later","with":1}"#;
        assert_eq!(
            serde_json::from_str::<Event>(later).expect("read"),
            Event::Unknown
        );
    }

    #[test]
    fn a_path_that_fits_into_no_line_is_not_named() {
        let long = OsBytes::from(format!("/{}", "x".repeat(PATHS_MAX)));
        let events = asked(1, &[long.clone(), "/a".into()]);
        let Event::Files { paths, .. } = &events[0] else {
            panic!("{events:?}")
        };
        let paths: Vec<_> = paths.iter().filter_map(Name::path).collect();
        assert_eq!(paths, ["/".into(), "/a".into()]);
        let tells = answer(1, &[Some(long)]);
        assert_eq!(
            tells[0],
            Tell::Files {
                list: 1,
                paths: vec![None]
            }
        );
    }

    proptest! {
        #[test]
        fn any_paths_survive_in_lines_that_do_not_tear(
            tails in proptest::collection::vec(proptest::collection::vec(1_u8.., 0..900), 0..20)
        ) {
            let paths: Vec<OsBytes> =
                tails.iter().map(|tail| [b"/".as_slice(), tail].concat().into()).collect();
            let mut back = Vec::new();
            for event in asked(u64::MAX, &paths) {
                prop_assert!(serde_json::to_string(&event).expect("encodes").len() < LINE_MAX);
                if let Event::Files { paths, .. } = event {
                    back.extend(paths.iter().filter_map(Name::path));
                }
            }
            prop_assert_eq!(&back, &paths);
            let answers: Vec<_> = paths.iter().cloned().map(Some).collect();
            for tell in answer(u64::MAX, &answers) {
                prop_assert!(serde_json::to_string(&tell).expect("encodes").len() < LINE_MAX);
            }
        }
    }
}
