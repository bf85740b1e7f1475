//! What programs are told about sound: one server, at one socket, without a secret.

use super::root::file;
use crate::plan::{Op, layout};
use crate::wire::audio::COOKIE_SIZE;

/// Of servers, whether there is one or none.
pub(super) fn of_servers(ops: &mut Vec<Op>) {
    ops.push(file(layout::PULSE_COOKIE, "0".repeat(COOKIE_SIZE)));
    ops.push(file(layout::PULSE_CLIENT, CLIENT.to_owned()));
}

/// Of cards, if there is a server.
pub(super) fn of_cards() -> Op {
    file(layout::ASOUND, ASOUND.to_owned())
}

/// No server is started inside: it would find no card. Memory is not shared with the one outside.
/// A cookie is found, which opens nothing, so that no program makes one up in its home.
/// <https://manpages.debian.org/stable/pulseaudio/pulse-client.conf.5.en.html>
const CLIENT: &str = "\
autospawn = no
enable-shm = no
enable-memfd = no
cookie-file = /run/oz/pulse-cookie
auto-connect-localhost = no
auto-connect-display = no
";

/// There is no sound card inside: the default device is the sound server, whatever the host's
/// configuration says before. <https://www.alsa-project.org/main/index.php/Asoundrc>
const ASOUND: &str = "\
pcm.!default {
  type pulse
  hint {
    show on
    description \"Sound of the desktop\"
  }
}
ctl.!default {
  type pulse
}
";
