// SPDX-License-Identifier: MIT
// What `simplealloc doctor` says of a real machine, and to whom.
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <string>

namespace {

bool shares(const nlohmann::json& report, const std::string& from, const std::string& to,
            const std::string& source) {
    return std::any_of(report.at("pairs").begin(), report.at("pairs").end(), [&](const auto& pair) {
        return pair.at("from") == from && pair.at("to") == to && pair.at("source") == source;
    });
}

} // namespace

TEST_CASE("the doctor finds nothing missing for root, and says where frames can live", "[full]") {
    const auto doctor = guest::run({"simplealloc", "doctor", "--json"});
    INFO(doctor.output);
    CHECK(doctor.status == 0);
    const auto report = doctor.json();
    CHECK(report.at("findings").empty());
    CHECK(report.at("machine").at("cma") == 128U << 20U);
    CHECK(shares(report, guest::video("vivid-000-vid-cap") + " (capture)",
                 guest::card("vkms") + " (scanout)", "dma-heap:reserved"));
    CHECK(shares(report, guest::video("vivid-000-vid-cap") + " (capture)",
                 guest::card("virtio_gpu") + " (scanout)", ""));
}

TEST_CASE("the doctor tells a user without rights what would help", "[full]") {
    guest::User user;
    user.root = false;
    const auto doctor = guest::run({"simplealloc", "doctor"}, user);
    INFO(doctor.output);
    CHECK(doctor.status == 1);
    CHECK(doctor.output.find("dma-heap:reserved and dma-heap:system can't be used") !=
          std::string::npos);
    CHECK(doctor.output.find("try: add a udev rule: SUBSYSTEM==\"dma_heap\"") != std::string::npos);
    CHECK(doctor.output.find("try: add the user to group video") != std::string::npos);
}
