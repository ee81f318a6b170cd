// SPDX-License-Identifier: MIT
// The part of dtc's language that describes hardware.
#include "tests/boards/device_tree.hpp"

#include "lib/base/failure.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <vector>

namespace simplealloc::boards {

namespace {

using Properties = std::map<std::string, std::string>;

/// A cell that stands for the phandle of a labelled node.
struct Reference {
    std::string property;
    std::size_t offset;
    std::string label;
};

void put_cell(std::string& value, std::size_t offset, std::uint32_t cell) {
    for (unsigned i = 0; i < 4; ++i)
        value[offset + i] = static_cast<char>(cell >> (24 - 8 * i) & 0xffU);
}

class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    Result<Properties> read() {
        for (skip(); !failed_ && at_ < text_.size(); skip()) {
            if (take("/dts-v1/;"))
                continue;
            expect("/");
            node("");
        }
        if (!failed_)
            resolve();
        if (failed_)
            return *failed_;
        return std::move(properties_);
    }

private:
    void wrong(const std::string& detail) {
        const auto line =
            1 + std::count(text_.begin(), text_.begin() + static_cast<long>(at_), '\n');
        if (!failed_)
            failed_ = failure(Stage::discover, Cause::invalid, 0,
                              fmt::format("device tree, line {}", line), detail);
    }

    [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }

    void skip() {
        for (;;) {
            while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0)
                ++at_;
            const bool line = rest().starts_with("//");
            if (!line && !rest().starts_with("/*"))
                return;
            const std::size_t end = text_.find(line ? "\n" : "*/", at_ + 2);
            at_ = end == std::string_view::npos ? text_.size() : end + (line ? 1 : 2);
        }
    }

    bool take(std::string_view token) {
        skip();
        if (!rest().starts_with(token))
            return false;
        at_ += token.size();
        return true;
    }

    void expect(std::string_view token) {
        if (!take(token))
            wrong(fmt::format("`{}` is missing", token));
    }

    /// Characters of node, property and label names.
    std::string word() {
        skip();
        const std::size_t start = at_;
        while (at_ < text_.size() &&
               (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 ||
                std::string_view(",._+?#-@").find(text_[at_]) != std::string_view::npos))
            ++at_;
        if (at_ == start)
            wrong("a name is missing");
        return std::string(text_.substr(start, at_ - start));
    }

    std::uint64_t number() {
        const std::string text = word();
        const bool hex = text.starts_with("0x");
        std::uint64_t value = 0;
        const char* end = text.data() + text.size();
        const auto [stop, error] =
            std::from_chars(text.data() + (hex ? 2 : 0), end, value, hex ? 16 : 10);
        if (error != std::errc{} || stop != end)
            wrong(fmt::format("`{}` is no number", text));
        return value;
    }

    void cells(const std::string& property, std::string& value) {
        while (!failed_ && !take(">")) {
            const std::size_t offset = value.size();
            value.append(4, '\0');
            if (take("&"))
                references_.push_back({property, offset, word()});
            else if (const std::uint64_t cell = number(); cell > 0xffffffff)
                wrong(fmt::format("{:#x} is no cell of 32 bits", cell));
            else
                put_cell(value, offset, static_cast<std::uint32_t>(cell));
        }
    }

    void string(std::string& value) {
        const std::size_t end = text_.find('"', at_);
        if (end == std::string_view::npos)
            return wrong("a string does not end");
        value += text_.substr(at_, end - at_);
        value += '\0';
        at_ = end + 1;
    }

    void bytes(std::string& value) {
        std::string digits;
        for (skip(); !failed_ && !take("]"); skip())
            digits += word();
        if (digits.size() % 2 != 0)
            return wrong("half a byte");
        for (std::size_t i = 0; i < digits.size(); i += 2) {
            unsigned byte = 0;
            if (std::from_chars(digits.data() + i, digits.data() + i + 2, byte, 16).ptr !=
                digits.data() + i + 2)
                return wrong("a byte is two hexadecimal digits");
            value += static_cast<char>(byte);
        }
    }

    void property(const std::string& path) {
        std::string value;
        if (take("=")) {
            do {
                if (take("<"))
                    cells(path, value);
                else if (take("\""))
                    string(value);
                else if (take("["))
                    bytes(value);
                else
                    wrong("a value is <cells>, \"text\" or [bytes]");
            } while (!failed_ && take(","));
        }
        expect(";");
        if (!properties_.emplace(path, std::move(value)).second)
            wrong(fmt::format("{} is given twice", path));
    }

    void node(const std::string& path) {
        expect("{");
        const std::string name = path.substr(path.rfind('/') + 1);
        properties_[path + "/name"] = name.substr(0, name.find('@')) + '\0';
        while (!failed_ && !take("}")) {
            std::string name_or_label = word();
            const bool labelled = take(":");
            const std::string child = path + "/" + (labelled ? word() : name_or_label);
            if (labelled)
                labels_[name_or_label] = child;
            skip();
            if (labelled || rest().starts_with("{"))
                node(child);
            else
                property(child);
        }
        expect(";");
    }

    /// Phandles are numbers of the tree's own making.
    void resolve() {
        for (const Reference& reference : references_) {
            const auto label = labels_.find(reference.label);
            if (label == labels_.end())
                return wrong(fmt::format("no node is labelled {}", reference.label));
            std::string& phandle = properties_[label->second + "/phandle"];
            if (phandle.empty()) {
                phandle.assign(4, '\0');
                put_cell(phandle, 0, next_phandle_++);
            }
            properties_[reference.property].replace(reference.offset, 4, phandle);
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::optional<Error> failed_;
    Properties properties_;
    std::map<std::string, std::string> labels_;
    std::vector<Reference> references_;
    std::uint32_t next_phandle_ = 0x1000;
};

} // namespace

Result<Properties> read_device_tree(const std::string& text) {
    return Reader(text).read();
}

} // namespace simplealloc::boards
