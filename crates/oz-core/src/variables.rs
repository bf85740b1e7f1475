//! Which environment variables can never be inside a sandbox, and why.

/// Names that are refused, or prefixes where they end in `*`, each with its reason.
const REFUSED: &[(&str, &str)] = &[
    ("LD_*", "it makes the loader run code of somebody's choice"),
    ("GCONV_PATH", "it makes the C library load code"),
    (
        "SSH_AUTH_SOCK",
        "it names the key agent, which signs for the user",
    ),
    ("SSH_AGENT_*", "it names the key agent"),
    ("SSH_ASKPASS*", "it names a program that asks for secrets"),
    ("GPG_AGENT_INFO", "it names the key agent"),
    ("GNOME_KEYRING_*", "it names the key ring"),
    (
        "XAUTHORITY",
        "it names the secret that opens the host's X server",
    ),
    ("ICEAUTHORITY", "it names a secret of the session"),
    (
        "SESSION_MANAGER",
        "it names the session manager, which starts programs",
    ),
    ("DBUS_SYSTEM_BUS_ADDRESS", "the system bus is not inside"),
    ("DBUS_STARTER_*", "the host's bus is not inside"),
    ("SUDO_ASKPASS", "it names a program that asks for secrets"),
    ("KRB5CCNAME", "it names the user's tickets"),
    ("PULSE_SERVER", "the host's sound server is not inside"),
    ("PULSE_COOKIE", "it names the secret of the sound server"),
    (
        "PULSE_RUNTIME_PATH",
        "the plan says where the sound server is",
    ),
    (
        "PULSE_CLIENTCONFIG",
        "the plan says how sound clients are configured",
    ),
    ("PIPEWIRE_*", "the host's sound server is not inside"),
    (
        "XDG_ACTIVATION_TOKEN",
        "it takes the focus; the display proxy uses it",
    ),
    (
        "DESKTOP_STARTUP_ID",
        "it takes the focus; the display proxy uses it",
    ),
    ("INVOCATION_ID", "it identifies a unit of the host"),
    (
        "NOTIFY_SOCKET",
        "it names a socket of the host's service manager",
    ),
    ("LISTEN_*", "descriptors are announced by init alone"),
    ("HOME", "the plan sets it"),
    ("USER", "the plan sets it"),
    ("LOGNAME", "the plan sets it"),
    ("PATH", "the plan sets it"),
    ("XDG_RUNTIME_DIR", "the plan sets it"),
    ("WAYLAND_DISPLAY", "the plan sets it"),
    (
        "WAYLAND_SOCKET",
        "it names a descriptor of the host's compositor",
    ),
    ("DISPLAY", "the host's X server is not inside"),
    ("DBUS_SESSION_BUS_ADDRESS", "the plan sets it"),
];

/// Endings of names that hold secrets by custom.
const SECRET_ENDINGS: &[&str] = &[
    "_TOKEN",
    "_SECRET",
    "_PASSWORD",
    "_PASSWD",
    "_API_KEY",
    "_COOKIE",
    "_CREDENTIALS",
];

/// Longest name, in bytes.
const MAX_NAME: usize = 128;

/// Why a profile may not put the variable into a sandbox; none if it may.
pub fn refusal(name: &str) -> Option<&'static str> {
    let first = name.bytes().next().unwrap_or(b'0');
    if name.len() > MAX_NAME
        || first.is_ascii_digit()
        || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    {
        return Some("a name is made of letters, digits and _, the first not a digit");
    }
    let upper = name.to_ascii_uppercase();
    if SECRET_ENDINGS.iter().any(|ending| upper.ends_with(ending)) {
        return Some("names like this hold secrets");
    }
    REFUSED
        .iter()
        .find(|(known, _)| match known.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == *known,
        })
        .map(|(_, reason)| *reason)
}
