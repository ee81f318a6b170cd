// SPDX-License-Identifier: MIT
#include "tools/output/remedies.hpp"

namespace simplealloc::tools {
namespace {

constexpr RemedyWords words[] = {
    {RemedyKind::order, "--order {0}"},
    {RemedyKind::leave_out, "--without {0}"},
    {RemedyKind::let_in, "no --without"},
    {RemedyKind::any_device, "--any-device"},
    {RemedyKind::not_strict, "no --strict"},
    {RemedyKind::cpu, "--cpu {0}"},
    {RemedyKind::open_modifier, "--image without MODIFIER"},
    {RemedyKind::linear, "--image …:LINEAR"},
    {RemedyKind::format, "--image …:{0}"},
    {RemedyKind::image_size, "--image {0}:…"},
    {RemedyKind::crop, "--image {0}:… --crop {1}"},
    {RemedyKind::count, "--count {0}"},
    {RemedyKind::bytes, "--bytes {0}"},
};

} // namespace

std::string remedies_in_words(std::span<const Remedy> remedies) {
    return to_string(remedies, words);
}

std::string together_in_words(std::span<const Remedy> remedies) {
    return to_string(remedies, words, ", ");
}

std::string remedy_in_words(const Error& error) {
    return error.best_remedy(words);
}

} // namespace simplealloc::tools
