"""What GNOME Shell says and does on the bus when it was started with --unsafe-mode: one command, one JSON answer."""

import json
import sys

from gi.repository import Gio, GLib

PATIENCE_MS = 20000
bus = Gio.bus_get_sync(Gio.BusType.SESSION)


def call(path, interface, method, signature, *arguments):
    arguments = GLib.Variant(signature, arguments)
    flags = Gio.DBusCallFlags.NONE
    reply = bus.call_sync(
        "org.gnome.Shell", path, interface, method, arguments, None, flags, PATIENCE_MS
    )
    return reply.unpack()


verb, *words = sys.argv[1:]
if verb == "eval":
    done, said = call("/org/gnome/Shell", "org.gnome.Shell", "Eval", "(s)", sys.stdin.read())
    if not done:
        sys.exit(said)
    print(said or "null")
elif verb == "screenshot":
    path = "/org/gnome/Shell/Screenshot"
    done, _ = call(path, "org.gnome.Shell.Screenshot", "Screenshot", "(bbs)", False, False, words[0])
    print(json.dumps(done))
elif verb == "extension":
    interface = "org.gnome.Shell.Extensions"
    (about,) = call("/org/gnome/Shell", interface, "GetExtensionInfo", "(s)", words[0])
    print(json.dumps({"state": int(about.get("state", 0)), "error": about.get("error", "")}))
elif verb == "enable":
    interface = "org.gnome.Shell.Extensions"
    method = "EnableExtension" if words[1] == "yes" else "DisableExtension"
    (done,) = call("/org/gnome/Shell", interface, method, "(s)", words[0])
    print(json.dumps(done))
