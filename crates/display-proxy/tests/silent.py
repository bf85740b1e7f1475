"""A file system of a user's own, out of sight of everybody else, with one file whose name is that of memory of a GPU. It opens and
closes it and answers nothing else about it. Gives the descriptor of that file to whoever has the other end of its standard input."""

import array
import ctypes
import os
import socket
import struct
import sys
import threading

LOOKUP, FORGET, GETATTR, OPEN, STATFS, RELEASE, FLUSH, INIT, INTERRUPT, FORGETS = 1, 2, 3, 14, 17, 18, 25, 26, 36, 42

directory = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
kernel = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={kernel},rootmode=40000,user_id=0,group_id=0".encode()
if libc.mount(b"silent", directory.encode(), b"fuse", 0, options) != 0:
    raise OSError(ctypes.get_errno(), "cannot mount")


def attributes(node):
    mode, size = (0o40755, 0) if node == 1 else (0o100666, 4096)
    return struct.pack("=6Q10I", node, size, 8, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def answer(code, node):
    if code == INIT:
        return struct.pack("=4I2H2I2H8I", 7, 31, 0, 0, 16, 12, 4096, 1, 1, 0, *[0] * 8)
    if code == LOOKUP:
        return struct.pack("=4Q2I", 2, 0, 0, 0, 0, 0) + attributes(2)
    if code == GETATTR and node == 1:
        return struct.pack("=Q2I", 1, 0, 0) + attributes(1)
    if code == OPEN:
        return struct.pack("=Q2I", 0, 0, 0)
    if code in (FLUSH, RELEASE):
        return b""
    return None


def serve():
    while True:
        request = os.read(kernel, 1 << 17)
        _, code, unique, node = struct.unpack_from("=2I2Q", request)
        said = answer(code, node)
        if said is not None and code not in (FORGET, FORGETS, INTERRUPT):
            os.write(kernel, struct.pack("=IiQ", 16 + len(said), 0, unique) + said)


threading.Thread(target=serve, daemon=True).start()
file = os.open(directory + "/dmabuf:", os.O_RDWR)
# A path begins at the root of what it is in: now that is here.
libc.umount2(directory.encode(), 2)
channel = socket.socket(fileno=os.dup(0))
channel.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file]))])
# Who still had it at its end would wait for itself.
os.close(file)
channel.recv(1)
