"""Drags of X by a client that keeps to no rule. It says `ready` when it has begun, and `pressed` when the user has pressed its window."""

import struct
import sys
import time

from client import ATOM, Display

PRESS, MOTION = 4, 6
display = Display()


def get(window, name):
    reply = display.tries(20, 0, struct.pack("<IIIII", window, display.atom(name), 0, 0, 4))
    count = struct.unpack_from("<I", reply, 16)[0] if reply else 0
    return struct.unpack_from(f"<{count}I", reply, 32) if count and reply[1] == 32 else ()


def others():
    reply = display.ask(15, 0, struct.pack("<I", display.root))
    count = struct.unpack_from("<H", reply, 16)[0]
    windows = struct.unpack_from(f"<{count}I", reply, 32)
    return [one for one in windows if one & ~display.mask != display.base]


def manager():
    """The window of the window manager's that is the other end of drags."""
    return next(window for window in others() if get(window, "XdndAware"))


def takes(owner):
    display.send(22, 0, struct.pack("<III", owner, display.atom("XdndSelection"), 0))


def says(to, window, kind, *data):
    data = list(data) + [0] * (5 - len(data))
    event = struct.pack("<BBHII5I", 33, 32, 0, window, display.atom(kind), *data)
    display.tell(to, event)


def shown(title):
    window = display.window(size=(300, 200), events=0x20000 | 0x4 | 0x8 | 0x40)
    display.set(window, "WM_NAME", 31, 8, title.encode())
    display.map(window)
    return window


def heard(*kinds):
    """Waits for an event of one of these kinds."""
    while True:
        event = display.event()
        if event[0] & 0x7F in kinds:
            return event


def types(count):
    return struct.pack(f"<{count}I", *(range(1, count + 1)))


def lie(window):
    """Says all there is to say, in everybody's name."""
    ours, kinds = manager(), ["Enter", "Position", "Status", "Leave", "Drop", "Finished"]
    for source in [window, ours, display.root, 0, 0xFFFFFFFF]:
        for kind in kinds:
            for flags in [0, 1, 0xFFFFFFFF]:
                says(ours, ours, f"Xdnd{kind}", source, flags, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF)


def unasked():
    window = shown("unasked")
    display.set(window, "XdndTypeList", ATOM, 32, types(200_000))
    takes(window)
    ours = manager()
    says(ours, ours, "XdndEnter", window, 5 << 24 | 1)
    says(ours, ours, "XdndPosition", window, 0, 0, 0, display.atom("XdndActionCopy"))
    lie(window)
    for number in range(60_000):
        says(ours, ours, "XdndPosition", window, 0, number, 0, display.atom("XdndActionCopy"))
    display.settle()
    print("ready", flush=True)
    time.sleep(600)


def source(ends):
    window = shown("hostile source")
    print("ready", flush=True)
    heard(PRESS)
    # One list of the wrong format is none, one that is far too long is cut.
    display.set(window, "XdndTypeList", ATOM, 8, b"abc")
    display.set(window, "XdndActionList", ATOM, 8, b"abc")
    display.set(window, "XdndTypeList", ATOM, 32, types(60) + struct.pack("<I", display.atom("text/plain")) + types(200_000))
    ours = manager()
    takes(window)
    heard(MOTION)
    says(ours, ours, "XdndEnter", window, 5 << 24 | 1)
    for _ in range(2000):
        says(ours, ours, "XdndPosition", window, 0, 0, 0, display.atom("XdndActionCopy"))
    display.settle()
    print("pressed", flush=True)
    while True:
        event = display.event()
        says_yes = event[0] & 0x7F == 33 and struct.unpack_from("<I", event, 16)[0] & 1
        if says_yes and ends == "vanishes":
            sys.exit()
        if says_yes and ends == "drops":
            # It drops by itself, again and again, and serves nothing.
            for _ in range(100):
                says(ours, ours, "XdndDrop", window, 0, 1)
        says(ours, ours, "XdndPosition", window, 0, 0, 0, display.atom("XdndActionCopy"))


def target(ends):
    window = shown("hostile target")
    ours = manager()
    if ends == "proxy":
        # What is for it goes to somebody else, who would answer for it.
        display.set(window, "XdndProxy", 33, 32, struct.pack("<I", ours))
    display.set(window, "XdndAware", ATOM, 32, struct.pack("<I", 5))
    print("ready", flush=True)
    accepts = display.atom("XdndActionCopy")
    while True:
        event = heard(33)
        kind = struct.unpack_from("<I", event, 8)[0]
        if kind == display.atom("XdndPosition"):
            if ends == "vanishes":
                sys.exit()
            for _ in range(500):
                says(ours, ours, "XdndStatus", window, 1, 0, 0, accepts)
                says(ours, ours, "XdndStatus", window, 0)
            says(ours, ours, "XdndFinished", window, 1, accepts)
            says(ours, ours, "XdndStatus", window, 1, 0, 0, accepts)
        elif kind == display.atom("XdndDrop"):
            print("got it and is silent", flush=True)


what, _, ends = sys.argv[1].partition(":")
{"unasked": unasked, "source": lambda: source(ends), "target": lambda: target(ends)}[what]()
