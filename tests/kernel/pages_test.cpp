// SPDX-License-Identifier: MIT
// The sessions that the pages show. A block of `console` is one: commands behind a prompt, and
// lines of what they print, in order. The emulated machine that the pages speak of is this boot's.
#include "tests/kernel/guest.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

namespace {

namespace fs = std::filesystem;

struct Command {
    std::string page;
    std::string line; ///< for the shell
    std::vector<std::string> shown;
};

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream input(text);
    for (std::string line; std::getline(input, line);)
        lines.push_back(line);
    return lines;
}

std::vector<Command> commands_of(const fs::path& page) {
    std::ifstream file(page);
    std::vector<Command> commands;
    bool session = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("```"))
            session = line == "```console";
        else if (session && line.starts_with("$ "))
            commands.push_back({page.filename().string(), line.substr(2), {}});
        else if (session && !commands.empty())
            commands.back().shown.push_back(line);
    }
    return commands;
}

std::vector<Command> all_commands() {
    std::string checkout;
    std::getline(std::ifstream("/run/lane/checkout"), checkout);
    std::vector<Command> commands = commands_of(checkout + "/README.md");
    for (const auto& entry : fs::recursive_directory_iterator(checkout + "/docs"))
        if (entry.path().extension() == ".md")
            for (Command& command : commands_of(entry.path()))
                commands.push_back(std::move(command));
    return commands;
}

/// Without what is another number each time: the inode of a dma-buf, and how many buffers the
/// descriptors are enough for that nobody else has.
std::string comparable(const std::string& line) {
    static const std::regex inode("^( +[0-9]+  .*(?:B|bytes|[)])  [a-z0-9_-]+) +[0-9]+$");
    static const std::regex buffer("^simplealloc: buffer [0-9]+:");
    return std::regex_replace(std::regex_replace(line, inode, "$1 inode"), buffer, "buffer:");
}

/// The first shown line that the output lacks behind those before it; empty where it has all.
std::string first_missing(const Command& command, const std::string& output) {
    const std::vector<std::string> printed = lines_of(output);
    auto next = printed.begin();
    for (const std::string& line : command.shown) {
        if (line.empty() || line == "...")
            continue;
        next = std::find_if(next, printed.end(), [&](const std::string& other) {
            return comparable(other) == comparable(line);
        });
        if (next == printed.end())
            return line;
        ++next;
    }
    return {};
}

/// A folder that anybody may read, for the files that a session shows.
class Folder {
public:
    Folder() {
        fs::create_directory(path);
        fs::permissions(path, fs::perms::others_all, fs::perm_options::add);
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    static constexpr const char* path = "/tmp/pages";
};

/// `cat FILE` shows a file that the next commands read.
bool is_file(const Command& command) {
    return command.line.starts_with("cat ");
}

void write_file(const Command& command) {
    std::ofstream file(fs::path(Folder::path) / command.line.substr(4));
    for (const std::string& line : command.shown)
        file << line << '\n';
}

/// As whoever the page speaks of: root, or a user without groups or with the usual one.
void check_command(const Command& command) {
    const std::string line = std::string("cd ") + Folder::path + "; exec 2>&1; " + command.line;
    std::string problems;
    for (const guest::User& user :
         {guest::User{}, guest::User{false, {}}, guest::User{false, {"video"}}}) {
        const auto outcome = guest::run({"sh", "-c", line}, user);
        const std::string missing = first_missing(command, outcome.output);
        if (missing.empty())
            return;
        problems += "\nlacks: " + missing + "\nin:\n" + outcome.output;
    }
    FAIL_CHECK(command.page << ": " << command.line << problems);
}

} // namespace

TEST_CASE_METHOD(guest::NothingLeft, "the pages show what the commands print", "[full]") {
    const Folder folder;
    const std::vector<Command> commands = all_commands();
    CHECK(commands.size() > 15);
    for (const Command& command : commands) {
        if (is_file(command))
            write_file(command);
        else
            check_command(command);
    }
}
