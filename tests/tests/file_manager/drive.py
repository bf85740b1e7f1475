"""What a file manager does with `oz_files`, said on standard input a line at a time: a word and its arguments, apart by tabs.

Each answer is a line of JSON. A clock ticks meanwhile, to show that nothing waits."""

import json
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import oz_files
from gi.repository import Gio, GLib

told = []
ticks = [0]
loop = GLib.MainLoop()
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
oz = oz_files.Oz(lambda summary, body: told.append(body), None, bus)


def rows(entries):
    return [[entry.label, rows(entry.rows)] for entry in entries]


def find(entries, labels):
    entry = next(entry for entry in entries if entry.label == labels[0])
    return find(entry.rows, labels[1:]) if labels[1:] else entry


def do(word, arguments):
    if word == "menu":
        return rows(oz_files.menu(oz, [(arguments[0], arguments[1])]))
    if word == "choose":
        path, kind, *labels = arguments
        find(oz_files.menu(oz, [(path, kind)]), labels).action()
        return None
    if word == "add":
        oz.add_to(arguments[0], arguments[1:], False)
        return None
    if word == "shown":
        return oz_files.shown(json.loads(arguments[0]))
    if word == "told":
        return told
    if word == "ticks":
        return ticks[0]
    raise ValueError(word)


def heard(channel, condition):
    line = sys.stdin.readline()
    if not line:
        loop.quit()
        return False
    word, *arguments = line.rstrip("\n").split("\t")
    try:
        answer = do(word, arguments)
    except StopIteration:
        answer = "no such row"
    print(json.dumps(answer), flush=True)
    return True


def tick():
    ticks[0] += 1
    return True


GLib.timeout_add(20, tick)
GLib.io_add_watch(sys.stdin.fileno(), GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN | GLib.IOCondition.HUP, heard)
loop.run()
