#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds and runs all tests, those of build/ alone (unit), or those on a real kernel (kernel, or these BOOTs of
tests/kernel/boots.toml). The last line counts them."""

import argparse
import subprocess
import sys
import time

import builds
import unit
from results import Results

sys.path.append(str(builds.SOURCE / "tests/kernel"))
import boots  # noqa: E402


class Suites:
    def __init__(self, times):
        self.times, self.total = times, Results()

    def run(self, name, work, *arguments):
        """WORK returns its results or none; one that can't do so has failed. Whether it could."""
        print(f"== {name}", flush=True)
        start = time.monotonic()
        results = None
        try:
            results = work(*arguments)
        except (subprocess.CalledProcessError, OSError) as error:
            print(f"FAILED: {name}: {error}", flush=True)
            self.total.failed += 1
            return False
        finally:
            self.times.append((time.monotonic() - start, name))
        self.total += results or Results()
        return True

    def show_times(self):
        print("== time")
        for seconds, name in [*self.times, (sum(seconds for seconds, _ in self.times), "all")]:
            print(f"{seconds:5.0f} s  {name}")


def build_gcc():
    builds.configure("build", "-Dwerror=true", "-Ddefault_library=both")
    builds.build("build")


def build_sanitized():
    builds.configure("build-asan")
    builds.build("build-asan")


def test_threads():
    """Only the programs that have cases with several threads, since another build of all takes long."""
    builds.configure("build-tsan")
    return unit.run("build-tsan", "[threads]")


def build_32():
    sysroot = builds.SOURCE / "tests/i386/sysroot.py"
    cross = subprocess.run([sysroot], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    builds.configure("build-32", "--cross-file", cross)
    builds.build("build-32")


def run_all(suites, kind, chosen, every):
    # A suite without its build would test an old one.
    if not suites.run("build with gcc", build_gcc):
        return
    if kind != "kernel":
        suites.run("unit tests", unit.run, "build")
    if kind == "all":
        if suites.run("build with clang and sanitizers", build_sanitized):
            suites.run("unit tests with sanitizers", unit.run, "build-asan")
        suites.run("unit tests of threads with ThreadSanitizer", test_threads)
    if kind == "all" or any("build" in boot for boot in chosen):
        built = suites.run("build for 32 bits", build_32)
        if built and kind == "all":
            suites.run("unit tests for 32 bits", unit.run, "build-32")
    if kind != "unit":
        suites.run("programs that use the library", builds.build, "build", "consumers")
        suites.run("kernel tests", boots.run, chosen, every)


def main():
    parser = argparse.ArgumentParser(prog="dev test", description=__doc__)
    parser.add_argument("--strict", action="store_true", help="fail when a test is skipped")
    parser.add_argument("--packages", type=float, default=0, metavar="SECONDS",
        help="what installing them took")
    parser.add_argument("kind", nargs="?", choices=("all", "unit", "kernel"), default="all")
    parser.add_argument("boots", nargs="*", metavar="BOOT")
    options = parser.parse_args()
    if options.boots and options.kind != "kernel":
        parser.error(f"{options.kind} has no boots")
    suites = Suites([(options.packages, "packages")])
    chosen = boots.choose(parser, options.boots) if options.kind != "unit" else []
    run_all(suites, options.kind, chosen, not options.boots)
    suites.show_times()
    failed = suites.total.failed > 0
    if options.strict and suites.total.skipped:
        print("FAILED: tests were skipped, which --strict does not allow")
        failed = True
    print(suites.total, flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
