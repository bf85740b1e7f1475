"""The protocol of X, spoken by hand: a library would not say what programs that keep to nothing say."""

import os
import socket
import struct
import sys

ATOM, CARDINAL, STRING, WINDOW = 4, 6, 31, 33


class Display:
    def __init__(self):
        number = os.environ["DISPLAY"].split(":")[1].split(".")[0]
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(f"/tmp/.X11-unix/X{number}")
        name, cookie = self.cookie()
        lengths = struct.pack("<BxHHHHxx", ord("l"), 11, 0, len(name), len(cookie))
        self.socket.sendall(lengths + pad(name) + pad(cookie))
        head = self.exactly(8)
        assert head[0] == 1, head
        body = self.exactly(4 * struct.unpack_from("<H", head, 6)[0])
        self.base, self.mask = struct.unpack_from("<II", body, 4)
        vendor, formats = struct.unpack_from("<H", body, 16)[0], body[21]
        self.root = struct.unpack_from("<I", body, 32 + len(pad(bytes(vendor))) + 8 * formats)[0]
        self.made = 0
        self.events = []
        self.atoms = {}
        # Requests longer than 256 KiB.
        self.ask(self.extension("BIG-REQUESTS"), 0, b"")

    def cookie(self):
        try:
            data = open(os.environ["XAUTHORITY"], "rb").read()[2:]
        except (KeyError, OSError):
            return b"", b""
        parts = []
        for _ in range(4):
            length = struct.unpack(">H", data[:2])[0]
            parts.append(data[2 : 2 + length])
            data = data[2 + length :]
        return parts[2], parts[3]

    def exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                sys.exit("the server is gone")
            data += more
        return data

    def send(self, opcode, detail, body):
        body = pad(body)
        words = 1 + len(body) // 4
        if words > 65535:
            head = struct.pack("<BBHI", opcode, detail, 0, words + 1)
        else:
            head = struct.pack("<BBH", opcode, detail, words)
        self.socket.sendall(head + body)

    def message(self):
        message = self.exactly(32)
        # Answers, and events of extensions.
        if message[0] in (1, 35):
            message += self.exactly(4 * struct.unpack_from("<I", message, 4)[0])
        return message

    def ask(self, opcode, detail, body):
        self.send(opcode, detail, body)
        while True:
            message = self.message()
            if message[0] == 1:
                return message
            if message[0] > 1:
                self.events.append(message)

    def tries(self, opcode, detail, body):
        """The answer, or none if the server refuses."""
        self.settle()
        self.send(opcode, detail, body)
        while True:
            message = self.message()
            if message[0] < 2:
                return message if message[0] == 1 else None

    def event(self):
        while not self.events:
            message = self.message()
            if message[0] > 1:
                self.events.append(message)
        return self.events.pop(0)

    def settle(self):
        self.ask(43, 0, b"")

    def extension(self, name):
        return self.ask(*self.named(98, name.encode()))[9]

    def named(self, opcode, name):
        return opcode, 0, struct.pack("<Hxx", len(name)) + name

    def atom(self, name):
        if name not in self.atoms:
            reply = self.ask(*self.named(16, name.encode()))
            self.atoms[name] = struct.unpack_from("<I", reply, 8)[0]
        return self.atoms[name]

    def window(self, master=0, size=(100, 80), events=0x420000):
        self.made += 1
        window = self.base | self.made
        head = struct.pack("<IIhhHHHHI", window, self.root, 0, 0, *size, 0, 1, 0)
        # A background, whether it is its own master, what it hears.
        self.send(1, 0, head + struct.pack("<IIII", 0x2 | 0x200 | 0x800, 0xFF0000, master, events))
        return window

    def set(self, window, name, kind, form, data, mode=0):
        count = len(data) // (form // 8)
        head = struct.pack("<IIIBxxxI", window, self.atom(name), kind, form, count)
        self.send(18, mode, head + data)

    def map(self, window):
        self.send(8, 0, struct.pack("<I", window))

    def unmap(self, window):
        self.send(10, 0, struct.pack("<I", window))

    def destroy(self, window):
        self.send(4, 0, struct.pack("<I", window))

    def tell(self, window, event, mask=0):
        self.send(25, 0, struct.pack("<II", window, mask) + event)


def pad(data):
    return data + bytes(-len(data) % 4)
