#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures what the library costs, and fails when an aim is missed.

aims.py [solver | buffers]"""

import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(SOURCE / "tests/support"))
import builds  # noqa: E402

BENCH = SOURCE / "build-bench/tests/bench"
LANE = SOURCE / "tests/kernel/lane.py"
GUEST = [LANE, "--profile", "full", "--append", "cma=128M", "--timeout", "900",
    "--module", "simple_allocator regions=1 size_mb=32",
    "--env", f"LD_LIBRARY_PATH={SOURCE}/build-bench/lib"]

# Instructions.
PLAN_AIM = 400_000
PLAN_BUDGET = 40_000_000


def instructions(function, *words):
    """Of one call of that function of simplealloc in plan-once WORLD [SIZE]."""
    command = ["valgrind", "--tool=callgrind", f"--toggle-collect=simplealloc::{function}*"]
    command += ["--callgrind-out-file=/dev/null", BENCH / "plan-once", *map(str, words)]
    said = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if count := re.search(r"Collected *: *(\d+)", said.stderr):
        return int(count.group(1))
    sys.exit(f"callgrind did not count plan-once {' '.join(map(str, words))}:\n{said.stderr}")


def bench_solver():
    """Returns which aims are missed."""
    builds.build("build-bench", "tests/bench/solver-bench", "tests/bench/plan-once")
    subprocess.run([BENCH / "solver-bench"], check=True)
    plan = instructions("solver::solve", "typical")
    print("instructions of a plan: 3 devices, 200 pairs each, 12 sources:", plan, f"(aim: under {PLAN_AIM})")
    for size in (10, 100, 1000):
        print(f"  {size} devices:", instructions("solver::solve", "devices", size))
    for size in (10, 100, 1000, 10000):
        print(f"  {size} pairs: {instructions('solver::solve', 'pairs', size)},"
            f" all of one format: {instructions('solver::solve', 'modifiers', size)}")
    print("merging 200 with 200 alternatives when the first try fails, beside each with each:")
    for suffix, what in (("", ""), ("-hostile", "none of which beats another: ")):
        count = instructions("bench::merge_all_but_favourite", f"merge{suffix}", 200)
        each = instructions("bench::merge_each_with_each", f"each{suffix}", 200)
        print(f"  {what}{count} of {each}, one part in {each // count}")
    bred = [instructions("test::work_of", "bred", number) for number in range(4)]
    for number, count in enumerate(bred):
        print(f"as expensive as somebody made it, plan {number}: {count} (budget: {PLAN_BUDGET})")
    return [
        *(f"a plan takes more than its budget: {count}" for count in bred if count > PLAN_BUDGET),
        *([f"a plan takes {plan} instructions, the aim is under {PLAN_AIM}"] if plan >= PLAN_AIM else []),
    ]


def bench_buffers():
    # The guest's clock counts instructions, so that the ratios don't depend on this machine's load.
    builds.build("build-bench", "tests/bench/buffer-bench")
    program = BENCH / "buffer-bench"
    options = ["--benchmark_min_time=0.02", "--benchmark_repetitions=15",
        "--benchmark_enable_random_interleaving", "--benchmark_color=false"]
    print("time, in instructions of the emulated machine:", flush=True)
    times = subprocess.run([*GUEST, "--clock", "counting", "--", program, *options])
    print("system calls, each time:", flush=True)
    calls = subprocess.run([*GUEST, "--", SOURCE / "tests/bench/syscalls", program])
    return ["see the verdicts above"] if times.returncode or calls.returncode else []


def main(*parts):
    builds.configure("build-bench")
    missed = [aim for part in parts for aim in PARTS[part]()]
    for aim in missed:
        print(f"an aim is missed: {aim}")
    return bool(missed)


PARTS = {"solver": bench_solver, "buffers": bench_buffers}

if __name__ == "__main__":
    if unknown := {*sys.argv[1:]} - PARTS.keys():
        sys.exit(f"bench: unknown part {', '.join(unknown)}")
    sys.exit(main(*(sys.argv[1:] or PARTS)))
