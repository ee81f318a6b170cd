# SPDX-License-Identifier: MIT
"""What the consumer tests share: an installation in a folder of its own, and programs that use it."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77
PAGES = [
    SOURCE / "README.md",
    SOURCE / "CHANGELOG.md",
    SOURCE / "tests/boards/README.md",
    *sorted((SOURCE / "docs").rglob("*.md")),
]
sys.path.append(str(SOURCE / "tests/support"))
import c_headers  # noqa: E402


def run(*command, **options):
    """Returns the standard output; ends the test when the command fails."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )
    if done.returncode != 0:
        print(done.stdout, done.stderr, sep="\n")
        sys.exit(f"{' '.join(map(str, command))}: exit status {done.returncode}")
    return done.stdout


def check(holds, message):
    if not holds:
        sys.exit(message)


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def need(program):
    if shutil.which(program) is None:
        skip(f"{program} is not installed")


def page_blocks():
    """Language, page, line and text of each code block of README.md and docs/."""
    for page in [SOURCE / "README.md", *sorted((SOURCE / "docs").rglob("*.md"))]:
        text = page.read_text()
        for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S):
            line = text.count("\n", 0, match.start(2)) + 1
            yield match.group(1), page.relative_to(SOURCE), line, match.group(2)


def readme_program():
    """The program that README.md shows."""
    blocks = re.findall(r"^```cpp\n(.*?)^```$", (SOURCE / "README.md").read_text(), re.M | re.S)
    check(len(blocks) == 1, f"README.md has {len(blocks)} C++ blocks")
    return blocks[0]


def c_functions():
    """The functions that the C headers declare."""
    return set(c_headers.functions())


class Installation:
    """What `meson install` leaves, moved away from its prefix."""

    def __init__(self, build, folder):
        self.root = pathlib.Path(folder, "root")
        run("meson", "install", "-C", build, "--no-rebuild", "--destdir", self.root)
        found = list(self.root.rglob("*.pc"))
        names = sorted(file.stem for file in found)
        check(names == ["libsimplealloc", "libsimplealloc-c"], f"meson install left {names}")
        self.libraries = found[0].parent.parent
        # As if that had been the prefix: pkg-config's sysroot would also move what the library needs.
        for file in found:
            text = re.sub("^prefix=", f"prefix={self.root}", file.read_text(), flags=re.M)
            file.write_text(text)
        self.environment = {**os.environ, "PKG_CONFIG_PATH": str(found[0].parent)}

    def link(self, compiler, source, program, *options, static=False, packages=None):
        """The program finds the libraries by itself, also when it is set-uid."""
        packages = packages or ["libsimplealloc" if "++" in compiler else "libsimplealloc-c"]
        query = ["pkg-config", "--cflags", "--libs", *(["--static"] if static else [])]
        flags = run(*query, *packages, env=self.environment).split()
        if static:
            archive = r"^-l(simplealloc(?:-c)?)$"
            flags = [re.sub(archive, rf"{self.libraries}/lib\1.a", flag) for flag in flags]
        # Not that of new tags, which doesn't count for what a library needs.
        rpath = f"-Wl,--disable-new-dtags,-rpath,{self.libraries}"
        run(compiler, source, "-o", program, *options, *flags, *([] if static else [rpath]))

    def compile(self, compiler, text, *options, standard="c++20", packages=None):
        """Returns the program."""
        source = self.root / ("program.cpp" if "++" in standard else "program.c")
        source.write_text(text)
        program = self.root / "program"
        self.link(compiler, source, program, f"-std={standard}", *options, packages=packages)
        return program
