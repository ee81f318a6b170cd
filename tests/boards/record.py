#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Records the machine that it runs on as a board: what sysfs and the nodes say, and the plans that
`simplealloc` makes of it. Nothing is allocated and no format is set."""

import argparse
import fcntl
import glob
import json
import os
import pathlib
import re
import shlex
import struct
import subprocess
import sys

# _IOWR('V', nr, struct): struct v4l2_fmtdesc, v4l2_format (64-bit), v4l2_frmsizeenum.
ENUM_FMT, TRY_FMT, ENUM_FRAMESIZES = 0xC0405602, 0xC0D05640, 0xC02C564A
COMPRESSED = 1
QUEUES = {"capture": (1, 9), "output": (2, 10)}  # single-planar, multi-planar
CAPABILITIES = {0x1: "capture", 0x1000: "capture", 0x2: "output", 0x2000: "output"}
M2M, MULTIPLANAR = 0x8000 | 0x4000, 0x1000 | 0x2000 | 0x4000
WIDTHS = range(322, 402, 2)  # of no multiple in particular
BYTES = {"YUYV": 2, "UYVY": 2, "XR24": 4, "AR24": 4, "RGB3": 3, "BGR3": 3, "RGBP": 2, "NV12": 1,
         "NV21": 1, "NV16": 1, "YU12": 1, "GREY": 1}

# Facts that another kernel's fake can't repeat: owners of nodes, and lists that the board has as tables.
LEFT_OUT = re.compile(r"mode|plane-.*|planes|readable|name|card|driver|kernel-driver|device-caps|.*-formats|"
                      r"sibling-nodes")


def read(path):
    try:
        return pathlib.Path(path).read_text(errors="replace").strip()
    except OSError:
        return None


def link(path):
    return os.path.realpath(path) if os.path.exists(path) else None


def ask(*words):
    """The answer of simplealloc as JSON, also where its status says that there is none."""
    done = subprocess.run(["simplealloc", *words, "--json"], capture_output=True, text=True)
    try:
        return json.loads(done.stdout)
    except ValueError:
        sys.exit(f"record: simplealloc {shlex.join(words)}: {done.stderr.strip() or done.stdout}")


def toml(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key(k)} = {toml(v)}" for k, v in value.items()) + " }"
    return "[" + ", ".join(toml(item) for item in value) + "]"


def key(name):
    return name if re.fullmatch(r"[\w-]+", name) else json.dumps(name)


def table(head, entries):
    """What is None or an empty list is left out."""
    lines = [f"{key(name)} = {toml(value)}" for name, value in entries.items()
             if value is not None and value != []]
    return "\n".join([head, *lines]) + "\n"


def fourcc(code):
    return struct.pack("<I", code).decode("ascii", errors="replace").rstrip()


class Video:
    """A video node, asked by calls that change nothing."""

    def __init__(self, path, device_caps):
        self.path = path
        self.descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.multiplanar = bool(device_caps & MULTIPLANAR)
        self.directions = ["capture", "output"] if device_caps & M2M else sorted(
            {name for bit, name in CAPABILITIES.items() if device_caps & bit})

    def call(self, number, data):
        buffer = bytearray(data)
        try:
            fcntl.ioctl(self.descriptor, number, buffer)
        except OSError:
            return None
        return bytes(buffer)

    def formats(self, kind):
        """Code and whether it is compressed."""
        for index in range(1024):
            answer = self.call(ENUM_FMT, struct.pack("<II", index, kind).ljust(64, b"\0"))
            if answer is None:
                return
            flags, code = struct.unpack_from("<I", answer, 8)[0], struct.unpack_from("<I", answer, 44)[0]
            if not code & 1 << 31:  # big-endian: DRM has no code for it
                yield fourcc(code), bool(flags & COMPRESSED)

    def try_stride(self, kind, code, width, height, stride):
        """(width, height, bytesperline) of the driver's answer."""
        pixels = struct.unpack("<I", code.ljust(4).encode())[0]
        data = bytearray(208)
        struct.pack_into("<I", data, 0, kind)
        # v4l2_pix_format: width, height, pixelformat, field, bytesperline; in v4l2_pix_format_mplane
        # the planes follow the colorspace.
        struct.pack_into("<IIII", data, 8, width, height, pixels, 1)
        place = 32 if self.multiplanar else 24  # a plane's entry begins with sizeimage
        struct.pack_into("<I", data, place, stride)
        if self.multiplanar:
            data[188] = 1  # num_planes
        else:
            struct.pack_into("<I", data, 36, 0xFEEDCAFE)  # V4L2_PIX_FMT_PRIV_MAGIC
        answer = self.call(TRY_FMT, data)
        if answer is None:
            return None
        width, height, pixels = struct.unpack_from("<III", answer, 8)
        stride = struct.unpack_from("<I", answer, place)[0]
        return (width, height, stride) if fourcc(pixels) == code else None

    def sizes(self, kind, code):
        """What the driver takes: {"sizes": [[w, h]…]}, or limits and steps."""
        pixels = struct.unpack("<I", code.ljust(4).encode())[0]
        found = []
        for index in range(256):
            answer = self.call(ENUM_FRAMESIZES, struct.pack("<II", index, pixels).ljust(44, b"\0"))
            if answer is None:
                break
            how, *numbers = struct.unpack_from("<IIIIIII", answer, 8)
            if how == 1:
                found.append(numbers[:2])
                continue
            _, most_width, width_step, _, most_height, height_step = numbers
            return {"max-size": [most_width, most_height], "width-step": max(width_step, 1),
                    "height-step": max(height_step, 1)}
        if found:
            return {"sizes": found}
        most = self.try_stride(kind, code, 65535, 65535, 0)
        return {"max-size": list(most[:2])} if most else {}

    def strides(self, kind, code, sizes):
        """The least multiple that explains every answer, and whether a longer wish is kept."""
        widths = sizes.get("sizes") or [[width, 240] for width in WIDTHS]
        align, padding = 1, False
        for width, height in widths:
            plain = self.try_stride(kind, code, width, height, 0)
            if plain is None or plain[2] == 0:
                continue
            least = plain[0] * BYTES[code]
            while (least + align - 1) // align * align != plain[2] and align < plain[2]:
                align *= 2
            longer = self.try_stride(kind, code, width, height, plain[2] * 2)
            padding = padding or bool(longer and longer[2] > plain[2])
        return {"stride-align": align, "padding": padding}

    def queue(self, direction, buffers):
        kind = QUEUES[direction][self.multiplanar]
        formats = list(self.formats(kind))
        raw = [code for code, compressed in formats if not compressed]
        entries = {"raw": raw, "compressed": [code for code, packed in formats if packed],
                   "buffers": buffers.split()}
        known = [code for code in raw if code in BYTES]
        if known:
            sizes = self.sizes(kind, known[0])
            entries |= self.strides(kind, known[0], sizes) | sizes
        return entries


class Recording:
    def __init__(self, options):
        self.options = options
        self.parts = []
        self.facts = {}
        self.hardware = {}

    def add(self, head, entries, source=None):
        entries = {"source": [f"recorded: {source}"]} | entries if source else entries
        self.parts.append(table(head, entries))

    def machine(self):
        uname = os.uname()
        self.parts.append(
            "# SPDX-License-Identifier: MIT\n"
            f"# Recorded by tests/boards/record.py on Linux {uname.release}; every row is the plan that the machine itself made.\n"
            + table("", {"title": self.options.title, "machine": uname.machine,
                         "kernel": uname.release}).lstrip())
        zones, zone = [], {}
        page = os.sysconf("SC_PAGESIZE")
        for line in (read("/proc/zoneinfo") or "").splitlines():
            if match := re.match(r"Node \d+, zone\s+(\w+)", line):
                zone = {"name": match[1]}
            elif match := re.match(r"\s+(spanned|present)\s+(\d+)", line):
                zone[match[1]] = int(match[2])
            elif (match := re.match(r"\s+start_pfn:\s+(\d+)", line)) and zone.get("present"):
                start = int(match[1]) * page
                zones.append({"name": zone["name"], "start": start,
                              "end": start + zone["spanned"] * page})
        memory = dict(re.findall(r"(\w+):\s+(\d+) kB", read("/proc/meminfo") or ""))
        self.add("[memory]", {"zones": zones, "available-mib": int(memory["MemAvailable"]) // 1024,
                              "cma-mib": int(memory.get("CmaTotal", 0)) // 1024, "page-size": page},
                 "/proc/zoneinfo, /proc/meminfo")

    def files(self):
        # The command line decides where CMA is; parameters of drivers are what quirk rows ask for.
        cma = re.search(r"\bcma=\S+", read("/proc/cmdline") or "")
        if cma:
            self.add("[[file]]", {"path": "/proc/cmdline", "text": cma[0]}, "/proc/cmdline, of which this counts")
        for path in sorted(pathlib.Path("/sys/module").glob("*/parameters/allocator*")):
            if value := read(path):
                self.add("[[file]]", {"path": str(path), "text": value + "\n"}, str(path))

    def sources(self):
        for heap in sorted(os.listdir("/dev/dma_heap")) if os.path.isdir("/dev/dma_heap") else []:
            area = os.path.isdir(f"/sys/kernel/mm/cma/{heap}")
            self.add("[[heap]]", {"name": heap, "cma-area": area},
                     f"/dev/dma_heap/{heap}" + (f", /sys/kernel/mm/cma/{heap}" if area else ""))
        limit = read("/sys/module/udmabuf/parameters/size_limit_mb")
        if os.path.exists("/dev/udmabuf") and limit:
            self.add("[udmabuf]", {"size-limit-mib": int(limit)},
                     "/sys/module/udmabuf/parameters/size_limit_mb")

    def add_hardware(self, path):
        """The device behind a node, once."""
        if path in self.hardware:
            return
        group = link(f"{path}/iommu_group")
        mask = read(f"{path}/dma_mask_bits")
        entries = {
            "path": path,
            "subsystem": os.path.basename(link(f"{path}/subsystem") or "platform"),
            "driver": os.path.basename(link(f"{path}/driver") or "") or None,
            "dma-mask-bits": int(mask) if mask else None,
            "iommu-group": int(os.path.basename(group)) if group else None,
            "iommu-type": read(f"{group}/type") if group else None,
        }
        seen = [name for name in ("driver", "dma_mask_bits", "iommu_group/type")
                if os.path.exists(f"{path}/{name}")]
        self.hardware[path] = True
        self.add("[[hardware]]", entries, f"{path}/{{{','.join(['subsystem', *seen])}}}")
        if resource := read(f"{path}/resource"):
            self.add("[[file]]", {"path": f"{path}/resource", "text": resource + "\n"},
                     f"{path}/resource")
        # Whether a virtio device goes past its IOMMU.
        for features in glob.glob(f"{path}/virtio*/features"):
            self.add("[[file]]", {"path": features, "text": read(features) + "\n"}, features)

    def device(self, path):
        """Its facts by name, which are also what the board has to find out again."""
        facts = ask("devices", path)["devices"][0]["facts"]
        self.facts[path] = facts
        return {fact["name"]: fact["value"] for fact in facts}

    def cards(self):
        nodes = {}
        for entry in sorted(pathlib.Path("/sys/class/drm").glob("*")):
            if match := re.fullmatch(r"(card|renderD)(\d+)", entry.name):
                nodes.setdefault(os.path.realpath(entry / "device"), {})[match[1]] = int(match[2])
        for path, numbers in sorted(nodes.items(), key=lambda item: min(item[1].values())):
            self.add_hardware(path)
            name = f"card{numbers['card']}" if "card" in numbers else f"renderD{numbers['renderD']}"
            facts = self.device(f"/dev/dri/{name}")
            connectors = sorted(folder.name[len(name) + 1:]
                                for folder in pathlib.Path(f"/sys/class/drm/{name}").glob(f"{name}-*"))
            entries = {"card": numbers.get("card"), "render": numbers.get("renderD"), "on": path,
                       "name": facts["driver"], "connectors": connectors,
                       "max-size": pixels(facts.get("max-size")),
                       "cursor": pixels(facts.get("cursor-size")),
                       "modifiers": facts.get("addfb2-modifiers") == "yes",
                       "dumb": facts.get("dumb-buffers") == "yes"}
            if "own-memory" in facts:
                entries["discrete"] = facts["own-memory"].startswith("yes")
            self.add("[[drm]]", entries, f"/dev/dri/{name}: DRM_IOCTL_VERSION, GET_CAP, MODE_GETPLANE, IN_FORMATS")
            for fact, formats in facts.items():
                if match := re.fullmatch(r"plane-\d+-(\w+)", fact):
                    self.parts[-1] += plane(match[1], formats)

    def videos(self):
        for entry in sorted(pathlib.Path("/sys/class/video4linux").glob("video*"),
                            key=lambda one: int(one.name[5:])):
            path = f"/dev/{entry.name}"
            hardware = os.path.realpath(entry / "device")
            self.add_hardware(hardware)
            facts = self.device(path)
            video = Video(path, int(facts["device-caps"], 16))
            self.add("[[v4l2]]",
                     {"video": int(entry.name[5:]), "on": hardware, "name": read(entry / "name"),
                      "driver": facts["driver"], "multiplanar": video.multiplanar},
                     f"{path}: VIDIOC_QUERYCAP, ENUM_FMT, ENUM_FRAMESIZES, TRY_FMT, CREATE_BUFS of none")
            for direction in video.directions:
                kind = f"{direction}-mplane" if video.multiplanar else direction
                queue = video.queue(direction, facts.get(f"{kind}-buffers", ""))
                self.parts[-1] += table(f"[v4l2.{direction}]", queue)

    def accelerators(self):
        for entry in sorted(pathlib.Path("/sys/class/accel").glob("accel[0-9]*")):
            hardware = os.path.realpath(entry / "device")
            self.add_hardware(hardware)
            self.device(f"/dev/accel/{entry.name}")
            self.add("[[accel]]", {"accel": int(entry.name[5:]), "on": hardware,
                                   "name": os.path.basename(link(f"{hardware}/driver") or "")},
                     f"/sys/class/accel/{entry.name}")

    def characters(self):
        """Nodes that are devices by a row alone."""
        for device in ask("devices")["devices"]:
            if device["subsystem"] in ("drm", "video4linux", "accel"):
                continue
            path, node_class = device["path"], device["subsystem"]
            name = os.path.basename(path)
            entry = next((one for one in (f"/sys/class/{node_class}/{name}",
                                          f"/sys/bus/{node_class}/devices/{name}") if os.path.exists(one)), None)
            hardware = link(f"{entry}/device") if entry else None
            if hardware:
                self.add_hardware(hardware)
            self.device(path)
            self.add("[[char]]", {"path": path, "class": node_class, "on": hardware}, entry or path)

    def found_out(self):
        """What the library found out here, which it has to find out from the recording as well."""
        for source in ask("sources")["sources"]:
            self.facts[source["source"]] = source["facts"]
        for name, facts in self.facts.items():
            for fact in facts:
                if not LEFT_OUT.fullmatch(fact["name"]):
                    self.add("[[fact]]", {"of": name, **fact})

    def rows(self):
        for words in self.options.rows:
            self.parts.append(row(words))


def pixels(text):
    match = re.fullmatch(r"(\d+)x(\d+) pixels", text or "")
    return [int(match[1]), int(match[2])] if match else None


def plane(kind, formats):
    """`XR24:LINEAR AR24`: codes with the modifiers of each."""
    codes = {}
    for word in formats.split():
        code, *modifiers = word.split(":")
        codes[code] = [0 if one == "LINEAR" else int(one, 16) for one in modifiers]
    if not any(codes.values()):
        return table("[[drm.planes]]", {"type": kind, "formats": list(codes)})
    return table("[[drm.planes]]", {"type": kind}) + table("[drm.planes.formats]", codes)


def row(words):
    """One request of `simplealloc plan`, and the plan's decision."""
    parser = argparse.ArgumentParser()
    for option in ("--image", "--bytes", "--cpu"):
        parser.add_argument(option)
    parser.add_argument("--use", action="append", default=[])
    parser.add_argument("--any-device", action="store_true")
    parser.add_argument("--strict", action="store_true")
    request = parser.parse_args(words)
    plan = ask("plan", *words)
    entries = {"title": shlex.join(words), "because": "The machine itself decided so."}
    if request.image:
        entries["image"] = request.image
    else:
        entries["bytes"] = int(request.bytes)
    entries |= {"uses": request.use, "cpu": request.cpu,
                "strict": request.strict or None, "any-device": request.any_device or None}
    if "error" in plan:
        return table("[[row]]", entries | {"error": plan["error"]["message"]})
    candidates = plan["candidates"]
    rejected = {}
    for one in plan["rejections"]:
        parties = tuple(party(name) for name in one["parties"])
        rejected.setdefault((one["constraint"], parties), []).append(one["source"])
    entries |= {
        "candidates": [one["source"] for one in candidates],
        "unproven": [one["source"] for one in candidates if one["unproven"]],
        "rejected": [{"source": sources, "constraint": constraint, "by": list(parties)}
                     for (constraint, parties), sources in rejected.items()],
        "conflict": [{"constraint": one["constraint"], "by": [party(who) for who in one["parties"]]}
                     for one in plan["conflict"]],
    }
    if candidates:
        best = candidates[0]
        entries |= {"sizes": [one["size"] for one in best["dmabufs"]]}
        if request.image:
            entries |= {"strides": [one["stride"] for one in best["planes"]],
                        "offsets": [one["offset"] for one in best["planes"]],
                        "modifier": best["modifier"]}
    return table("[[row]]", entries)


def party(name):
    """`/dev/video0 (capture)` as the board writes it."""
    match = re.fullmatch(r"(/.*) \((\S+)\)", name)
    return f"{match[1]}:{match[2]}" if match else name


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--title", required=True, help="the machine in words")
    parser.add_argument("--row", action="append", default=[], dest="rows", type=shlex.split,
                        metavar="'REQUEST'", help="options of `simplealloc plan`: a row of the table")
    parser.add_argument("--output", type=pathlib.Path, help="the board's file (standard output)")
    options = parser.parse_args()
    recording = Recording(options)
    for part in (recording.machine, recording.files, recording.sources, recording.cards,
                 recording.videos, recording.accelerators, recording.characters, recording.found_out, recording.rows):
        part()
    text = "\n".join(recording.parts)
    if options.output:
        options.output.write_text(text)
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
