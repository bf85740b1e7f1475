"""A window of another program, which says by which name others can put theirs in front of it."""
import gi

gi.require_version("Gtk", "4.0")
gi.require_version("GdkWayland", "4.0")
from gi.repository import GdkWayland, GLib, Gtk  # noqa: E402, F401

Gtk.init()
window = Gtk.Window(title="the parent", default_width=600, default_height=400)
window.present()


def export():
    surface = window.get_surface()
    surface.export_handle(lambda _surface, name: print("name", name, flush=True))


GLib.timeout_add(500, export)
GLib.MainLoop().run()
