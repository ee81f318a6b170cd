# SPDX-License-Identifier: MIT
"""One QEMU: four serial lines, a monitor and folders of the host."""

import asyncio
import json
import socket
import subprocess

# The guest's ttyS0 to ttyS3, each with an interrupt of its own since Linux shares none here.
LINES = {"console": 4, "stdout": 3, "stderr": 5, "control": 7}

HARDWARE = """
    -nodefaults -no-user-config -display none -no-reboot
    -cpu max -smp 2 -m 2048
    -vga none -device virtio-gpu-pci,id=gpu,xres=1280,yres=720 -device bochs-display
""".split()


ACCELERATOR = {
    "fast": ["-accel", "tcg,thread=multi"],
    # The guest's clock goes on by a nanosecond with every instruction.
    "counting": ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off"],
}


class MachineError(Exception):
    pass


class Machine:
    def __init__(self, kernel, initrd, append, shares, clock, hardware=()):
        """SHARES maps 9p tags to a folder and whether the guest may write there.

        CLOCK is a key of ACCELERATOR; HARDWARE are further options of QEMU.
        """
        self.arguments = [*hardware, *ACCELERATOR[clock], "-kernel", str(kernel.image)]
        self.arguments += ["-initrd", str(initrd), "-append", append]
        for tag, (folder, writable) in shares.items():
            path = str(folder).replace(",", ",,")
            share = f"local,id={tag},path={path},security_model=none,multidevs=remap"
            self.arguments += ["-fsdev", share if writable else f"{share},readonly=on"]
            self.arguments += ["-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
        self.process = None
        self.streams = {}

    async def __aenter__(self):
        theirs = []
        # setpriv: QEMU must not outlive the lane, even when that is killed with SIGKILL.
        command = ["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", *HARDWARE]
        for name in (*LINES, "monitor"):
            ours, other = socket.socketpair()
            theirs.append(other)
            self.streams[name] = await asyncio.open_unix_connection(sock=ours)
            command += ["-chardev", f"socket,id={name},fd={other.fileno()}"]
        for index, (name, interrupt) in enumerate(LINES.items()):
            command += ["-device", f"isa-serial,chardev={name},index={index},irq={interrupt}"]
        command += ["-mon", "chardev=monitor,mode=control", *self.arguments]
        self.process = await asyncio.create_subprocess_exec(
            *command,
            stdin=subprocess.DEVNULL,
            pass_fds=[end.fileno() for end in theirs],
            start_new_session=True,  # the terminal's Ctrl-C is the lane's to handle
        )
        for end in theirs:
            end.close()
        await self.read_reply("QMP")
        await self.execute("qmp_capabilities")
        return self

    async def __aexit__(self, *_):
        self.kill()
        await self.process.wait()
        for _, writer in self.streams.values():
            writer.close()

    def kill(self):
        if self.process.returncode is None:
            self.process.kill()

    def reader(self, line):
        return self.streams[line][0]

    def send(self, line, data):
        self.streams[line][1].write(data)

    async def execute(self, command, **arguments):
        self.send("monitor", json.dumps({"execute": command, "arguments": arguments}).encode())
        return await self.read_reply("return")

    async def read_reply(self, key):
        while line := await self.reader("monitor").readline():
            reply = json.loads(line)
            if "error" in reply:
                raise MachineError(reply["error"]["desc"])
            if key in reply:  # anything else is an event
                return reply[key]
        raise MachineError("QEMU ended")

    async def screendump(self, path):
        """Writes PATH.ppm and PATH.png of what virtio-gpu scans out."""
        for kind in ("ppm", "png"):
            filename = f"{path}.{kind}"
            await self.execute("screendump", filename=filename, device="gpu", format=kind)
