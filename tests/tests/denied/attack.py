"""What a hostile app does to be refused.

usage: denied.py screen | flood"""
import sys
import time

from gi.repository import Gio, GLib

NAME = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
PORTAL = "org.freedesktop.portal."

bus = Gio.bus_get_sync(Gio.BusType.SESSION)


def call(portal, method, body):
    try:
        bus.call_sync(NAME, PATH, PORTAL + portal, method, body, None, 0, 20000, None)
        return True
    except GLib.Error:
        return False


def wait():
    """Until there are portals: the bus is there before them."""
    owned = False
    while not owned:
        time.sleep(0.1)
        name = GLib.Variant("(s)", (NAME,))
        reply = bus.call_sync("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "NameHasOwner", name, None, 0, -1, None)
        owned = reply.unpack()[0]


def screen():
    print("taken" if call("ScreenCast", "CreateSession", GLib.Variant("(a{sv})", ({},))) else "refused")


def flood():
    odd = "javascript:\u202e\u2066<b>\x1b[2J\n\"x\" "
    for number in range(300):
        call("OpenURI", "OpenURI", GLib.Variant("(ssa{sv})", ("", f"{odd}{number}" + "y" * 200, {})))
        call("Screenshot", "Screenshot", GLib.Variant("(sa{sv})", ("", {})))
        call("Invented" + str(number), "Ask", None)


wait()
globals()[sys.argv[1]]()
print("done", flush=True)
