//! Configuration of the system that programs need. What is not listed is not inside.

use std::path::{Path, PathBuf};

use super::root::{directory, file, symlink, system_bind};
use super::system::push_once;
use crate::plan::facts::PathFact;
use crate::plan::{HostFacts, Mode, Op, layout, network};

/// Entries of /etc, each with its reason.
const LISTED: &[(&str, &str)] = &[
    ("ImageMagick-6", "limits of picture conversion"),
    ("ImageMagick-7", "limits of picture conversion"),
    ("OpenCL", "which compute libraries there are"),
    ("X11/app-defaults", "looks of old toolkits"),
    ("X11/cursors", "which cursor theme is the default"),
    ("X11/rgb.txt", "names of colours"),
    ("X11/xkb", "keyboard layouts"),
    ("alsa", "sound configuration"),
    ("alternatives", "which program is meant by a general name"),
    ("bash.bashrc", "interactive shells"),
    ("bash_completion.d", "interactive shells"),
    (
        "bindresvport.blacklist",
        "asked for by the C library's RPC code",
    ),
    ("ca-certificates", "certificate authorities"),
    ("ca-certificates.conf", "certificate authorities"),
    ("cups/client.conf", "which print server, for dialogs"),
    ("dconf", "defaults of GNOME settings"),
    ("default/locale", "the system's language"),
    ("dictionaries-common", "which dictionary is the default"),
    ("drirc", "workarounds of the graphics library"),
    ("emacs", "configuration of the editor"),
    ("environment.d", "defaults of toolkits"),
    ("ethertypes", "names of protocols"),
    ("firefox", "administrator's policies of the browser"),
    ("firefox-esr", "the distribution's defaults of the browser"),
    ("fonts", "which fonts there are"),
    ("gai.conf", "which addresses are tried first"),
    ("ghostscript", "fonts of the PostScript interpreter"),
    ("gitconfig", "the system's defaults of git"),
    ("glvnd", "which graphics library there is"),
    ("groff", "manual pages"),
    ("gtk-2.0", "defaults of the toolkit"),
    ("gtk-3.0", "defaults of the toolkit"),
    ("gtk-4.0", "defaults of the toolkit"),
    ("host.conf", "how names are looked up"),
    ("inputrc", "keys of line editors"),
    ("issue", "name of the distribution"),
    (
        "java-17-openjdk",
        "configuration of the runtime, which /usr links to",
    ),
    (
        "java-21-openjdk",
        "configuration of the runtime, which /usr links to",
    ),
    ("ld.so.cache", "where libraries are"),
    ("ld.so.conf", "where libraries are"),
    ("ld.so.conf.d", "where libraries are"),
    ("libpaper.d", "paper size"),
    ("locale.alias", "names of languages"),
    ("locale.conf", "the system's language"),
    ("login.defs", "asked for by user tools"),
    ("lsb-release", "name of the distribution"),
    ("magic", "kinds of files"),
    ("magic.mime", "kinds of files"),
    ("mailcap", "which program opens what"),
    ("manpath.config", "manual pages"),
    ("mime.types", "kinds of files"),
    ("mpv", "the system's defaults of the player"),
    ("nanorc", "configuration of the editor"),
    ("networks", "names of networks"),
    ("openal", "sound configuration"),
    ("os-release", "name of the distribution"),
    ("papersize", "paper size"),
    ("perl", "configuration of the interpreter"),
    ("pki/ca-trust", "certificate authorities"),
    ("pki/tls/certs", "certificate authorities"),
    ("profile", "login shells"),
    ("profile.d", "login shells"),
    ("protocols", "names of protocols"),
    ("python3", "configuration of the interpreter"),
    ("python3.11", "configuration of the interpreter"),
    ("python3.13", "configuration of the interpreter"),
    ("rpc", "names of protocols"),
    ("services", "names of ports"),
    ("sgml", "catalogues of documents"),
    ("shells", "which shells there are"),
    ("skel", "what a new home holds"),
    // Listed one by one: /etc/ssl/private beside them has keys.
    ("ssl/certs", "certificate authorities"),
    ("ssl/openssl.cnf", "configuration of the library"),
    ("terminfo", "abilities of terminals"),
    ("timezone", "the system's time zone"),
    ("vdpau_wrapper.cfg", "configuration of the video library"),
    ("vim", "configuration of the editor"),
    ("vulkan", "which graphics libraries there are"),
    ("wgetrc", "configuration of the downloader"),
    ("xdg", "defaults of desktop programs"),
    ("xml", "catalogues of documents"),
];

fn listed() -> impl Iterator<Item = PathBuf> {
    LISTED.iter().map(|(name, _)| Path::new("/etc").join(name))
}

pub(super) fn probes(paths: &mut Vec<PathBuf>) {
    paths.extend(listed());
}

pub(super) fn operations(facts: &HostFacts, ops: &mut Vec<Op>) {
    ops.push(directory("/etc", 0o755));
    for path in listed() {
        match facts.paths.get(&path) {
            // A link into /usr stays one: it follows the system's updates.
            Some(PathFact::Symlink(target)) if leads_into_usr(target) => {
                push_once(symlink(path, target), ops);
            }
            Some(_) => push_once(system_bind(path, true), ops),
            None => {}
        }
    }
    of_now(ops);
}

/// What is of this moment, and never the system's own.
pub(super) fn of_now(ops: &mut Vec<Op>) {
    ops.push(symlink("/etc/mtab", "/proc/self/mounts"));
    ops.push(live("localtime"));
}

/// Who is asked for names.
pub(super) fn resolv_conf(network: Mode) -> Op {
    match network {
        Mode::None | Mode::Host => live("resolv.conf"),
        // The host's servers may be on its loopback or among its neighbours.
        Mode::Internet => file("/etc/resolv.conf", network::resolv_conf()),
    }
}

/// A file that follows the host's while the sandbox runs.
fn live(name: &str) -> Op {
    let target = Path::new(layout::LIVE).join(name);
    symlink(Path::new("/etc").join(name), target)
}

fn leads_into_usr(target: &Path) -> bool {
    let is_plain = !target
        .components()
        .skip(1)
        .any(|part| part.as_os_str() == "..");
    is_plain && (target.starts_with("/usr") || target.starts_with("../usr"))
}
