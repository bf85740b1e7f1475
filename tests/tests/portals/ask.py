"""A client of the file dialogs, as small as they come: one request, and what came of it.

usage: ask.py METHOD OPTIONS
OPTIONS is a dictionary in GVariant text."""
import sys

from gi.repository import Gio, GLib

NAME = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
REQUEST = "org.freedesktop.portal.Request"

method, options = sys.argv[1:3]
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
loop = GLib.MainLoop()


def answered(_bus, _sender, _path, _interface, _signal, body):
    response, results = body.unpack()
    print("response", response)
    for uri in results.get("uris", []):
        print("uri", uri)
    for choice, answer in results.get("choices", []):
        print("choice", choice, answer)
    print("writable", results.get("writable"))
    print("filter", results.get("current_filter", [None])[0])
    print("done", flush=True)
    loop.quit()


bus.signal_subscribe(NAME, REQUEST, "Response", None, None, 0, answered)
options = GLib.Variant.parse(GLib.VariantType("a{sv}"), options, None, None)
body = GLib.Variant.new_tuple(
    GLib.Variant("s", ""), GLib.Variant("s", "Pick"), options
)
try:
    bus.call_sync(
        NAME, PATH, "org.freedesktop.portal.FileChooser", method, body, None, 0, 20000, None
    )
    print("asked", flush=True)
    loop.run()
except GLib.Error as error:
    print("refused", error.message)
    print("done", flush=True)
