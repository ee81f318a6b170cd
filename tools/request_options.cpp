// SPDX-License-Identifier: MIT
// Reads the request's options.
#include "tools/request_options.hpp"

#include "lib/base/parse_number.hpp"
#include "lib/model/modifier.hpp"
#include "lib/model/source_names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>

namespace simplealloc::tools {

namespace {

Error malformed(std::string_view option, std::string_view text, std::string detail,
                std::string remedy) {
    Error error;
    error.cause = Cause::invalid;
    error.stage = Stage::request;
    error.object = fmt::format("{} '{}'", option, text);
    error.detail = std::move(detail);
    error.remedy = std::move(remedy);
    return error;
}

/// The text up to one of `separators`, which is taken off together with it; all of it where there
/// is none.
std::string_view take_until(std::string_view& text, std::string_view separators) {
    const std::size_t at = text.find_first_of(separators);
    const std::string_view head = text.substr(0, at);
    text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
    return head;
}

constexpr const char* bad_code =
    "not the name of a DRM format, nor a fourcc of one to four printable characters, with v4l2: "
    "before a code of V4L2";

/// The text of a fourcc, taken off the front: one of V4L2 has a colon inside.
std::string_view take_code(std::string_view& text) {
    constexpr std::string_view v4l2 = "v4l2:";
    const std::size_t prefix = text.starts_with(v4l2) ? v4l2.size() : 0;
    const std::string_view whole = text;
    text.remove_prefix(prefix);
    return whole.substr(0, prefix + take_until(text, ":").size());
}

Error no_modifier(std::string_view option, std::string_view whole, std::string_view text) {
    std::vector<std::string> names;
    for (const std::string_view vendor : modifier_vendors)
        if (const auto name = fmt::format("{}_{}", vendor, text); Modifier::parse(name))
            names.push_back(name);
    if (!names.empty())
        return malformed(option, whole,
                         fmt::format("'{}' is a modifier of more than one vendor", text),
                         fmt::format("{}", fmt::join(names, " or ")));
    return malformed(
        option, whole, fmt::format("'{}' is not a modifier", text),
        "LINEAR, INVALID for the device's implicit layout, a name such as X_TILED, or a "
        "number, e.g. 0x0100000000000001");
}

std::optional<SizeOption> parse_size(std::string_view text) {
    const auto width = parse_number<std::uint32_t>(take_until(text, "xX"));
    const auto height = parse_number<std::uint32_t>(text);
    if (!width || !height)
        return std::nullopt;
    return SizeOption{*width, *height};
}

} // namespace

Result<Fourcc> parse_format(std::string_view text) {
    if (text.empty())
        return fourcc::bytes;
    const auto fourcc = Fourcc::parse(text);
    if (!fourcc)
        return malformed("format", text, bad_code, "e.g. XRGB8888, NV12 or v4l2:pRAA");
    return *fourcc;
}

Result<ImageOption> parse_image(std::string_view text) {
    constexpr std::string_view option = "--image";
    constexpr std::string_view example = "WxH:FOURCC[:MODIFIER], e.g. --image 1920x1080:NV12";
    const std::string_view whole = text;

    const std::string_view typed_size = take_until(text, ":");
    const std::size_t before = text.size();
    const std::string_view code = take_code(text);
    const bool has_modifier = before > code.size();

    const auto size = parse_size(typed_size);
    if (!size)
        return malformed(option, whole, "the size is not two numbers of pixels below 2^32",
                         std::string(example));
    const auto fourcc = Fourcc::parse(code);
    if (!fourcc)
        return malformed(option, whole, bad_code, std::string(example));
    ImageOption image{size->width, size->height, *fourcc, std::nullopt};
    if (has_modifier) {
        image.modifier = Modifier::parse(text);
        if (!image.modifier)
            return no_modifier(option, whole, text);
    }
    return image;
}

Result<std::uint64_t> parse_bytes(std::string_view text, std::string_view option) {
    const std::string_view whole = text;

    std::uint64_t unit = 1;
    if (!text.empty()) {
        switch (text.back()) {
        case 'K':
            unit = std::uint64_t{1} << 10U;
            break;
        case 'M':
            unit = std::uint64_t{1} << 20U;
            break;
        case 'G':
            unit = std::uint64_t{1} << 30U;
            break;
        default:
            break;
        }
    }
    if (unit != 1)
        text.remove_suffix(1);

    if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos)
        return malformed(option, whole, "not a number of bytes",
                         fmt::format("N, NK, NM or NG in powers of 1024, e.g. {} 4M", option));
    const auto count = parse_number<std::uint64_t>(text);
    std::uint64_t size = 0;
    if (!count || __builtin_mul_overflow(*count, unit, &size))
        return malformed(option, whole, "more than 18446744073709551615 bytes", {});
    return size;
}

Result<UseOption> parse_use_option(std::string_view text) {
    constexpr std::string_view option = "--use";
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0)
        return malformed(option, text, "not PATH:ROLE", "e.g. --use /dev/video0:capture");
    const std::string_view role = text.substr(colon + 1);
    const auto use = parse_use(role);
    if (!use)
        return malformed(option, text, fmt::format("'{}' is not a role", role),
                         "one of scanout, render, sample, capture, encode, decode, m2m-in, "
                         "m2m-out, cursor, read, write");
    return UseOption{std::string(text.substr(0, colon)), *use};
}

Result<std::vector<std::string>> parse_order(std::string_view text) {
    solver::NameList list = solver::split_names(text);
    if (list.gap)
        return malformed("--order", text, "a name is missing",
                         "backends or sources separated by commas or blanks, e.g. "
                         "--order udmabuf,dma-heap:system");
    return std::move(list.names);
}

Result<RequestOptions> parse_request(const RequestText& text) {
    if (text.image.has_value() == text.bytes.has_value()) {
        Error error;
        error.cause = Cause::invalid;
        error.stage = Stage::request;
        error.object = "request";
        error.detail = text.image ? "both --image and --bytes" : "neither --image nor --bytes";
        error.remedy = "--image WxH:FOURCC[:MODIFIER] or --bytes N[K|M|G]";
        return error;
    }

    RequestOptions options;
    if (text.image) {
        auto image = parse_image(*text.image);
        if (!image)
            return image.error();
        options.image = *image;
    } else {
        auto bytes = parse_bytes(*text.bytes, "--bytes");
        if (!bytes)
            return bytes.error();
        options.bytes = *bytes;
    }
    if (text.min_size) {
        auto size = parse_bytes(*text.min_size, "--min-size");
        if (!size)
            return size.error();
        if (text.uses.empty())
            return malformed("--min-size", *text.min_size, "no device wants it",
                             "name the device with --use, or ask for --bytes");
        options.min_size = *size;
    }
    if (text.crop) {
        options.crop = parse_size(*text.crop);
        if (!options.crop)
            return malformed("--crop", *text.crop, "not two numbers of pixels below 2^32",
                             "WxH, e.g. --crop 640x360");
    }
    for (const std::string& typed : text.uses) {
        auto use = parse_use_option(typed);
        if (!use)
            return use.error();
        options.uses.push_back(*std::move(use));
    }
    if (text.cpu) {
        const auto cpu = parse_cpu_access(*text.cpu);
        if (!cpu)
            return malformed("--cpu", *text.cpu, "not a CPU access",
                             "one of none, write, read-rarely, read-often");
        options.cpu = *cpu;
    } else if (options.uses.empty()) {
        options.cpu = CpuAccess::read_rarely;
    }
    if (text.order) {
        auto order = parse_order(*text.order);
        if (!order)
            return order.error();
        options.order = *std::move(order);
    }
    options.count = text.count;
    options.name = text.name;
    options.without = text.without;
    options.any_device = text.any_device;
    options.strict = text.strict;
    options.zeroed = !text.no_zero;
    return options;
}

} // namespace simplealloc::tools
