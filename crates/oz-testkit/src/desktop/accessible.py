"""What a screen reader is told of an app, and what it can press: one command, one JSON answer."""

import json
import sys
import warnings

warnings.simplefilter("ignore")
import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib

# Programs that hang do not hang us.
Atspi.set_timeout(5000, 5000)

STATES = {
    "checked": Atspi.StateType.CHECKED,
    "focused": Atspi.StateType.FOCUSED,
    "pressed": Atspi.StateType.PRESSED,
    "sensitive": Atspi.StateType.SENSITIVE,
    "expanded": Atspi.StateType.EXPANDED,
    "focusable": Atspi.StateType.FOCUSABLE,
}
# What a press is called by the kinds of widgets.
PRESSES = ("click", "activate", "toggle", "press", "switch")


def app(name):
    desktop = Atspi.get_desktop(0)
    for index in range(desktop.get_child_count()):
        child = desktop.get_child_at_index(index)
        if child and child.get_name() == name:
            return child
    return None


def children(node):
    for index in range(min(node.get_child_count(), 500)):
        child = node.get_child_at_index(index)
        if child:
            yield child


def walk(node):
    yield node
    for child in children(node):
        try:
            yield from walk(child)
        except GLib.Error:
            # It is gone meanwhile.
            continue


def described(node):
    states = node.get_state_set()
    said = {"role": node.get_role_name(), "name": node.get_name() or "", "description": node.get_description() or ""}
    said["states"] = sorted(name for name, state in STATES.items() if states.contains(state))
    said["place"] = place(node)
    value = node.get_value_iface()
    text = node.get_text_iface() if said["role"] == "text" else None
    said["text"] = text.get_text(0, min(text.get_character_count(), 5000)) if text else None
    said["value"] = round(value.get_current_value() * 1000) if value else None
    return said


def place(node):
    component = node.get_component_iface()
    if not component:
        return None
    rect = component.get_extents(Atspi.CoordType.WINDOW)
    # What is not on the screen has no size.
    return [rect.x, rect.y, rect.width, rect.height] if rect.width > 0 and rect.height > 0 else None


def label(node):
    """Widgets of the toolkit itself are told with the mnemonic in their names, but their labels are not."""
    names = [child.get_name() for child in children(node) if child.get_role_name() == "label"]
    return names[0] if names else None


def press(root, role, name):
    for node in walk(root):
        states = node.get_state_set()
        fits = name in (node.get_name(), label(node)) and node.get_role_name() == role
        if not fits or not states.contains(Atspi.StateType.SENSITIVE) or not place(node):
            continue
        for index in range(node.get_n_actions()):
            if node.get_action_name(index) in PRESSES:
                return node.do_action(index)
    return False


def main():
    command, name, *rest = sys.argv[1:]
    root = app(name)
    if root is None:
        return None
    if command == "tree":
        return [described(node) for node in walk(root)]
    if command == "press":
        return press(root, *rest)
    raise SystemExit("unknown command " + command)


try:
    json.dump(main(), sys.stdout)
except GLib.Error:
    # The app changed under our eyes; who asks again gets another answer.
    json.dump(None, sys.stdout)
