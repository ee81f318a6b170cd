// SPDX-License-Identifier: MIT
// Remedies as the command has options for them.
#pragma once

#include <simplealloc/error.hpp>

#include <span>
#include <string>

namespace simplealloc::tools {

/// `--order udmabuf`; alternatives.
std::string remedies_in_words(std::span<const Remedy> remedies);
/// `no --strict, --any-device`: all of it together.
std::string together_in_words(std::span<const Remedy> remedies);
/// The next step after an error.
std::string remedy_in_words(const Error& error);

} // namespace simplealloc::tools
