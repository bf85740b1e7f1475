"""What a screen reader is told of an app, and what it can press: one command, one JSON answer.

All of an app is asked at once, and not a widget after the other: an app has hundreds, and each has half a dozen answers.
"""

import json
import sys
import warnings

warnings.simplefilter("ignore")
import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, Gio, GLib

# Programs that hang do not hang us. Milliseconds.
LONGEST = 5000
# Widgets of a list that are looked at, and characters of a text.
CHILDREN = 500
TEXT = 5000

ROOT = "/org/a11y/atspi/accessible/root"
NONE = "/org/a11y/atspi/null"
OF = "org.a11y.atspi."
STATES = {
    "checked": Atspi.StateType.CHECKED,
    "focused": Atspi.StateType.FOCUSED,
    "pressed": Atspi.StateType.PRESSED,
    "sensitive": Atspi.StateType.SENSITIVE,
    "expanded": Atspi.StateType.EXPANDED,
    "focusable": Atspi.StateType.FOCUSABLE,
    "showing": Atspi.StateType.SHOWING,
}
# What a press is called by the kinds of widgets.
PRESSES = ("click", "activate", "toggle", "press", "switch")


class Bus:
    """The bus of accessibility, with many questions under way."""

    def __init__(self):
        session = Gio.bus_get_sync(Gio.BusType.SESSION)
        reply = session.call_sync(
            "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", None, None, 0, LONGEST, None
        )
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.bus = Gio.DBusConnection.new_for_address_sync(reply.unpack()[0], flags, None, None)
        self.loop = GLib.MainLoop()
        self.missing = 0

    def call(self, at, interface, method, arguments, then):
        """Has `then` called with what is answered; with None if nothing is."""

        def answered(bus, result):
            try:
                answer = bus.call_finish(result).unpack()
            except GLib.Error:
                # It is gone meanwhile, or knows no such thing.
                answer = None
            then(answer)
            self.missing -= 1
            if not self.missing:
                self.loop.quit()

        self.missing += 1
        self.bus.call(at[0], at[1], interface, method, arguments, None, 0, LONGEST, None, answered)

    def ask(self, at, interface, method, arguments, then):
        """Likewise with a method of accessibility."""
        self.call(at, OF + interface, method, arguments, then)

    def get(self, at, interface, name, then):
        """Likewise with a property."""
        words = GLib.Variant("(ss)", (OF + interface, name))
        self.call(at, "org.freedesktop.DBus.Properties", "Get", words, lambda it: then(it and it[0]))

    def wait(self):
        if self.missing:
            self.loop.run()


class Widget:
    """One of an app's, with those in it."""

    def __init__(self, bus, at):
        self.bus, self.at, self.children = bus, at, []
        self.role, self.bits = "", 0
        self.said = {"name": "", "description": "", "place": None, "text": None, "value": None}
        bus.ask(at, "Accessible", "GetRole", None, self.is_of_role)
        bus.ask(at, "Accessible", "GetState", None, self.has_states)
        bus.ask(at, "Accessible", "GetInterfaces", None, self.can)
        bus.get(at, "Accessible", "ChildCount", self.has_children)
        bus.get(at, "Accessible", "Name", lambda name: self.said.update(name=name or ""))
        bus.get(at, "Accessible", "Description", lambda text: self.said.update(description=text or ""))

    def is_of_role(self, answer):
        if answer is None:
            return
        self.role = Atspi.role_get_name(Atspi.Role(answer[0])) or ""
        if self.role == "text":
            self.bus.get(self.at, "Text", "CharacterCount", self.has_characters)

    def has_characters(self, count):
        if count is not None:
            words = GLib.Variant("(ii)", (0, min(count, TEXT)))
            self.bus.ask(self.at, "Text", "GetText", words, lambda it: self.said.update(text=it and it[0]))

    def has_states(self, answer):
        if answer is not None:
            low, high = (answer[0] + [0, 0])[:2]
            self.bits = low | high << 32

    def can(self, answer):
        interfaces = answer[0] if answer else []
        if OF + "Value" in interfaces:
            self.bus.get(self.at, "Value", "CurrentValue", self.has_value)
        if OF + "Component" in interfaces:
            in_window = GLib.Variant("(u)", (int(Atspi.CoordType.WINDOW),))
            self.bus.ask(self.at, "Component", "GetExtents", in_window, self.is_at)

    def has_value(self, value):
        if value is not None:
            self.said["value"] = round(value * 1000)

    def is_at(self, answer):
        # What is not on the screen has no size.
        if answer and answer[0][2] > 0 and answer[0][3] > 0:
            self.said["place"] = list(answer[0])

    def has_children(self, count):
        # One by one: toolkits leave some out of the whole list.
        for index in range(min(count or 0, CHILDREN)):
            self.children.append(None)
            words = GLib.Variant("(i)", (index,))
            self.bus.ask(self.at, "Accessible", "GetChildAtIndex", words, lambda it, at=index: self.has_child(at, it))

    def has_child(self, index, answer):
        if answer and answer[0][1] != NONE:
            self.children[index] = Widget(self.bus, answer[0])

    def walk(self):
        if self.role:
            yield self
        for child in filter(None, self.children):
            yield from child.walk()

    def is_(self, state):
        return bool(self.bits >> int(state) & 1)

    def tell(self):
        states = sorted(name for name, state in STATES.items() if self.is_(state))
        return {"role": self.role, "states": states, **self.said}

    def label(self):
        """Widgets of the toolkit itself are told with the mnemonic in their names, but their labels are not."""
        labels = (child.said["name"] for child in filter(None, self.children) if child.role == "label")
        return next(labels, None)


def app(bus, name):
    """All of an app, by the name that it gives itself."""
    found = []

    def named(at):
        bus.get(at, "Accessible", "Name", lambda its: its == name and found.append(at))

    def all_apps(answer):
        for at in answer[0] if answer else []:
            named(at)

    bus.ask((OF + "Registry", ROOT), "Accessible", "GetChildren", None, all_apps)
    bus.wait()
    if not found:
        return None
    root = Widget(bus, found[0])
    bus.wait()
    return root


def press_of(bus, at):
    """Which of a widget's actions is to be pressed."""
    names = {}

    def has_actions(count):
        for index in range(count or 0):
            words = GLib.Variant("(i)", (index,))
            bus.ask(at, "Action", "GetName", words, lambda it, index=index: names.update({index: it and it[0]}))

    bus.get(at, "Action", "NActions", has_actions)
    bus.wait()
    return min((index for index, name in names.items() if name in PRESSES), default=None)


def press(bus, root, role, name):
    for node in root.walk():
        fits = name in (node.said["name"], node.label()) and node.role == role
        if not fits or not node.is_(Atspi.StateType.SENSITIVE) or not node.said["place"]:
            continue
        index = press_of(bus, node.at)
        if index is not None:
            done = []
            bus.ask(node.at, "Action", "DoAction", GLib.Variant("(i)", (index,)), done.append)
            bus.wait()
            return bool(done[0] and done[0][0])
    return False


def main():
    command, name, *rest = sys.argv[1:]
    bus = Bus()
    root = app(bus, name)
    if root is None:
        return None
    if command == "tree":
        return [node.tell() for node in root.walk()]
    if command == "press":
        return press(bus, root, *rest)
    raise SystemExit("unknown command " + command)


json.dump(main(), sys.stdout)
