// SPDX-License-Identifier: MIT
// A wlroots compositor whose frames are memory of this library.
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <cstdint>
#include <cstdio>
#include <png.h>
#include <string>
#include <vector>

namespace {

struct Picture {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::vector<std::uint8_t> bytes; ///< red, green, blue

    [[nodiscard]] std::vector<int> pixel(std::uint32_t x, std::uint32_t y) const {
        const std::uint8_t* at = &bytes.at((std::size_t{y} * width + x) * 3);
        return {at[0], at[1], at[2]};
    }
};

Picture read_png(const char* path) {
    png_image image = {};
    image.version = PNG_IMAGE_VERSION;
    REQUIRE(png_image_begin_read_from_file(&image, path) != 0);
    image.format = PNG_FORMAT_RGB;
    Picture picture{image.width, image.height, {}};
    picture.bytes.resize(PNG_IMAGE_SIZE(image));
    REQUIRE(png_image_finish_read(&image, nullptr, picture.bytes.data(), 0, nullptr) != 0);
    return picture;
}

} // namespace

TEST_CASE("a wlroots compositor draws on memory of this library and shows it", "[full]") {
    const char* const png = "/tmp/wlroots.png";
    const auto shown = guest::run({"seatd-launch", "wlroots_compositor", "60", png}, {},
                                  {{"LIBSEAT_BACKEND", "seatd"},
                                   {"XDG_RUNTIME_DIR", "/run"},
                                   {"WLR_BACKENDS", "drm"},
                                   {"WLR_DRM_DEVICES", guest::card("vkms")}});
    INFO(shown.errors);
    CHECK(shown.status == 0);
    CHECK_THAT(shown.output, Catch::Matchers::StartsWith("60 frames of "));
    CHECK(shown.output.find(", memory from dma-heap:system\n") != std::string::npos);

    const Picture picture = read_png(png);
    CHECK(std::remove(png) == 0);
    const std::vector<int> blue{0, 0, 255};
    const std::vector<int> red{255, 0, 0};
    const std::uint32_t left = 59; // of the square in the last frame
    const std::uint32_t middle = picture.height / 2;
    CHECK(picture.pixel(left - 1, middle) == blue);
    CHECK(picture.pixel(left, middle) == red);
    CHECK(picture.pixel(left + middle - 1, middle) == red);
    CHECK(picture.pixel(left + middle, middle) == blue);
    CHECK(picture.pixel(left, 0) == blue);
}
