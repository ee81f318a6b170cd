// SPDX-License-Identifier: MIT
// The one table of keys that a quirk row may have.
#include "lib/discovery/quirks/keys.hpp"

#include "lib/base/ini.hpp"
#include "lib/base/parse_number.hpp"
#include "lib/discovery/quirks/kernel_range.hpp"
#include "lib/model/constraint_table.hpp"
#include "lib/model/source_names.hpp"

#include <simplealloc/device.hpp>
#include <simplealloc/modifier.hpp>

#include <algorithm>
#include <initializer_list>
#include <optional>

namespace simplealloc {

namespace {

bool one_of(std::string_view text, std::initializer_list<std::string_view> values) {
    return std::find(values.begin(), values.end(), text) != values.end();
}

std::optional<std::uint64_t> number(std::string_view text, int base) {
    return parse_number<std::uint64_t>(text, base);
}

bool is_hexadecimal(std::string_view text) {
    return text.starts_with("0x");
}

template <typename Valid>
bool all_words(std::string_view text, Valid valid) {
    const std::vector<std::string> words = ini::words(text);
    return !words.empty() && std::all_of(words.begin(), words.end(), valid);
}

bool is_not_empty(std::string_view text) {
    return !text.empty();
}
bool is_word(std::string_view text) {
    return ini::words(text).size() == 1;
}
bool is_switch(std::string_view text) {
    return one_of(text, {"yes", "no"});
}
bool is_count(std::string_view text) {
    return number(text, 10).value_or(0) > 0;
}
bool is_address(std::string_view text) {
    return is_hexadecimal(text) && number(text.substr(2), 16).has_value();
}
bool is_alignment(std::string_view text) {
    return is_count(text) || (is_address(text) && number_of(text) > 0);
}
bool is_bpp_list(std::string_view text) {
    return all_words(text, is_count);
}
bool is_size_list(std::string_view text) {
    return all_words(text, [](std::string_view word) { return number(word, 10).has_value(); });
}
bool is_role(std::string_view text) {
    return text == "output" || parse_use(text).has_value();
}
bool is_fourcc(std::string_view text) {
    return Fourcc::parse(text).has_value();
}
bool is_modifier(std::string_view text) {
    const auto modifier = Modifier::parse(text);
    return modifier && modifier->state != Modifier::State::implicit;
}
/// Hexadecimal digits and wildcards on both sides.
bool is_pci_id(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdefABCDEF*?[]-!";
    const auto colon = text.find(':');
    return colon != std::string_view::npos && colon > 0 && colon + 1 < text.size() &&
           text.find_first_not_of(digits) == colon &&
           text.substr(colon + 1).find_first_not_of(digits) == std::string_view::npos;
}
bool is_parameter(std::string_view text) {
    return is_word(text) && !text.starts_with('.') && !text.ends_with('.') &&
           std::count(text.begin(), text.end(), '.') <= 1 &&
           text.find('/') == std::string_view::npos;
}
bool is_node(std::string_view text) {
    return text.starts_with("/dev/");
}
bool is_kernel_range(std::string_view text) {
    return parse_kernel_range(text).has_value();
}

bool is_source_list(std::string_view text) {
    return all_words(text, solver::names_backend_or_source);
}

/// ID:NAME:MEMORY
bool is_heap(std::string_view text) {
    const std::size_t first = text.find(':');
    const std::size_t last = text.rfind(':');
    // An ION mask has 32 bits.
    return first <= 2 && last > first + 1 && number(text.substr(0, first), 10).value_or(32) < 32 &&
           one_of(text.substr(last + 1), {"scattered", "contiguous", "protected", "unknown"});
}

constexpr std::string_view switch_text = "yes or no";
constexpr std::string_view bytes_text = "a number of bytes above 0";
constexpr std::string_view pixels_text = "a number of pixels above 0";
constexpr std::string_view address_text = "0x and a hexadecimal number";
constexpr std::string_view patterns_text = "patterns of a compatible string, separated by spaces";
constexpr std::string_view sources_text = "backends or sources, separated by spaces";

#define LIMIT_key(FIELD, UNIT)                                                                     \
    {solver::detail::name_of_##FIELD.text, KeyScope::limit, "", is_alignment,                      \
     "a number of " #UNIT " above 0"},
#define LIMIT_no_key(FIELD, UNIT)
#define LIMIT(FIELD, MERGE, PART, UNIT, ENTRY, LEAST, KEY, ...) LIMIT_##KEY(FIELD, UNIT)

constexpr QuirkKey keys[] = {
    {"source", KeyScope::row, "", is_not_empty, "where the kernel says so"},
    {"confidence", KeyScope::row, "",
     [](std::string_view t) {
         return one_of(t, {"known", "assumed"});
     },
     "known or assumed"},
    {"compatible", KeyScope::row, "", is_not_empty, patterns_text},
    {"machine", KeyScope::row, "", is_not_empty, patterns_text},
    {"node-name", KeyScope::row, "video4linux", is_not_empty,
     "patterns of a node's name in sysfs, separated by spaces"},
    {"kernel", KeyScope::row, "", is_kernel_range,
     "a range of kernels: 5.10..6.12, >=5.10, <6.1 or 6.6"},
    {"class", KeyScope::row, "char", is_not_empty, "classes of sysfs, separated by spaces"},
    {"node", KeyScope::row, "char", [](std::string_view t) { return all_words(t, is_node); },
     "patterns of a path below /dev/, separated by spaces"},
    {"discrete", KeyScope::row, "drm", is_switch, switch_text},
    {"pci-id", KeyScope::row, "", [](std::string_view t) { return all_words(t, is_pci_id); },
     "patterns of VENDOR:DEVICE in hexadecimal numbers"},
    {"modifier", KeyScope::row, "", [](std::string_view t) { return all_words(t, is_modifier); },
     "a list of modifiers: LINEAR, names such as X_TILED or VIVANTE_TILED, or numbers"},
    {"role", KeyScope::row, "", [](std::string_view t) { return all_words(t, is_role); },
     "a list of uses (capture, scanout, m2m-in…) or output"},
    {"format", KeyScope::row, "", [](std::string_view t) { return all_words(t, is_fourcc); },
     "a list of DRM formats such as NV12 or XRGB8888"},

    {"sysfs-driver", KeyScope::driver, "", is_not_empty, "names of drivers"},
    {"heaps", KeyScope::driver, "ion", [](std::string_view t) { return all_words(t, is_heap); },
     "a list of ID:NAME:MEMORY, with an id up to 31 and scattered, contiguous, protected or "
     "unknown memory"},

    {"exports", KeyScope::device, "", is_switch, switch_text},
    {"exports-attachable", KeyScope::device, "", is_switch, switch_text},
    {"gbm-exports-attachable", KeyScope::device, "drm", is_switch, switch_text},
    {"exports-vmap-stable", KeyScope::device, "", is_switch, switch_text},
    {"peer-to-peer", KeyScope::device, "drm", is_switch, switch_text},
    {"min-address", KeyScope::device, "", is_address, address_text},
    {"max-address", KeyScope::device, "", is_address, address_text},
    {"coherent", KeyScope::device, "",
     [](std::string_view t) {
         return one_of(t, {"yes", "no", "dt"});
     },
     "yes, no or dt"},
    {"iommu-domain", KeyScope::device, "",
     [](std::string_view t) {
         return one_of(t, {"own", "default"});
     },
     "own or default"},
    {"dma-nodes", KeyScope::device, "", is_word, "a property of the device tree that has phandles"},
    {"dma-compatible", KeyScope::device, "", is_not_empty, patterns_text},
    {"memory", KeyScope::device, "video4linux",
     [](std::string_view t) {
         return one_of(t, {"vmalloc", "dma-contig", "dma-sg"});
     },
     "vmalloc, dma-contig or dma-sg"},
    {"memory-parameter", KeyScope::device, "video4linux", is_parameter,
     "a module parameter's name, or MODULE.NAME"},
    {"memory-to-memory", KeyScope::device, "video4linux", is_switch, switch_text},
    {"dumb-bpp", KeyScope::device, "drm", is_bpp_list, "numbers of bits, separated by spaces"},
    {"dumb-pitch-align", KeyScope::device, "drm", is_count, bytes_text},
    {"dumb-width-align", KeyScope::device, "drm", is_count, pixels_text},
    {"dumb-zeroed", KeyScope::device, "drm", is_switch, switch_text},
    {"dumb-caching", KeyScope::device, "drm",
     [](std::string_view t) {
         return one_of(t, {"cached", "write-combined"});
     },
     "cached or write-combined"},
    {"dumb-memory", KeyScope::device, "drm",
     [](std::string_view t) {
         return one_of(t, {"system", "device-local"});
     },
     "system or device-local"},
    {"dumb-contiguity", KeyScope::device, "drm",
     [](std::string_view t) {
         return one_of(t, {"scattered", "contiguous"});
     },
     "scattered or contiguous"},

    {"imports", KeyScope::use, "",
     [](std::string_view t) {
         return one_of(t, {"yes", "no", "unless-pool"});
     },
     "yes, no or unless-pool"},
    {"memory-kind", KeyScope::use, "",
     [](std::string_view t) {
         return one_of(t, {"system", "device-local"});
     },
     "system or device-local"},
    {"contiguous", KeyScope::use, "",
     [](std::string_view t) { return one_of(t, {"yes", "no", "unless-iommu"}); },
     "yes, no or unless-iommu"},
    {"plane-padding", KeyScope::use, "video4linux", is_size_list,
     "numbers of bytes, separated by spaces"},
    {"single-allocation", KeyScope::use, "", is_switch, switch_text},
    {"cached-memory", KeyScope::use, "", is_switch, switch_text},
    {"kernel-mapping", KeyScope::use, "", is_switch, switch_text},
    {"prefer", KeyScope::use, "", is_source_list, sources_text},
    {"forbid", KeyScope::use, "", is_source_list, sources_text},
    SIMPLEALLOC_LIMITS(LIMIT)};

} // namespace

const QuirkKey* find_quirk_key(std::string_view name) {
    const auto* key = std::find_if(std::begin(keys), std::end(keys),
                                   [&](const QuirkKey& known) { return known.name == name; });
    return key == std::end(keys) ? nullptr : key;
}

bool is_of_use(KeyScope scope) {
    return scope == KeyScope::use || scope == KeyScope::limit;
}

std::uint64_t number_of(std::string_view value) {
    const auto read = is_hexadecimal(value) ? number(value.substr(2), 16) : number(value, 10);
    return read.value_or(0);
}

} // namespace simplealloc
