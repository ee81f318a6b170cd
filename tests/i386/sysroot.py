#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes a folder of i386 libraries and a Meson cross file for it, and prints the file's path.

dpkg's foreign architectures would do too, but then each `apt-get update` of this machine needs an
i386 index from every mirror. So apt runs with a state of its own, and packages are only unpacked.
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile

PACKAGES = [
    "catch2",
    "libc6-dev",
    "libdrm-dev",
    "libfmt-dev",
    "libspdlog-dev",
    "libstdc++-12-dev",
    "libudev-dev",
    "nlohmann-json3-dev",
]

APT = """\
APT::Architecture "i386";
APT::Architectures {{ "i386"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "";
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
"""

CROSS = """\
[binaries]
cpp = ['clang++', '--target=i686-linux-gnu']
ar = 'ar'
strip = 'strip'
pkgconfig = 'pkg-config'

[built-in options]
cpp_args = ['--sysroot={root}']
cpp_link_args = [
  '--sysroot={root}',
  '-Wl,--dynamic-linker={root}/lib/ld-linux.so.2',
  '-Wl,-rpath,{root}/usr/lib/i386-linux-gnu:{root}/lib/i386-linux-gnu',
  ]

[properties]
sys_root = '{root}'
pkg_config_libdir = [
  '{root}/usr/lib/i386-linux-gnu/pkgconfig',
  '{root}/usr/share/pkgconfig',
  ]
# This machine's kernel runs them.
needs_exe_wrapper = false

[host_machine]
system = 'linux'
cpu_family = 'x86'
cpu = 'i686'
endian = 'little'
"""


def run(*command, **options):
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    return done.returncode, done.stdout


def fetch(folder):
    """Downloads the packages with all that they depend on."""
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    (folder / "apt.conf").write_text(APT.format(folder=folder))
    environment = {**os.environ, "APT_CONFIG": str(folder / "apt.conf"), "LC_ALL": "C"}
    # An index that can't be had is an error of apt's, but only the packages count.
    _, updated = run("apt-get", "-q", "update", env=environment)
    status, output = run(
        *["apt-get", "-q", "-y", "--download-only", "install", *PACKAGES], env=environment
    )
    if status != 0:
        sys.exit(f"i386 packages can't be downloaded:\n{updated}\n{output}")
    return sorted((folder / "cache/archives").glob("*.deb"))


def unpack(archives, root):
    root.mkdir()
    for archive in archives:
        status, output = run("dpkg-deb", "-x", archive, root)
        if status != 0:
            sys.exit(f"{archive.name} can't be unpacked: {output}")
    # Links of packages are meant for the root of a machine.
    for link in root.rglob("*"):
        if link.is_symlink() and os.path.isabs(target := os.readlink(link)):
            link.unlink()
            link.symlink_to(os.path.relpath(root / target.lstrip("/"), link.parent))


def main():
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    cache = cache / "libsimplealloc"
    cache.mkdir(parents=True, exist_ok=True)
    recipe = pathlib.Path(__file__).read_bytes()
    folder = cache / f"i386-{hashlib.sha256(recipe).hexdigest()[:12]}"
    cross = folder / "cross.ini"
    if not cross.exists():
        print("i386: downloading libraries, about 20 MB", file=sys.stderr)
        with tempfile.TemporaryDirectory(dir=cache) as name:
            fresh = pathlib.Path(name)
            unpack(fetch(fresh), fresh / "root")
            (fresh / "cross.ini").write_text(CROSS.format(root=folder / "root"))
            # Last, so that a folder that is there is complete.
            folder.mkdir(exist_ok=True)
            os.replace(fresh / "root", folder / "root")
            os.replace(fresh / "cross.ini", cross)
    print(cross)


main()
