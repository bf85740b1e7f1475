"""A client of X that keeps to nothing. `hostile.py WHAT`, with WHAT one of those below; it says
`ready` when it has begun or is done, and those that go on do so until they are killed."""

import itertools
import random
import struct
import sys
import time

from client import ATOM, CARDINAL, STRING, WINDOW, Display


def ready():
    print("ready", flush=True)


def for_ever():
    ready()
    while True:
        time.sleep(1)


def circles(display):
    """Windows each of which is in front of the next, and the last in front of the first."""
    windows = [display.window() for _ in range(5)]
    for window in windows:
        display.map(window)
    display.settle()
    time.sleep(1)
    for turn in range(200):
        for n, window in enumerate(windows):
            before = struct.pack("<I", windows[(n + 1 + turn) % len(windows)])
            display.set(window, "WM_TRANSIENT_FOR", WINDOW, 32, before)
        display.settle()
    display.unmap(windows[2])
    display.map(windows[2])
    display.settle()
    time.sleep(1)
    ready()


PROPERTIES = """_NET_WM_NAME WM_NAME WM_CLASS WM_NORMAL_HINTS WM_HINTS WM_TRANSIENT_FOR WM_PROTOCOLS _NET_WM_STATE _MOTIF_WM_HINTS
_GTK_FRAME_EXTENTS _NET_WM_ICON _NET_WM_WINDOW_TYPE _NET_STARTUP_ID _NET_WM_PID""".split()


def properties(display):
    """Every property that window managers read, wrong in type, format, length and encoding."""
    random.seed(8)
    contents = [b"", b"\xff" * 4, b"\0" * 4, b"\xff" * 160, b"\x80" * 72, b"a\0\xc3" * 400, random.randbytes(16000)]
    kinds = [ATOM, CARDINAL, STRING, WINDOW, 0x1FFFFFFF]
    for name in PROPERTIES:
        for form, kind in itertools.product((8, 16, 32), kinds):
            window = display.window()
            for content in contents:
                content = content[: len(content) // 4 * 4]
                display.set(window, name, kind, form, content)
                if content == contents[0]:
                    display.map(window)
            display.settle()
            display.destroy(window)
    # Icons of 16 MiB, and sizes that promise more than there is.
    window = display.window()
    display.map(window)
    for side in (2048, 0xFFFFFFFF):
        icon = struct.pack("<II", side, side) + bytes(16 << 20)
        display.set(window, "_NET_WM_ICON", CARDINAL, 32, icon[: (16 << 20) - 64])
    display.set(window, "WM_NAME", STRING, 8, b"\xff\0\x1b]2;" * (3 << 20))
    display.settle()
    display.destroy(window)
    display.settle()
    ready()


def flips(display):
    """Windows that manage themselves and do not, go into each other, are in front of each other, seen or not, and are claimed
    to be others' surfaces."""
    random.seed(8)
    windows = [display.window(master=n % 2) for n in range(6)]
    wl_surface = display.atom("WL_SURFACE_ID")
    for turn in range(1500):
        window, other = random.choice(windows), random.choice(windows)
        pick = random.randrange(7)
        if pick == 0:
            display.send(2, 0, struct.pack("<III", window, 0x200, random.randrange(2)))
        elif pick == 1:
            display.map(window)
        elif pick == 2:
            display.unmap(window)
        elif pick == 3:
            parent = random.choice((display.root, other))
            display.send(7, 0, struct.pack("<IIhh", window, parent, 5, 5))
        elif pick == 4:
            display.set(window, "WM_TRANSIENT_FOR", WINDOW, 32, struct.pack("<I", other))
        elif pick == 5:
            claim = struct.pack("<BBHII5I", 33, 32, 0, window, wl_surface, random.randrange(64), 0, 0, 0, 0)
            display.tell(display.root, claim, 0x180000)
        else:
            sizes = struct.pack("<IHxxii", window, 0xC, random.choice((1, 300, 16384)), random.choice((1, 200)))
            display.send(12, 0, sizes)
        if turn % 50 == 0:
            display.settle()
    for window in windows:
        display.destroy(window)
    display.settle()
    ready()


def lies(display):
    """Every event in the name of the server, about windows that there are and that there are not."""
    random.seed(8)
    window = display.window()
    display.map(window)
    display.settle()
    for turn in range(4000):
        words = [random.choice((window, display.root, 0, 0xFFFFFFFF, random.getrandbits(32))) for _ in range(7)]
        event = struct.pack("<BBH7I", random.randrange(2, 128), random.randrange(256), 0, *words)
        display.tell(display.root, event, 0x180000)
        if turn % 200 == 0:
            display.settle()
    display.settle()
    ready()


def grabs(display):
    """The pointer, the keyboard and the server, for ever."""
    grabbed(display)
    display.ask(31, 0, struct.pack("<IIBBxx", display.root, 0, 1, 1))
    display.send(36, 0, b"")
    display.settle()
    for_ever()


def grabbed(display):
    return display.ask(26, 0, struct.pack("<IHBBIII", display.root, 0x4C, 1, 1, 0, 0, 0))[1] == 0


def tries(display):
    """Whether nobody else has grabbed the pointer."""
    print("free" if grabbed(display) else "taken", flush=True)


def giants(display):
    """A window that is larger than a picture can be."""
    for master in range(2):
        window = display.window(master, size=(32767, 32767))
        display.map(window)
    display.settle()
    ready()


def promises(display):
    """A gigabyte that was copied, of which nothing ever comes."""
    clipboard, targets = display.atom("CLIPBOARD"), display.atom("TARGETS")
    text = display.atom("UTF8_STRING")
    incr = display.atom("INCR")
    window = display.window()
    display.send(22, 0, struct.pack("<III", window, clipboard, 0))
    display.settle()
    ready()
    while True:
        event = display.event()
        if event[0] != 30:
            continue
        when, _, requestor, selection, target, place = struct.unpack_from("<6I", event, 4)
        if target == targets:
            kind, data = ATOM, struct.pack("<II", targets, text)
        else:
            kind, data = incr, struct.pack("<I", 1 << 30)
        head = struct.pack("<IIIBxxxI", requestor, place, kind, 32, len(data) // 4)
        display.send(18, 0, head + data)
        answer = struct.pack("<BBHIIIII8x", 31, 0, 0, when, requestor, selection, target, place)
        display.tell(requestor, answer)


def abandons(display):
    """Asks for what was copied again and again, and takes none of it."""
    clipboard, text = display.atom("CLIPBOARD"), display.atom("UTF8_STRING")
    for turn in range(64):
        window = display.window() if turn % 4 else display.root
        request = struct.pack("<5I", window, clipboard, text, display.atom(f"PLACE_{turn}"), 0)
        display.send(24, 0, request)
    display.settle()
    for_ever()


globals()[sys.argv[1]](Display())
