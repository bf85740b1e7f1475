//! The private message bus: dbus-daemon with a configuration of our own.

use super::root::file;
use crate::plan::{Op, layout};

pub(super) fn configuration(ops: &mut Vec<Op>) {
    ops.push(file(layout::BUS_CONFIG, CONFIGURATION.to_owned()));
}

/// Without allow rules for send, receive and own every client hangs. Nothing can be activated by
/// name: there are no service directories. Nobody may eavesdrop.
/// <https://dbus.freedesktop.org/doc/dbus-daemon.1.html>
const CONFIGURATION: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <keep_umask/>
  <listen>systemd:</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
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
