# SPDX-License-Identifier: MIT
"""Packs the guest's first file system: busybox, the lane's scripts and what one boot is told."""

import lzma
import pathlib
import stat
import subprocess

GUEST = pathlib.Path(__file__).with_name("guest")
BUSYBOX = pathlib.Path("/bin/busybox")

# Needed to reach the host's files, so they can't come from there.
BOOT_MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay")


class Archive:
    """A cpio archive of the "newc" kind which the kernel unpacks."""

    def __init__(self):
        self.content = bytearray()
        self.folders = set()

    def add(self, path, data, mode=0o644):
        if isinstance(data, str):
            data = data.encode()
        for parent in reversed(pathlib.PurePath(path).parents[:-1]):
            if parent not in self.folders:
                self.folders.add(parent)
                self.entry(str(parent), b"", stat.S_IFDIR | 0o755)
        self.entry(path, data, stat.S_IFREG | mode)

    def entry(self, path, data, mode):
        name = path.encode() + b"\0"
        fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0]
        self.content += b"070701" + b"".join(b"%08X" % field for field in fields)
        for part in (name, data):
            self.content += part
            self.content += bytes(-len(self.content) % 4)

    def finish(self):
        self.entry("TRAILER!!!", b"", 0)
        return bytes(self.content)


def pack(kernel, settings, drivers):
    """SETTINGS become the files /run/lane/NAME of the guest; a list is NUL-terminated strings.
    DRIVERS are modules built here, put into /run/lane/drivers."""
    archive = Archive()
    archive.add("bin/busybox", BUSYBOX.read_bytes(), 0o755)
    archive.add("init", (GUEST / "init").read_bytes(), 0o755)
    archive.add("lane/session", (GUEST / "session").read_bytes(), 0o755)
    for script in (GUEST / "bin").iterdir():
        archive.add(f"lane/bin/{script.name}", script.read_bytes(), 0o755)
    for number, module in enumerate(boot_modules(kernel)):
        archive.add(f"modules/{number:02}.ko", module)
    for driver in drivers:
        archive.add(f"lane/drivers/{driver.name}", driver.read_bytes())
    for name, value in settings.items():
        if isinstance(value, list):
            value = "".join(f"{item}\0" for item in value)
        archive.add(f"lane/{name}", value)
    return archive.finish()


def boot_modules(kernel):
    """The modules' contents in an order that insmod accepts."""
    command = ["modprobe", "--dirname", str(kernel.path), "--set-version", kernel.release]
    command += ["--show-depends", "--all", *BOOT_MODULES]
    lines = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    # Modules built into the kernel are listed as `builtin`.
    files = [line.split()[1] for line in lines.splitlines() if line.startswith("insmod ")]
    for file in map(pathlib.Path, dict.fromkeys(files)):
        content = file.read_bytes()
        yield lzma.decompress(content) if file.suffix == ".xz" else content
