# SPDX-License-Identifier: MIT
"""Builds the test drivers of modules/ for the kernels which the lane boots."""

import hashlib
import pathlib
import shutil

import kernels

FOLDER = pathlib.Path(__file__).with_name("modules")


def sources(module):
    """The files of MODULE's driver, none when it is not one of ours."""
    return sorted(path for path in (FOLDER / driver(module)).glob("*") if path.is_file())


def driver(module):
    """Both spellings of a module's name mean the same to the kernel, folders have underscores."""
    return module.replace("-", "_")


def build(kernel, module):
    """Returns MODULE's .ko for KERNEL, built when the cache has none of these sources."""
    name, files = driver(module), sources(module)
    if not files:
        raise kernels.KernelError(f"{FOLDER} has no module {module}")
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name}\0".encode() + file.read_bytes() + b"\0")

    def make(path):
        kernels.say(f"building {name} for {kernel.release}")
        for file in files:
            shutil.copy(file, path)
        tree = build_tree(kernel)
        kernels.run("make", "-C", tree, f"M={path}", "W=1", "KCFLAGS=-Werror", "modules")
        kernels.run("strip", "--strip-debug", path / f"{name}.ko")

    key = f"module-{name}-{kernel.path.name}-{digest.hexdigest()[:12]}"
    return kernels.cached(key, make) / f"{name}.ko"


def build_tree(kernel):
    """The folder that a module's make runs in."""
    if kernel.profile == "full":
        return kernel.path / "linux"
    release = kernel.release
    series = release.removesuffix("-amd64")
    version = kernel.path.name.removeprefix("stock-")
    names = [f"linux-headers-{release}", f"linux-headers-{series}-common", f"linux-kbuild-{series}"]

    def make(path):
        kernels.say(f"downloading {names[0]}")
        for name in names:
            kernels.unpack(f"{name}={version}", path)
        headers = path / "usr/src" / names[0]
        # It names the place where the packages would have been installed.
        makefile = headers / "Makefile"
        makefile.write_text(makefile.read_text().replace("/usr/src/", "../"))
        # With it the build wants pahole, for type information that no test reads.
        (headers / "vmlinux").unlink()

    return kernels.cached(f"headers-{version}", make) / "usr/src" / names[0]
