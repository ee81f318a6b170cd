// SPDX-License-Identifier: MIT
// Remedies in words: the only place that names calls, kernel configuration and quirk entries.
#include <simplealloc/remedy.hpp>

#include "lib/base/names.hpp"
#include "lib/model/objection.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace simplealloc {
namespace {

// A row for each kind: its name and its words.
// clang-format off
#define REMEDIES(ROW)                                                                                        \
    ROW(advice, "advice", "{0}")                                                                             \
    ROW(order, "order", "Request::order {0}")                                                                \
    ROW(leave_out, "leave-out", "Request::without {0}")                                                      \
    ROW(let_in, "let-in", "no Request::without, AllocatorOptions::without")                                  \
    ROW(any_device, "any-device", "Request::any_device")                                                     \
    ROW(not_strict, "not-strict", "no Request::strict")                                                      \
    ROW(cpu, "cpu", "Request::cpu {0}")                                                                      \
    ROW(open_modifier, "open-modifier", "no Request::modifier")                                              \
    ROW(linear, "linear", "Request::modifier LINEAR")                                                        \
    ROW(format, "format", "Request::image of {0}")                                                           \
    ROW(image_size, "image-size", "Request::image of {0}")                                                   \
    ROW(crop, "crop", "Request::image of {0}, RequestBuilder::crop to {1}")                                         \
    ROW(count, "count", "Request::count {0}")                                                                \
    ROW(bytes, "bytes", "Request::bytes {0}")                                                                \
    ROW(less, "less", "request less")                                                                        \
    ROW(image, "image", "request an image, e.g. one line of R8")                                             \
    ROW(drm_format, "drm-format", "request a format that DRM has a code for")                                \
    ROW(accepted_format, "accepted-format", "request {*}, which it takes")                                   \
    ROW(other_format, "other-format", "request another format")                                                      \
    ROW(other_size, "other-size", "another size or format")                                                  \
    ROW(each_plane, "each-plane", "one request for each plane")                                              \
    ROW(apart, "apart", "two requests: one for {0} alone, one without it")                                   \
    ROW(copy, "copy", "give {0} a buffer of its own and copy")                                               \
    ROW(copy_one, "copy-one", "a buffer of its own for one of them")                                         \
    ROW(protected_use, "protected-use", "name a use that needs protected memory")                            \
    ROW(fewer_ways, "fewer-ways", "give the devices fewer alternatives and modifiers")                       \
    ROW(budget, "budget", "give the plan more budget (AllocatorOptions::budget)")                            \
    ROW(allow_in_environment, "allow-in-environment", "take it out of SIMPLEALLOC_DISABLE")                  \
    ROW(allow_in_policy, "allow-in-policy", "take it off `forbid` in {0}")                                   \
    ROW(source, "source", "{0}, which {1}")                                                                  \
    ROW(other_source, "other-source", "use another source")                                                  \
    ROW(contiguous_memory, "contiguous-memory", "use contiguous memory")                                     \
    ROW(cma_area, "cma-area", "boot with cma=SIZE{0}")                                                       \
    ROW(cma_heap, "cma-heap", "boot a kernel that has CONFIG_DMABUF_HEAPS_CMA with cma=SIZE{0}")             \
    ROW(heaps, "heaps", "a kernel with CONFIG_DMABUF_HEAPS and CONFIG_DMABUF_HEAPS_SYSTEM, or with "         \
                        "CONFIG_UDMABUF (modprobe udmabuf)")                                                 \
    ROW(protected_heap, "protected-heap",                                                                    \
        "a kernel with a heap of protected memory (CONFIG_TEE_DMABUF_HEAPS, Linux 6.18)")                    \
    ROW(describe, "describe", "{if}describe it so")                                                          \
    ROW(quirk, "quirk", "{if}say so in a quirk file: {rows}, `source = tried here`, `{1}`")                  \
    ROW(free_memory, "free-memory", "free memory")                                                           \
    ROW(replug, "replug", "it is tried again after something was plugged in or out")
// clang-format on

constexpr std::size_t kinds = static_cast<std::size_t>(RemedyKind::replug) + 1;

#define NAME(KIND, NAME, WORDS) {RemedyKind::KIND, NAME},
#define WORDS(KIND, NAME, WORDS) {RemedyKind::KIND, WORDS},
constexpr Names<RemedyKind, kinds> names({REMEDIES(NAME)});
constexpr Names<RemedyKind, kinds> all_words({REMEDIES(WORDS)});
#undef NAME
#undef WORDS
#undef REMEDIES

/// The rows of a quirk file that `entry` is for, each as its head.
std::string rows_text(const std::vector<std::string>& arguments) {
    std::vector<std::string> heads;
    for (std::size_t i = 2; i < arguments.size(); ++i)
        heads.push_back(fmt::format("`[{}]`", arguments[i]));
    return (heads.size() > 1 ? "each of " : "") + solver::list_text(heads);
}

/// What stands in the braces.
std::string inserted(std::string_view what, const std::vector<std::string>& arguments) {
    if (what == "*")
        return fmt::format("{}", fmt::join(arguments, " or "));
    if (what == "rows")
        return rows_text(arguments);
    if (what == "if")
        return arguments.empty() || arguments[0].empty() ? ""
                                                         : fmt::format("if {}, ", arguments[0]);
    const std::size_t place = what == "0" ? 0 : 1;
    return place < arguments.size() ? arguments[place] : "";
}

} // namespace

std::string_view to_string(RemedyKind kind) noexcept {
    return names.of(kind);
}

std::string to_string(const Remedy& remedy, std::span<const RemedyWords> words) {
    const auto own = std::ranges::find(words, remedy.kind, &RemedyWords::kind);
    std::string_view rest = own == words.end() ? all_words.of(remedy.kind) : own->text;
    std::string text;
    for (std::size_t open = rest.find('{'); open != rest.npos; open = rest.find('{')) {
        const std::size_t close = rest.find('}', open);
        text += rest.substr(0, open);
        text += inserted(rest.substr(open + 1, close - open - 1), remedy.arguments);
        rest.remove_prefix(close == rest.npos ? rest.size() : close + 1);
    }
    return text.append(rest);
}

std::string to_string(std::span<const Remedy> remedies, std::span<const RemedyWords> words,
                      std::string_view between) {
    std::string text;
    for (const Remedy& remedy : remedies) {
        text += text.empty() ? "" : between;
        text += to_string(remedy, words);
    }
    return text;
}

} // namespace simplealloc
