"""Merges onto disks that are full at each of their steps. In a mount namespace of its own, where a small disk can be had."""

import json
import os
import shutil
import subprocess
import sys

home = os.path.expanduser("~")
place = home + "/cow"
copies = sys.argv[1]
before = b"before" * 4000
after = b"after!" * 4000
names = [f"f{number}" for number in range(4)]


def oz(*words):
    return subprocess.run(["oz", *words], capture_output=True, text=True)


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def disk(at, kilobytes):
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k,mode=700", "tmpfs", at], check=True)


def fill(at, left):
    """Leaves so many pages."""
    path = at + "/fill"
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
        file.truncate(max(0, os.fstat(file.fileno()).st_size - left * 4096))
    return path


def whole(where):
    for name in names:
        assert read(f"{place}/{name}") in (before, after), f"{where}: {name} is broken"
        assert read(f"{place}/new/{name}") in (None, after), f"{where}: new/{name} is broken"
    assert read(place + "/gone") in (None, before), f"{where}: what is deleted is broken"
    left = [name for _, _, files in os.walk(place) for name in files if name.startswith(".oz-")]
    assert left == [], f"{where}: {left}"


def done():
    news = all(read(f"{place}/new/{name}") == after for name in names)
    return news and all(read(f"{place}/{name}") == after for name in names) and read(place + "/gone") is None


def originals():
    for name in names + ["gone"]:
        with open(f"{place}/{name}", "wb") as file:
            file.write(before)


def merged(identity, full, left, where):
    """Merges while a disk has so many pages left, and again once it has room; whether the first was refused."""
    originals()
    filler = fill(full, left)
    first = oz("merge", identity, "--yes", "--take-theirs")
    whole(where)
    os.remove(filler)
    again = oz("merge", identity, "--yes", "--take-theirs")
    assert done(), f"{where}: {first.stderr}\n{again.stderr}"
    return first.returncode != 0


refusals = []
for left in range(0, 80, 4):
    # The user's disk.
    identity = f"place{left}"
    assert oz("clone", "sh", identity).returncode == 0
    disk(place, 640)
    refusals.append(merged(identity, place, left, f"{left} pages left"))
    assert oz("changes", identity, "--json").stdout.strip() == "[]"
    subprocess.run(["umount", place], check=True)
for left in range(0, 40, 4):
    # The disk of the layers and the journal.
    identity = f"state{left}"
    assert oz("clone", "sh", identity).returncode == 0
    layers = copies + "/" + identity
    aside = f"{copies}-aside-{left}"
    shutil.rmtree(aside, ignore_errors=True)
    os.rename(layers, aside)
    os.mkdir(layers)
    disk(layers, 1024)
    subprocess.run(["cp", "-a", aside + "/.", layers], check=True)
    disk(place, 4096)
    refusals.append(merged(identity, layers, left, f"{left} pages left for the journal"))
    subprocess.run(["umount", place], check=True)
    subprocess.run(["umount", layers], check=True)
    subprocess.run(["chmod", "-R", "u+rwx", aside], check=True)
    shutil.rmtree(aside)
json.dump([refusals.count(True), refusals.count(False)], sys.stdout)
