// SPDX-License-Identifier: MIT
// A screen dump, and the colour bars in it.
#pragma once

#include <array>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

struct Picture {
    std::size_t width = 0;
    std::size_t height = 0;
    std::vector<std::uint8_t> rgb;
};

/// A binary PPM of 8 bits, as QEMU writes it.
inline Picture read_ppm(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string magic;
    std::size_t maximum = 0;
    Picture picture;
    file >> magic >> picture.width >> picture.height >> maximum;
    file.get();
    if (!file || magic != "P6" || maximum != 255)
        throw std::runtime_error(path + ": no PPM");
    picture.rgb.resize(picture.width * picture.height * 3);
    file.read(reinterpret_cast<char*>(picture.rgb.data()),
              static_cast<std::streamsize>(picture.rgb.size()));
    if (!file)
        throw std::runtime_error(path + ": cut short");
    return picture;
}

/// The name of each of eight equal bars in a line: a component counts as on above half of what a 75
/// % bar has.
inline std::string colour_bars(const Picture& picture, std::size_t line) {
    static const std::array<const char*, 8> names{"black", "blue",    "green",  "cyan",
                                                  "red",   "magenta", "yellow", "white"};
    std::string text;
    for (std::size_t bar = 0; bar < 8; ++bar) {
        const std::size_t column = picture.width * (2 * bar + 1) / 16;
        const std::uint8_t* pixel = &picture.rgb[(line * picture.width + column) * 3];
        const unsigned code =
            (pixel[0] > 96 ? 4U : 0U) | (pixel[1] > 96 ? 2U : 0U) | (pixel[2] > 96 ? 1U : 0U);
        text += (bar == 0 ? "" : " ") + std::string(names[code]);
    }
    return text;
}
