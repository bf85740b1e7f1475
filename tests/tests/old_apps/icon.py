"""A window with an icon of two sizes, of which one is as good as clear."""

import struct
import time

from client import CARDINAL, STRING, Display

display = Display()
window = display.window(size=(300, 200))
display.set(window, "WM_NAME", STRING, 8, b"an icon")
large = struct.pack("<II", 16, 16) + struct.pack("<I", 0xFF123456) * 256
small = struct.pack("<III", 1, 1, 0x80FF0000)
# What comes last is cut off.
display.set(window, "_NET_WM_ICON", CARDINAL, 32, large + small + struct.pack("<III", 99, 99, 1))
display.map(window)
display.settle()
time.sleep(1000)
