"""What `oz-drag` is, of GTK 3: a window from which things are dragged and on which they are dropped, under whatever backend. It
takes the same options and says the same lines; `--window TEXT` makes a second window that only takes."""

import argparse
import sys

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GLib, Gtk

options = argparse.ArgumentParser()
options.add_argument("--title", default="gtk-drag")
options.add_argument("--window")
options.add_argument("--offer", action="append", default=[])
options.add_argument("--never", action="append", default=[])
options.add_argument("--take", action="append", default=[])
options.add_argument("--move", action="store_true")
options.add_argument("--open", action="store_true")
options = options.parse_args()

offers = dict(offer.split("=", 1) for offer in options.offer)
COPY, MOVE = Gdk.DragAction.COPY, Gdk.DragAction.MOVE


def say(*words):
    print(*words, flush=True)


def targets(types):
    return [Gtk.TargetEntry.new(kind, 0, number) for number, kind in enumerate(types)]


class Source:
    def __init__(self, window):
        types = list(offers) + options.never
        window.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, targets(types), COPY | MOVE)
        window.connect("drag-begin", lambda *_: say("drags"))
        window.connect("drag-data-get", self.asked)
        window.connect("drag-data-delete", lambda *_: say("delete"))
        window.connect("drag-failed", self.failed)
        window.connect("drag-end", self.end)
        self.taken = True

    def asked(self, _widget, _context, data, _info, _time):
        kind = data.get_target().name()
        say("asked for", kind)
        while kind in options.never:
            GLib.MainContext.default().iteration(True)
        data.set(data.get_target(), 8, offers[kind].replace("\\n", "\r\n").encode())

    def failed(self, *_):
        self.taken = False
        return True

    def end(self, *_):
        say("finished" if self.taken else "cancelled")
        self.taken = True


class Target:
    def __init__(self, window):
        window.drag_dest_set(0, [], COPY | MOVE)
        window.connect("drag-motion", self.motion)
        window.connect("drag-leave", self.leave)
        window.connect("drag-drop", self.drop)
        window.connect("drag-data-received", self.received)
        self.above = False
        self.waits = []

    def motion(self, _widget, context, _x, _y, time):
        types = [target.name() for target in context.list_targets()]
        if not self.above:
            self.above = True
            say("over", *types)
        takes = any(kind in types for kind in options.take)
        action = MOVE if options.move else COPY
        Gdk.drag_status(context, action if takes else 0, time)
        return True

    def leave(self, *_):
        self.above = False
        say("left")

    def drop(self, widget, context, _x, _y, time):
        say("dropped")
        types = [target.name() for target in context.list_targets()]
        self.waits = [kind for kind in options.take if kind in types]
        if not self.waits:
            Gtk.drag_finish(context, False, False, time)
        for kind in list(self.waits):
            widget.drag_get_data(context, Gdk.Atom.intern(kind, False), time)
        return True

    def received(self, _widget, context, _x, _y, data, _info, time):
        kind = data.get_target().name()
        text = (data.get_data() or b"").decode()
        say("got", kind + ":", text.replace("\r\n", " "))
        if options.open and kind == "text/uri-list":
            for uri in text.split():
                path = GLib.filename_from_uri(uri)[0]
                try:
                    say("opened", path + ":", open(path).read())
                except OSError as error:
                    say("no", path + ":", error.strerror)
        self.waits.remove(kind)
        if not self.waits:
            Gtk.drag_finish(context, True, options.move, time)
            say("took")


def shown(title, *parts):
    window = Gtk.Window(title=title)
    window.set_default_size(300, 200)
    window.add(Gtk.Label(label=title))
    window.add_events(Gdk.EventMask.BUTTON_PRESS_MASK | Gdk.EventMask.POINTER_MOTION_MASK)
    for part in parts:
        part(window)
    window.connect("destroy", lambda *_: sys.exit())
    window.show_all()


shown(options.title, *([Source] if offers or options.never else []), Target)
if options.window:
    shown(options.window, Target)
Gtk.main()
