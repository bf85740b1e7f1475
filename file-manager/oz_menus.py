"""Rows of Nautilus, Nemo and Caja: the last two were made from the first, and what they want of an extension differs in names."""

import gi
import oz_files
from gi.repository import Gio, GObject


def provider(manager, gdk):
    """The class that a file manager looks for in what it loads.

    `manager` is its own library; `gdk` is the version of the toolkit that it runs on.
    """
    gi.require_version("Gdk", gdk)
    from gi.repository import Gdk

    def token(entry, paths):
        """Lets the window that comes have the focus."""
        display = Gdk.Display.get_default()
        if display is None:
            return None
        context = display.get_app_launch_context()
        return context.get_startup_notify_id(entry, [Gio.File.new_for_path(path) for path in paths])

    def item(row):
        made = manager.MenuItem(name="OzMenu::" + row.name, label=row.label)
        if row.rows:
            submenu = manager.Menu()
            for inner in row.rows:
                submenu.append_item(item(inner))
            made.set_submenu(submenu)
        if row.action:
            made.connect("activate", lambda _: row.action())
        return made

    class OzMenu(GObject.GObject, manager.MenuProvider):
        def __init__(self):
            super().__init__()
            bus = Gio.bus_get_sync(Gio.BusType.SESSION)
            self._oz = oz_files.Oz(oz_files.notify(bus), token, bus, self.emit_items_updated_signal)

        def get_file_items(self, *arguments):
            # The window comes first in all but the latest.
            chosen = [(file.get_location().get_path(), file.get_mime_type()) for file in arguments[-1]]
            return [item(row) for row in oz_files.menu(self._oz, chosen)]

        def get_background_items(self, *_):
            return []

    return OzMenu
