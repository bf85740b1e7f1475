"""What a panel does with copies, over the bus."""

import json
import os
import subprocess
import sys

from gi.repository import Gio, GLib

NAME, PATH, COPIES = "org.oz.Oz1", "/org/oz/Oz1", "org.oz.Copies1"
bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)
loop = GLib.MainLoop()
heard = []


def changed(_bus, _sender, _path, _interface, _signal, arguments):
    interface, values, _ = arguments.unpack()
    if interface == COPIES:
        heard.append([row["id"] for row in values.get("Copies", [])])


bus.signal_subscribe(
    NAME, "org.freedesktop.DBus.Properties", "PropertiesChanged", PATH, None, 0, changed
)


def until(fits):
    """Listens until that is so, for a while."""
    look = GLib.timeout_add(20, lambda: loop.quit() if fits() else True)
    end = GLib.timeout_add_seconds(20, loop.quit)
    loop.run()
    context = GLib.MainContext.default()
    for source in (look, end):
        if context.find_source_by_id(source):
            GLib.source_remove(source)


def call(method, signature, *arguments, interface=COPIES):
    try:
        values = GLib.Variant(signature, arguments)
        reply = bus.call_sync(NAME, PATH, interface, method, values, None, 0, 60000, None)
        return reply.unpack()
    except GLib.Error as error:
        return error.message


def rows():
    get = call("Get", "(ss)", COPIES, "Copies", interface="org.freedesktop.DBus.Properties")
    return {row["id"]: row for row in get[0]}


def changes(identity, **options):
    listed, complete = call("Changes", "(sa{sv})", identity, options)
    assert complete
    return {os.path.basename(bytes(row["path"]).decode()): row for row in listed}


def tokens(listed, *names):
    return [bytes(listed[name]["token"]) for name in names]


def oz(script):
    subprocess.run(["oz", "run", "--cow", "--", "sh", "-c", script], check=True)


home = os.path.expanduser("~/cow/")


# An app that changes a file by a mapping of it, which gives it no other size and need not give it another time.
MAPPED = """
import mmap, os
file = open(os.path.expanduser("~/cow/mapped"), "w+b")
file.write(b"harmless")
file.flush()
mapped = mmap.mmap(file.fileno(), 8)
mapped[:] = b"harmless"
print(flush=True)
input()
mapped[:] = b"hostile!"
"""


def there(name):
    try:
        return open(home + name).read()
    except FileNotFoundError:
        return None


said = {}
said["kept"] = rows()["sh"]["written"]
listed = changes("sh")
said["listed"] = {name: row["change"] for name, row in sorted(listed.items())}
[(kind, parts)] = call("Compare", "(saay)", "sh", tokens(listed, "changed"))[0]
said["lines"] = [kind, [[sign, bytes(line).decode()] for sign, line in parts[0][4]]]
# What was shown and changed since is not merged.
stale = tokens(listed, "changed")
oz("echo other > ~/cow/changed")
said["stale"] = call("Merge", "(saaya{sv})", "sh", stale, {})[0], there("changed")
# Nor is what was looked at while the app ran.
app = ["oz", "run", "--cow", "--", "sh", "-c", f"exec python3 -c '{MAPPED}'"]
app = subprocess.Popen(app, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
app.stdout.readline()
listed = changes("sh")
[(_, parts)] = call("Compare", "(saay)", "sh", tokens(listed, "mapped"))[0]
said["seen"] = [bytes(line).decode() for _, line in parts[0][4]]
app.communicate(b"\n")
until(lambda: not rows()["sh"]["running"])
taken, left = call("Merge", "(saaya{sv})", "sh", tokens(listed, "mapped"), {})
said["while_it_ran"] = taken, left[0][1], there("mapped")
listed = changes("sh")
taken, _ = call("Merge", "(saaya{sv})", "sh", tokens(listed, "mapped"), {})
said["afterwards"] = taken, there("mapped")
said["protected"] = call("Merge", "(saaya{sv})", "sh", tokens(listed, ".bashrc"), {})[0]
said["merged"] = call("Merge", "(saaya{sv})", "sh", tokens(listed, "changed", "deleted"), {})[0]
said["after"] = there("changed"), there("deleted")
said["undone"] = call("Undo", "(s)", "sh")[0]
said["before"] = there("changed"), there("deleted")
said["nonsense"] = call("Merge", "(saaya{sv})", "sh", [b"\xff\xff\xff"], {})
said["clone"] = call("Clone", "(ss)", "sh", "other")[0]
said["both"] = sorted(rows())
# What is over when it is told is not told.
until(lambda: ["other", "sh"] in heard)
call("Discard", "(s)", "sh")
call("Reset", "(s)", "other")
said["none"] = sorted(rows())
said["nobody"] = call("Discard", "(s)", "sh")

until(lambda: heard and heard[-1] == [])
said["heard"] = [["other", "sh"] in heard, heard[-1] if heard else None]
json.dump(said, sys.stdout)
