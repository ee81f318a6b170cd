// SPDX-License-Identifier: MIT
// Versions are compared number by number, by as many numbers as the range's end has.
#include "lib/discovery/quirks/kernel_range.hpp"

#include <charconv>

namespace simplealloc {

namespace {

constexpr std::size_t most_numbers = 3;

/// The numbers that `text` begins with; what follows them is left in `text`.
std::vector<unsigned> take_version(std::string_view& text) {
    std::vector<unsigned> numbers;
    while (numbers.size() < most_numbers) {
        const std::string_view digits = numbers.empty() ? text : text.substr(1);
        unsigned number = 0;
        const auto [stop, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (error != std::errc{})
            break;
        numbers.push_back(number);
        text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
        if (!text.starts_with('.'))
            break;
    }
    return numbers;
}

/// All of `text`; empty when it is no version.
std::vector<unsigned> version(std::string_view text) {
    auto numbers = take_version(text);
    if (!text.empty())
        numbers.clear();
    return numbers;
}

int compare(const std::vector<unsigned>& release, const std::vector<unsigned>& end) {
    for (std::size_t i = 0; i < end.size(); ++i) {
        const unsigned number = i < release.size() ? release[i] : 0;
        if (number != end[i])
            return number < end[i] ? -1 : 1;
    }
    return 0;
}

std::string_view without_blanks(std::string_view text) {
    const auto first = text.find_first_not_of(' ');
    return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

} // namespace

std::optional<KernelRange> parse_kernel_range(std::string_view text) {
    KernelRange range;
    if (text.starts_with(">=")) {
        range.least = version(without_blanks(text.substr(2)));
    } else if (text.starts_with("<=")) {
        range.most = version(without_blanks(text.substr(2)));
    } else if (text.starts_with('<')) {
        range.most = version(without_blanks(text.substr(1)));
        range.most_excluded = true;
    } else if (const auto dots = text.find(".."); dots != std::string_view::npos) {
        const std::string_view least = text.substr(0, dots);
        const std::string_view most = text.substr(dots + 2);
        range.least = version(least);
        range.most = version(most);
        if ((range.least.empty() && !least.empty()) || (range.most.empty() && !most.empty()))
            return std::nullopt;
    } else {
        range.least = range.most = version(text);
    }
    if (range.least.empty() && range.most.empty())
        return std::nullopt;
    if (!range.most.empty() && compare(range.least, range.most) > 0)
        return std::nullopt;
    return range;
}

bool contains(const KernelRange& range, std::string_view release) {
    const auto numbers = take_version(release);
    if (numbers.empty() || compare(numbers, range.least) < 0)
        return false;
    const int order = range.most.empty() ? -1 : compare(numbers, range.most);
    return range.most_excluded ? order < 0 : order <= 0;
}

} // namespace simplealloc
