"""Selects a file in Nemo or Caja and chooses a row of a row of its menu, as a screen reader would: APP FILE ROW INNER.

What a file's own menu has of extensions is in the menu of the window as well. It is built when a file is selected, with what is known then; so it
is selected until the rows are there."""

import sys
import time
import warnings

warnings.simplefilter("ignore")
import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib

Atspi.set_timeout(5000, 5000)
app, file, row, inner = sys.argv[1:]


def walk(node):
    yield node
    for index in range(min(node.get_child_count(), 500)):
        child = node.get_child_at_index(index)
        if child:
            yield from walk(child)


def find(root, name, roles):
    return next((one for one in walk(root) if one.get_name() == name and one.get_role_name() in roles), None)


def do(node, *names):
    for index in range(node.get_n_actions()):
        if node.get_action_name(index) in names:
            return node.do_action(index)
    raise LookupError(f"{node.get_role_name()} {node.get_name()} does none of {names}")


def applications():
    desktop = Atspi.get_desktop(0)
    children = (desktop.get_child_at_index(index) for index in range(desktop.get_child_count()))
    return [child for child in children if child and child.get_name() == app]


def chosen():
    for root in applications():
        icon = find(root, file, ("icon",))
        if icon is None:
            return False
        selection = icon.get_parent().get_selection_iface()
        selection.clear_selection()
        selection.select_child(icon.get_index_in_parent())
        do(icon, "menu")
        time.sleep(0.5)
        submenu = find(root, row, ("menu", "menu item"))
        item = submenu and find(submenu, inner, ("menu item",))
        if item:
            do(item, "click")
            return True
    return False


end = time.monotonic() + 40
last = None
while time.monotonic() < end:
    try:
        if chosen():
            print("chosen")
            sys.exit(0)
    except (GLib.Error, LookupError) as error:
        # The app changed under our eyes, or has not shown all yet.
        last = error
    time.sleep(0.5)
names = [(one.get_role_name(), one.get_name()) for root in applications() for one in walk(root)]
sys.exit(f"no row {row!r} with {inner!r} in {app}: {last}, {names}")
