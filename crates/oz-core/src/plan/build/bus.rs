//! The private message bus: dbus-daemon with a configuration of our own.

use super::root::file;
use crate::plan::{Op, layout};

pub(super) fn configuration(portals: bool, ops: &mut Vec<Op>) {
    ops.push(file(layout::BUS_CONFIG, CONFIGURATION.to_owned()));
    if portals {
        let service = format!("[D-BUS Service]\nName={}\nExec=/bin/true\n", layout::PORTAL);
        ops.push(file(layout::portal_service(), service));
    }
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
