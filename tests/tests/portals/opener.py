"""Has the desktop open what a descriptor leads to.

usage: opener.py METHOD KIND [PATH]
METHOD is OpenFile, OpenFile+w (whoever opens it may change it) or OpenDirectory."""
import os
import socket
import sys
import tempfile

from gi.repository import Gio, GLib

NAME = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
REQUEST = "org.freedesktop.portal.Request"

method, kind = sys.argv[1:3]
path = sys.argv[3] if len(sys.argv) > 3 else None
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
loop = GLib.MainLoop()


def deleted():
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        return os.dup(file.fileno())


def fifo():
    name = tempfile.mktemp(suffix=".txt")
    os.mkfifo(name)
    return os.open(name, os.O_RDONLY | os.O_NONBLOCK)


def kept():
    """Waits until the file was taken back."""
    fd = os.open(path, os.O_RDONLY)
    print("open", flush=True)
    sys.stdin.readline()
    return fd


fd = {
    "file": lambda: os.open(path, os.O_RDONLY),
    "path": lambda: os.open(path, os.O_PATH),
    "link": lambda: os.open(path, os.O_PATH | os.O_NOFOLLOW),
    "socket": lambda: socket.socket(socket.AF_UNIX).detach(),
    "pipe": lambda: os.pipe()[0],
    "fifo": fifo,
    "deleted": deleted,
    "memory": lambda: os.memfd_create("letter.txt"),
    "kept": kept,
}[kind]()


def answered(_bus, _sender, _path, _interface, _signal, body):
    print("response", body.unpack()[0])
    print("done", flush=True)
    loop.quit()


bus.signal_subscribe(NAME, REQUEST, "Response", None, None, 0, answered)
fds = Gio.UnixFDList.new()
options = {"writable": GLib.Variant("b", method.endswith("+w"))}
body = GLib.Variant("(sha{sv})", ("", fds.append(fd), options))
try:
    interface = "org.freedesktop.portal.OpenURI"
    bus.call_with_unix_fd_list_sync(
        NAME, PATH, interface, method.removesuffix("+w"), body, None, 0, 20000, fds, None
    )
    print("asked", flush=True)
    loop.run()
except GLib.Error as error:
    print("refused", error.message)
    print("done", flush=True)
