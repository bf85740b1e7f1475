"""What any client of an X server can do to the others: `spy.py keys` notes that a key is down, `spy.py picture` that the screen has
a colour that somebody else shows, `spy.py type` types."""

import ctypes
import subprocess
import sys
import time

WHAT = sys.argv[1]
if WHAT == "keys":
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = x11.XOpenDisplay(None)
    if not display:
        sys.exit("no display")
    keys = ctypes.create_string_buffer(32)
    print("listening", flush=True)
    while True:
        x11.XQueryKeymap(ctypes.c_void_p(display), keys)
        if any(keys.raw):
            print("a key is down", flush=True)
        time.sleep(0.005)
elif WHAT == "picture":
    # A server whose windows are all somebody else's refuses.
    picture = subprocess.run(["xwd", "-root", "-silent"], capture_output=True).stdout
    # The colour of the window that is looked for, as one of its pixels is in memory.
    print("seen" if bytes([0x8C, 0x14, 0x5A]) in picture else "not seen", flush=True)
elif WHAT == "type":
    subprocess.run(["xdotool", "type", "--delay", "20", "spied"], check=True)
    print("typed", flush=True)
