#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a command on a real kernel: boots QEMU on this machine's files, with test devices."""

import argparse
import asyncio
import dataclasses
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time

import initramfs
import kernels
import machine
import modules

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ("build/tools", "build/examples", "build/tests/kernel")

# Loaded in this order, which decides the numbers of cards and video nodes.
MODULES = {
    "stock": ["virtio-gpu", "bochs", "vgem", "vivid n_devs=1 node_types=0x1"],
    "full": [
        "virtio-gpu",
        "bochs",
        "vgem",
        "vkms",
        "vivid n_devs=1 node_types=0x1",
        "vim2m",
        "vicodec",
    ],
}

# The lane's own exit statuses; any other is the command's.
KERNEL_DIED = 70
NO_BOOT = 71
TIMED_OUT = 124
INTERRUPTED = 130

PREPARATION_ERRORS = (
    kernels.KernelError,
    machine.MachineError,
    subprocess.SubprocessError,
)

POWER_OFF_LIMIT = 20
TAIL = 30
FATAL = re.compile(r"Kernel panic|Oops: |BUG: ")
TROUBLE = re.compile(rf"{FATAL.pattern}|WARNING: |UBSAN: ")


@dataclasses.dataclass
class Boot:
    command: list
    profile: str = "stock"
    modules: list = dataclasses.field(default_factory=list)
    provide: list = dataclasses.field(default_factory=list)
    append: list = dataclasses.field(default_factory=list)
    user: str = ""
    environment: dict = dataclasses.field(default_factory=dict)
    timeout: float = 300
    clock: str = "fast"
    qemu: list = dataclasses.field(default_factory=list)

    def settings(self):
        """The files that the guest's scripts read."""
        user, _, groups = self.user.partition(":")
        return {
            "checkout": f"{CHECKOUT}\n",
            "command": self.command,
            "environment": [f"{name}={value}" for name, value in self.variables().items()],
            "modules": "".join(f"{module}\n" for module in self.chosen_modules()),
            "user": f"{user} {groups}\n",
        }

    def variables(self):
        """Nothing of the caller's environment but what configures the library."""
        programs = [f"{CHECKOUT}/{folder}" for folder in PROGRAMS]
        system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        ours = {key: value for key, value in os.environ.items() if key.startswith("SIMPLEALLOC_")}
        return {
            "PATH": ":".join([*programs, "/run/lane/bin", system]),
            "LD_LIBRARY_PATH": f"{CHECKOUT}/build/lib",
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "LANE_OUT": "/run/lane/out",
            "LANE_PROFILE": self.profile,
            **ours,
            **self.environment,
        }

    def chosen_modules(self):
        chosen = {module_name(module): module for module in MODULES[self.profile]}
        return (chosen | {module_name(module): module for module in self.modules}).values()

    def drivers(self, kernel):
        """The files of our own modules that are to be loaded or provided."""
        chosen = filter(modules.sources, map(module_name, self.chosen_modules()))
        names = dict.fromkeys([*chosen, *map(module_name, self.provide)])
        return [modules.build(kernel, name) for name in names]


def module_name(module):
    return module.split()[0].replace("_", "-")


class Console:
    """The kernel's messages: kept in a file, searched for trouble."""

    def __init__(self, path):
        self.path, self.lines, self.fatal_line = path, [], None

    async def follow(self, reader):
        with open(self.path, "wb") as log:
            while data := await reader.readline():
                log.write(data)
                log.flush()
                line = data.decode(errors="replace").strip()
                self.lines.append(line)
                if self.fatal_line is None and FATAL.search(line):
                    self.fatal_line = len(self.lines)
                if TROUBLE.search(line):
                    print(f"kernel: {line}", file=sys.stderr, flush=True)

    def tail(self):
        """The last lines, or those around the first fatal one: its trace may be long."""
        start = len(self.lines) - TAIL if self.fatal_line is None else self.fatal_line - TAIL // 3
        return "".join(f"console: {line}\n" for line in self.lines[max(0, start) :][:TAIL])


class Guest:
    """One boot from start to end; `status` stays None until the command has ended."""

    def __init__(self, boot, out):
        self.boot, self.out = boot, out
        self.console = Console(out / "console.log")
        self.start = time.monotonic()
        self.state = "booting"
        self.status = None
        self.died = NO_BOOT

    async def run(self):
        kernel = kernels.prepare(self.boot.profile)
        drivers = self.boot.drivers(kernel)
        limit = f"limit {self.boot.timeout:g} s"
        kernels.say(f"booting {self.boot.profile} {kernel.release}, {limit}")
        shares = {
            "root": ("/", False),
            "checkout": (CHECKOUT, False),
            "modules": (kernel.modules, False),
            "out": (self.out, True),
        }
        # Warnings must reach the console; mitigations only cost time under emulation.
        append = ["console=ttyS0", "loglevel=5", "panic=-1", "oops=panic", "mitigations=off"]
        append += self.boot.append
        self.start = time.monotonic()
        with tempfile.NamedTemporaryFile() as initrd:
            initrd.write(initramfs.pack(kernel, self.boot.settings(), drivers))
            initrd.flush()
            qemu = machine.Machine(
                kernel, initrd.name, " ".join(append), shares, self.boot.clock, self.boot.qemu
            )
            try:
                async with asyncio.timeout(self.boot.timeout), qemu:
                    await asyncio.gather(
                        self.console.follow(qemu.reader("console")),
                        copy(qemu.reader("stdout"), sys.stdout.buffer),
                        copy(qemu.reader("stderr"), sys.stderr.buffer),
                        self.serve(qemu),
                    )
            except TimeoutError:
                return self.fail(TIMED_OUT, f"time limit hit while {self.state}")
        if self.status is None:
            how = "the kernel panicked" if self.console.fatal_line is not None else "QEMU ended"
            return self.fail(self.died, f"{how} while {self.state}")
        self.say(f"exit status {self.status}")
        return self.status

    async def serve(self, qemu):
        """Answers the guest's side of the control line."""
        while line := await qemu.reader("control").readline():
            match line.decode(errors="replace").split():
                case ["ready"]:
                    self.say("up")
                    self.died = KERNEL_DIED
                    self.state = f"running {shlex.join(self.boot.command)}"
                case ["exit", status]:
                    self.status = int(status)
                    self.state = "powering off"
                    asyncio.get_running_loop().call_later(POWER_OFF_LIMIT, qemu.kill)
                case ["screendump", name] if re.fullmatch(r"[\w.-]+", name):
                    try:
                        await qemu.screendump(self.out / name)
                        qemu.send("control", b"ok\n")
                    except machine.MachineError as error:
                        qemu.send("control", f"{error}\n".encode())
                case request:
                    self.say(f"control line: unknown request {request}")

    def fail(self, status, text):
        print(self.console.tail(), end="", file=sys.stderr)
        self.say(text)
        return status

    def say(self, text):
        elapsed = time.monotonic() - self.start
        print(f"lane: {text} ({elapsed:.1f} s)", file=sys.stderr, flush=True)


async def copy(reader, file):
    while data := await reader.read(1 << 16):
        file.write(data)
        file.flush()


def run(boot, out):
    """Boots, returns the command's exit status or one of the lane's own."""
    out = pathlib.Path(out).resolve()
    out.mkdir(parents=True, exist_ok=True)
    if boot.user:
        out.chmod(0o1777)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        status = asyncio.run(Guest(boot, out).run())
        # Emulated processors now and then run into the int3 of code that the kernel is patching, and the boot ends with an
        # Oops. Nothing of the command has run by then.
        if status == NO_BOOT:
            print("lane: once more, since nothing has run yet", file=sys.stderr, flush=True)
            status = asyncio.run(Guest(boot, out).run())
        return status
    except KeyboardInterrupt:
        print("lane: interrupted", file=sys.stderr)
        return INTERRUPTED
    except (*PREPARATION_ERRORS, OSError) as error:
        print(f"lane: {error}", file=sys.stderr)
        return NO_BOOT


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="dev kernel",
        description=__doc__,
        epilog=f"Exits with COMMAND's status, {KERNEL_DIED} when the kernel died, {NO_BOOT} when it"
        f" could not be booted, {TIMED_OUT} when the time was up. The guest sees this machine's"
        " files, read-only under a layer that is lost; what COMMAND puts into $LANE_OUT stays.",
    )
    add = parser.add_argument
    add("--profile", choices=kernels.PROFILES, default="stock", help="which kernel (stock)")
    add("--module", action="append", default=[], dest="modules", metavar="'NAME PARAM=VALUE…'",
        help="load a module, or change the parameters of a default one; those of"
        " tests/kernel/modules are built first")
    add("--provide", action="append", default=[], metavar="NAME",
        help="build a module of tests/kernel/modules as /run/lane/drivers/NAME.ko, not loaded")
    add("--append", action="append", default=[], metavar="'KERNEL ARGUMENT'")
    add("--user", default="", metavar="NAME[:GROUP,…]", help="run COMMAND as this user (root)")
    add("--env", action="append", default=[], metavar="NAME=VALUE")
    add("--timeout", type=float, default=300, metavar="SECONDS", help="for the whole run (300)")
    add("--clock", choices=machine.ACCELERATOR, default="fast",
        help="counting: a nanosecond is an instruction, so that times don't depend on this machine")
    add("--qemu", action="extend", type=shlex.split, default=[], metavar="'OPTION…'",
        help="other hardware, e.g. '-machine q35 -device intel-iommu'")
    add("--out", metavar="FOLDER", help="$LANE_OUT of the guest (a temporary folder)")
    add("command", nargs="+", metavar="COMMAND")
    return parser.parse_args(arguments)


def main():
    options = vars(parse(sys.argv[1:]))
    out = options.pop("out")
    options["environment"] = dict(item.split("=", 1) for item in options.pop("env"))
    boot = Boot(**options)
    if out:
        return run(boot, out)
    with tempfile.TemporaryDirectory(prefix="lane-") as folder:
        return run(boot, folder)


if __name__ == "__main__":
    sys.exit(main())
