#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Provides the kernels which the lane boots, cached outside the checkout."""

import contextlib
import dataclasses
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

SERIES = "6.12"
FRAGMENT = pathlib.Path(__file__).with_name("guest.config")
PROFILES = ("stock", "full")

# Lines which a whole build prints; only the progress display depends on it.
BUILD_LINES = 2330

# The build must not depend on what the caller's shell has set up.
CLEAN_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": os.environ.get("HOME", "/"),
    "LC_ALL": "C.UTF-8",
}


class KernelError(Exception):
    pass


@dataclasses.dataclass(frozen=True)
class Kernel:
    """Files below `path`: bzImage, lib/modules and, of `full`, the build tree linux."""

    profile: str
    path: pathlib.Path

    @property
    def image(self):
        return self.path / "bzImage"

    @property
    def modules(self):
        return self.path / "lib/modules"

    @property
    def release(self):
        """What `uname -r` says in the guest."""
        return next(self.modules.iterdir()).name


def prepare(profile):
    """Returns the kernel of a profile, downloading or building it when the cache has none."""
    return Kernel(profile, cached(*{"stock": stock, "full": full}[profile]()))


def cached(name, make):
    """Returns the cache's folder NAME; MAKE fills it when there is none."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    cache = cache / "libsimplealloc/kernel"
    cache.mkdir(parents=True, exist_ok=True)
    with locked(cache / f"{name}.lock"):
        if not (cache / name).is_dir():
            unfinished = cache / f"{name}.part"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            make(unfinished)
            unfinished.rename(cache / name)
    return cache / name


@contextlib.contextmanager
def locked(path):
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another process to finish {path.stem}")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def stock():
    """Debian's own kernel: the newest signed image, unpacked without being installed."""
    meta = f"linux-image-{SERIES}-amd64"
    match = re.search(r"Depends: (linux-image-\S+)", query("apt-cache", "depends", meta))
    if not match:
        raise KernelError(f"apt knows no {meta}; run apt-get update")
    package = match[1]
    version = re.search(r"Candidate: (\S+)", query("apt-cache", "policy", package))[1]

    def make(path):
        say(f"downloading {package}")
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder, "root")
            unpack(f"{package}={version}", root)
            (image,) = root.glob("boot/vmlinuz-*")
            shutil.copy(image, path / "bzImage")
            (modules,) = [*root.glob("lib/modules/*"), *root.glob("usr/lib/modules/*")]
            shutil.copytree(modules, path / "lib/modules" / modules.name, symlinks=True)
        run("depmod", "--basedir", path, modules.name)

    return f"stock-{version}", make


def unpack(package, root):
    """Downloads a Debian package and extracts its files below ROOT, without installing it."""
    with tempfile.TemporaryDirectory() as folder:
        # apt's own user must be able to write there, or it warns.
        os.chmod(folder, 0o777)
        run("apt-get", "-qq", "download", package, cwd=folder)
        (archive,) = pathlib.Path(folder).glob("*.deb")
        run("dpkg-deb", "--extract", archive, root)


def full():
    """The same series with every driver and facility that the tests want, see guest.config."""
    source = f"linux-source-{SERIES}"
    version = query("dpkg-query", "--show", "--showformat=${Version}", source).strip()
    if not version:
        raise KernelError(f"the package {source} is not installed")
    key = "\n".join([version, *sorted(wishes())])
    digest = hashlib.sha256(key.encode()).hexdigest()[:12]

    def make(path):
        say(f"building {source} {version}, once; takes ten minutes or so")
        run("tar", "--extract", "--file", f"/usr/src/{source}.tar.xz", "--directory", path)
        tree = (path / source).rename(path / "linux")
        run("make", "allnoconfig", cwd=tree)
        run("scripts/kconfig/merge_config.sh", "-m", ".config", FRAGMENT, cwd=tree)
        run("make", "olddefconfig", cwd=tree)
        check_config(tree / ".config")
        build(tree)
        run("make", "modules_install", f"INSTALL_MOD_PATH={path}", "INSTALL_MOD_STRIP=1", cwd=tree)
        shutil.copy(tree / "arch/x86/boot/bzImage", path / "bzImage")
        for link in path.glob("lib/modules/*/build"):
            link.unlink()  # names the folder before its renaming

    return f"full-{version}-{digest}", make


def wishes():
    return re.findall(r"^(?:CONFIG_\w+=.*|# CONFIG_\w+ is not set)$", FRAGMENT.read_text(), re.M)


def check_config(config):
    """Kconfig drops silently what it can't grant, so every wish is looked up again."""
    granted = set(config.read_text().splitlines())
    for wish in wishes():
        if unset := re.fullmatch(r"# (CONFIG_\w+) is not set", wish):
            dropped = any(line.startswith(f"{unset[1]}=") for line in granted)
        else:
            dropped = wish not in granted
        if dropped:
            raise KernelError(f"{FRAGMENT.name}: `{wish}` did not survive make olddefconfig")


def build(tree):
    command = ["make", f"-j{os.cpu_count()}", "bzImage", "modules"]
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    lines = []
    with subprocess.Popen(command, cwd=tree, env=CLEAN_ENVIRONMENT, **pipe) as process:
        with contextlib.closing(Progress("kernel build", BUILD_LINES)) as progress:
            for line in process.stdout:
                lines.append(line)
                progress.advance()
    if process.returncode != 0:
        raise KernelError("".join(lines[-40:]) + f"{' '.join(command)}: exit {process.returncode}")


class Progress:
    """Percent on one line of a terminal, a line every ten percent elsewhere."""

    def __init__(self, label, total):
        self.label, self.total, self.done, self.shown = label, total, 0, -10
        self.live, self.start = sys.stderr.isatty(), time.monotonic()

    def advance(self):
        self.done += 1
        percent = min(99, 100 * self.done // self.total)
        if percent >= self.shown + (1 if self.live else 10):
            self.shown = percent if self.live else percent // 10 * 10
            self.show(f"{percent:3} %, {self.done} steps", "\r" if self.live else "\n")

    def close(self):
        self.show(f"{self.done} steps", "\n")

    def show(self, text, end):
        elapsed = time.monotonic() - self.start
        print(f"lane: {self.label}: {text}, {elapsed:.0f} s", end=end, file=sys.stderr, flush=True)


def query(*command):
    """A command's output, empty when it fails."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    return subprocess.run(command, env=CLEAN_ENVIRONMENT, **streams).stdout


def run(*command, cwd=None):
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    result = subprocess.run(command, cwd=cwd, env=CLEAN_ENVIRONMENT, **streams)
    if result.returncode != 0:
        words = " ".join(map(str, command))
        raise KernelError(f"{result.stdout}{words}: exit {result.returncode}")
    return result.stdout


def say(text):
    print(f"lane: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        print(prepare(sys.argv[1]).path)
    except (KernelError, IndexError, KeyError) as error:
        sys.exit(f"kernels.py {'|'.join(PROFILES)}: {error}")
