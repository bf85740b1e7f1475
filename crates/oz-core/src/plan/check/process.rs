//! What programs inside get.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::Violation;
use super::paths::is_same;
use crate::plan::{Op, Plan, Service, layout};
use crate::variables;

/// Most bytes of all variables together.
const MAX_ENVIRONMENT: usize = 128 << 10;

/// Longest path of a socket: `sun_path` less its NUL.
const MAX_SOCKET: usize = 107;

/// Variables that the plan itself answers.
const ANSWERED: &[&str] = &[
    "HOME",
    "USER",
    "LOGNAME",
    "PATH",
    "XDG_RUNTIME_DIR",
    "WAYLAND_DISPLAY",
    "DBUS_SESSION_BUS_ADDRESS",
    "PULSE_SERVER",
    "DISPLAY",
    "XAUTHORITY",
];

/// Names and values become `NAME=VALUE` strings that end with NUL.
pub(super) fn environment_is_well_formed(plan: &Plan) -> Result<(), Violation> {
    let mut total = 0;
    for (name, value) in &plan.environment {
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            return Err(Violation::new("variables have a name and no NUL", name));
        }
        total += name.len() + value.len() + 2;
    }
    if total > MAX_ENVIRONMENT {
        return Err(Violation::new(
            "all variables together have up to 128 KiB",
            total,
        ));
    }
    Ok(())
}

/// No variable names an agent, a secret or code to load; those about places inside say what is so.
pub(super) fn environment_holds_no_secrets(plan: &Plan) -> Result<(), Violation> {
    for name in plan.environment.keys() {
        if !ANSWERED.contains(&name.as_str())
            && let Some(reason) = variables::refusal(name)
        {
            return Err(Violation::new(
                "this variable cannot go inside",
                format!("{name}: {reason}"),
            ));
        }
    }
    let runtime = layout::runtime(plan.user.uid);
    let expected = [
        ("HOME", plan.user.home.display().to_string()),
        ("PATH", layout::PATH.to_owned()),
        ("XDG_RUNTIME_DIR", runtime.display().to_string()),
        ("WAYLAND_DISPLAY", layout::WAYLAND.to_owned()),
        (
            "DBUS_SESSION_BUS_ADDRESS",
            format!("unix:path={}/bus", runtime.display()),
        ),
        ("PULSE_SERVER", layout::pulse_server(plan.user.uid)),
        ("DISPLAY", layout::X11_DISPLAY.to_owned()),
        ("XAUTHORITY", layout::X11_COOKIE.to_owned()),
    ];
    for (name, expected) in expected {
        if plan
            .environment
            .get(name)
            .is_some_and(|value| *value != expected)
        {
            return Err(Violation::new("this variable names a place inside", name));
        }
    }
    Ok(())
}

/// Sockets elsewhere could replace what other steps made.
pub(super) fn listeners_are_in_the_runtime_directory(plan: &Plan) -> Result<(), Violation> {
    let runtime = layout::runtime(plan.user.uid);
    let (mut services, mut paths) = (BTreeSet::new(), BTreeSet::new());
    for listener in &plan.listeners {
        let path = listener.path.as_path();
        let is_placed = match listener.service {
            Service::Pulse => path == layout::pulse_socket(plan.user.uid),
            Service::X11 => path == layout::x11_socket(),
            Service::Wayland | Service::Bus => path.parent() == Some(&runtime),
        };
        if !is_placed || path.as_os_str().as_bytes().len() > MAX_SOCKET {
            return Err(Violation::new(
                "sockets are in the runtime directory",
                path.display(),
            ));
        }
        if !services.insert(listener.service) || !paths.insert(path) {
            return Err(Violation::new(
                "each service has one socket",
                path.display(),
            ));
        }
    }
    Ok(())
}

/// A helper is a program of the system that we know; the compositor is never one of them.
pub(super) fn helpers_are_ours(plan: &Plan) -> Result<(), Violation> {
    for listener in &plan.listeners {
        let expected = match listener.service {
            Service::Wayland | Service::Pulse => None,
            Service::Bus => Some(layout::bus_helper()),
            Service::X11 => Some(layout::x11_helper()),
        };
        if listener.helper != expected {
            return Err(Violation::new(
                "this socket is not served so",
                listener.path.display(),
            ));
        }
        let configuration = Path::new(layout::BUS_CONFIG);
        let configured = || {
            plan.root
                .iter()
                .any(|op| is_same(op.target(), configuration))
        };
        if listener.service == Service::Bus && !configured() {
            return Err(Violation::new(
                "the private bus has a configuration of ours",
                layout::BUS_CONFIG,
            ));
        }
    }
    Ok(())
}

/// An app without a display has no socket, and one with a display has a proxy.
pub(super) fn display_and_socket_agree(plan: &Plan) -> Result<(), Violation> {
    let socket = plan
        .listeners
        .iter()
        .any(|listener| listener.service == Service::Wayland);
    if socket == plan.display.is_some() {
        Ok(())
    } else {
        Err(Violation::new(
            "a display and its socket go together",
            layout::WAYLAND,
        ))
    }
}

/// An X server shows its windows through the display proxy, listens where programs are told, and asks for a secret.
pub(super) fn x11_is_whole(plan: &Plan) -> Result<(), Violation> {
    let socket = plan
        .listeners
        .iter()
        .any(|listener| listener.service == Service::X11);
    let variables = ["DISPLAY", "XAUTHORITY"].map(|name| plan.environment.contains_key(name));
    let cookie =
        |op: &Op| matches!(op, Op::Cookie { path } if path == Path::new(layout::X11_COOKIE));
    let has_cookie = plan.root.iter().any(cookie);
    if variables == [socket; 2] && has_cookie == socket && (plan.display.is_some() || !socket) {
        Ok(())
    } else {
        Err(Violation::new(
            "a display, an X server, its secret and its variables go together",
            layout::x11_socket().display(),
        ))
    }
}

/// Portals are names on the private bus, which knows that it has to wait for them.
pub(super) fn portals_are_on_a_bus(plan: &Plan) -> Result<(), Violation> {
    let has_bus = plan
        .listeners
        .iter()
        .any(|listener| listener.service == Service::Bus);
    let service = layout::portal_service();
    let is_known = plan.root.iter().any(|op| is_same(op.target(), &service));
    if plan.portals == is_known && (has_bus || !plan.portals) {
        Ok(())
    } else {
        Err(Violation::new(
            "portals, a private bus and their service file go together",
            service.display(),
        ))
    }
}

/// What programs are told of a sound server is true, and its gate stands somewhere.
pub(super) fn sound_and_socket_agree(plan: &Plan) -> Result<(), Violation> {
    let socket = plan
        .listeners
        .iter()
        .any(|listener| listener.service == Service::Pulse);
    let variable = plan.environment.contains_key("PULSE_SERVER");
    if socket != plan.audio.is_some() || variable != socket {
        return Err(Violation::new(
            "a gate for sound, its socket and its variable go together",
            layout::PULSE,
        ));
    }
    match plan.audio {
        Some(gate) if !gate.is_valid() => Err(Violation::new(
            "a volume is 0 to 100 percent",
            gate.speaker_volume.max(gate.microphone_volume),
        )),
        _ => Ok(()),
    }
}
