//! The private message bus: dbus-daemon with a configuration of our own.

use std::path::Path;

use super::root::file;
use crate::plan::{Op, layout};

pub(super) fn configuration(portals: bool, ops: &mut Vec<Op>) {
    ops.push(file(layout::BUS_CONFIG, CONFIGURATION.to_owned()));
    if portals {
        let service = format!("[D-BUS Service]\nName={}\nExec=/bin/true\n", layout::PORTAL);
        ops.push(file(layout::portal_service(), service));
        let applications = Path::new(layout::DATA).join("applications");
        ops.push(file(applications.join("oz-link.desktop"), LINK.to_owned()));
        ops.push(file(applications.join("mimeapps.list"), LINKS.to_owned()));
    }
}

/// What opens links, for whoever does not ask a portal before it looks for a program.
const LINK: &str = r#"[Desktop Entry]
Type=Application
Name=Oz
NoDisplay=true
Exec=gdbus call --session --dest org.freedesktop.portal.Desktop --object-path /org/freedesktop/portal/desktop --method org.freedesktop.portal.OpenURI.OpenURI "" %u {}
MimeType=x-scheme-handler/http;x-scheme-handler/https;x-scheme-handler/mailto;
"#;

/// For which links.
const LINKS: &str = "[Default Applications]
x-scheme-handler/http=oz-link.desktop
x-scheme-handler/https=oz-link.desktop
x-scheme-handler/mailto=oz-link.desktop
";

/// By this file in the runtime directory `xdg-open` and Qt know that links are opened by a portal; no variable tells them.
pub(super) fn sign(runtime: &Path) -> Op {
    file(
        runtime.join("flatpak-info"),
        "[Application]\nname=org.oz.Sandbox\n".to_owned(),
    )
}

/// Without allow rules for send, receive and own every client hangs. Nobody may eavesdrop.
///
/// What can be activated by name are the portals alone, if the sandbox has them. The program that is started for them does
/// nothing: it makes the bus keep what is said to them until the bus proxy, which comes when the bus does, has their name.
/// <https://dbus.freedesktop.org/doc/dbus-daemon.1.html>
const CONFIGURATION: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <keep_umask/>
  <listen>systemd:</listen>
  <auth>EXTERNAL</auth>
  <servicedir>/run/oz/services</servicedir>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
  <limit name="service_start_timeout">10000</limit>
  <limit name="max_message_size">16777216</limit>
  <limit name="max_incoming_bytes">33554432</limit>
  <limit name="max_outgoing_bytes">33554432</limit>
  <limit name="max_message_unix_fds">16</limit>
  <limit name="max_incoming_unix_fds">64</limit>
  <limit name="max_outgoing_unix_fds">64</limit>
  <limit name="max_connections_per_user">256</limit>
  <limit name="max_completed_connections">256</limit>
  <limit name="max_names_per_connection">128</limit>
  <limit name="max_match_rules_per_connection">2048</limit>
</busconfig>
"#;
