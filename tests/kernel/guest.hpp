// SPDX-License-Identifier: MIT
// What the tests know of the guest they run in, and how they run programs there.
#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace guest {

struct Outcome {
    int status = -1; ///< exit status; 128 + signal when killed
    std::string output;
    std::string errors;
    [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(output); }
};

struct User {
    bool root = true;
    std::vector<std::string> groups; ///< of an ordinary user (uid 4242), by name
};

/// Runs a program found in PATH, as `user`; killed after a minute.
Outcome run(const std::vector<std::string>& command, const User& user = {},
            const std::map<std::string, std::string>& environment = {});

/// The node of the first V4L2 device whose name starts so, e.g. `vivid-001-vid-cap`.
std::string video(const std::string& name);
/// The card node of the driver, as DRM_IOCTL_VERSION names it.
std::string card(const std::string& driver);
/// A program that is running in the background, ended by destruction.
class Background {
public:
    explicit Background(const std::vector<std::string>& command);
    ~Background();
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;
    /// Waits for a further line of output.
    std::string next_line();

private:
    int pid_ = -1;
    int output_ = -1;
    int input_ = -1;
};

/// A driver of tests/kernel/modules that the boot provides, loaded until destruction.
class Driver {
public:
    explicit Driver(std::string name, const std::vector<std::string>& parameters = {});
    ~Driver();
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;

private:
    std::string name_;
};

/// Fixture: after the test there is no open descriptor and no dma-buf more than before.
class NothingLeft {
public:
    NothingLeft();
    ~NothingLeft();

    /// Those that there are now stay, and the kernel is to blame.
    static void excuse_dmabufs();

private:
    std::size_t descriptors_;
    std::set<std::string> dmabufs_;
};

} // namespace guest
