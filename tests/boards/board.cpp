// SPDX-License-Identifier: MIT
// Reads board files. A key that nobody asked for is a mistake, so that a misspelt one is seen.
#include "tests/boards/board.hpp"

#include "lib/base/failure.hpp"

#include <fmt/format.h>
#include <functional>
#include <limits>
#include <toml++/toml.h>

namespace simplealloc::boards {

namespace {

/// What every table with facts of the machine says of where they are from.
constexpr std::array<std::string_view, 3> ways{"recorded: ", "kernel: ", "documented: "};

struct Wrong {
    std::size_t line;
    std::string detail;
};

/// A table whose keys must all be read.
class Table {
public:
    Table(const toml::table& table, std::string name) : table_(table), name_(std::move(name)) {}

    [[noreturn]] void wrong(const std::string& key, const std::string& detail) const {
        const toml::node* node = table_.get(key);
        const auto line = (node != nullptr ? node->source() : table_.source()).begin.line;
        throw Wrong{line, fmt::format("{} of [{}] {}", key, name_, detail)};
    }

    const toml::node* find(const std::string& key) {
        read_.insert(key);
        return table_.get(key);
    }
    [[nodiscard]] bool has(const std::string& key) const { return table_.contains(key); }

    std::string text(const std::string& key, std::optional<std::string> otherwise = {}) {
        return value<std::string>(key, std::move(otherwise), "text");
    }
    bool flag(const std::string& key, bool otherwise) {
        return value<bool>(key, otherwise, "true or false");
    }
    std::uint64_t number(const std::string& key, std::optional<std::uint64_t> otherwise = {}) {
        const toml::node* node = find(key);
        if (node == nullptr && otherwise)
            return *otherwise;
        return number_of(key, node);
    }
    unsigned small(const std::string& key, std::optional<std::uint64_t> otherwise = {}) {
        const std::uint64_t value = number(key, otherwise);
        if (value > std::numeric_limits<unsigned>::max())
            wrong(key, "is too large");
        return static_cast<unsigned>(value);
    }
    std::optional<unsigned> maybe_small(const std::string& key) {
        return has(key) ? std::optional(small(key)) : std::nullopt;
    }
    std::vector<std::string> texts(const std::string& key) {
        std::vector<std::string> out;
        each(key, [&](const toml::node& node) {
            const auto item = node.value_exact<std::string>();
            if (!item)
                wrong(key, "is a list of texts");
            out.push_back(*item);
        });
        return out;
    }
    std::vector<std::uint64_t> numbers(const std::string& key) {
        std::vector<std::uint64_t> out;
        each(key, [&](const toml::node& node) { out.push_back(number_of(key, &node)); });
        return out;
    }
    std::vector<std::uint32_t> fourccs(const std::string& key) {
        std::vector<std::uint32_t> out;
        for (const std::string& code : texts(key))
            out.push_back(fourcc(key, code));
        return out;
    }
    std::uint32_t fourcc(const std::string& key, const std::string& code) const {
        const auto parsed = Fourcc::parse(code);
        if (!parsed)
            wrong(key, fmt::format("has `{}`, which is no fourcc", code));
        return parsed->value;
    }
    void each(const std::string& key, const std::function<void(const toml::node&)>& work) {
        const toml::node* node = find(key);
        if (node == nullptr)
            return;
        if (!node->is_array())
            wrong(key, "is a list");
        for (const toml::node& item : *node->as_array())
            work(item);
    }
    void each_table(const std::string& key, const std::function<void(Table&)>& work) {
        each(key, [&](const toml::node& node) {
            if (!node.is_table())
                wrong(key, "is a list of tables");
            Table table(*node.as_table(), key);
            work(table);
            table.finish();
        });
    }
    void with_table(const std::string& key, const std::function<void(Table&)>& work) {
        const toml::node* node = find(key);
        if (node == nullptr)
            return;
        if (!node->is_table())
            wrong(key, "is a table");
        Table table(*node->as_table(), key);
        work(table);
        table.finish();
    }
    const toml::table& raw() {
        for (const auto& [key, node] : table_)
            read_.insert(std::string(key.str()));
        return table_;
    }
    /// Facts without a source are worth nothing.
    void require_source() {
        const auto sources = texts("source");
        if (sources.empty())
            wrong("source", "is missing: where are these facts from?");
        for (const std::string& source : sources)
            if (std::none_of(ways.begin(), ways.end(),
                             [&](auto way) { return source.starts_with(way); }))
                wrong("source", fmt::format("begins with one of `{}`", fmt::join(ways, "`, `")));
    }
    void finish() const {
        for (const auto& [key, node] : table_)
            if (!read_.contains(std::string(key.str())))
                wrong(std::string(key.str()), "is not a key that is known here");
    }

private:
    template <typename Value>
    Value value(const std::string& key, std::optional<Value> otherwise, const char* what) {
        const toml::node* node = find(key);
        if (node == nullptr && otherwise)
            return *otherwise;
        const auto found = node != nullptr ? node->value_exact<Value>() : std::nullopt;
        if (!found)
            wrong(key, node != nullptr ? fmt::format("is {}", what) : "is missing");
        return *found;
    }
    std::uint64_t number_of(const std::string& key, const toml::node* node) const {
        const auto found = node != nullptr ? node->value_exact<std::int64_t>() : std::nullopt;
        if (!found || *found < 0)
            wrong(key, node != nullptr ? "is a number from 0" : "is missing");
        return static_cast<std::uint64_t>(*found);
    }

    const toml::table& table_;
    std::string name_;
    std::set<std::string> read_;
};

void read_memory(Table& table, Board& board) {
    table.require_source();
    table.each_table("zones", [&](Table& zone) {
        board.zones.push_back({zone.text("name"), zone.number("start"), zone.number("end")});
    });
    board.available_mib = table.number("available-mib");
    board.cma_mib = table.number("cma-mib", 0);
    board.page_size = table.number("page-size", 4096);
}

Hardware read_hardware(Table& table) {
    table.require_source();
    Hardware out;
    out.path = table.text("path");
    out.subsystem = table.text("subsystem");
    out.driver = table.text("driver", "");
    out.dma_mask_bits = table.maybe_small("dma-mask-bits");
    out.iommu_group = table.maybe_small("iommu-group");
    out.iommu_type = table.text("iommu-type", "");
    out.of_node = table.text("of-node", "");
    return out;
}

/// `formats` is a list of codes, or a table of modifier lists by code.
PlaneFormats read_plane(Table& table) {
    PlaneFormats plane;
    plane.type = table.text("type");
    const toml::node* formats = table.find("formats");
    if (formats != nullptr && formats->is_table()) {
        table.with_table("formats", [&](Table& by_code) {
            for (const auto& [code, node] : by_code.raw())
                plane.formats.emplace_back(by_code.fourcc("formats", std::string(code.str())),
                                           by_code.numbers(std::string(code.str())));
        });
    } else {
        for (const std::uint32_t code : table.fourccs("formats"))
            plane.formats.emplace_back(code, std::vector<std::uint64_t>());
    }
    return plane;
}

std::array<std::uint32_t, 2> read_size(Table& table, const std::string& key,
                                       std::array<std::uint32_t, 2> otherwise) {
    const auto numbers = table.numbers(key);
    if (numbers.empty())
        return otherwise;
    if (numbers.size() != 2)
        table.wrong(key, "is [width, height]");
    return {static_cast<std::uint32_t>(numbers[0]), static_cast<std::uint32_t>(numbers[1])};
}

Card read_card(Table& table) {
    table.require_source();
    Card out;
    out.card = table.maybe_small("card");
    out.render = table.maybe_small("render");
    out.on = table.text("on");
    out.name = table.text("name");
    out.connectors = table.texts("connectors");
    table.each_table("planes", [&](Table& plane) { out.planes.push_back(read_plane(plane)); });
    const auto max = read_size(table, "max-size", {0, 0});
    out.max_width = max[0];
    out.max_height = max[1];
    out.cursor = read_size(table, "cursor", {64, 64});
    out.modifiers = table.flag("modifiers", false);
    out.dumb = table.flag("dumb", true);
    if (table.has("discrete"))
        out.discrete = table.flag("discrete", false);
    return out;
}

Queue read_queue(Table& table) {
    Queue out;
    out.raw = table.fourccs("raw");
    out.compressed = table.fourccs("compressed");
    for (std::string& kind : table.texts("buffers"))
        out.buffers.insert(std::move(kind));
    out.stride_align = table.small("stride-align", 1);
    out.padding = table.flag("padding", false);
    out.max_stride = table.small("max-stride", out.max_stride);
    out.width_step = table.small("width-step", 1);
    out.height_step = table.small("height-step", 1);
    out.macroblock_bytes = table.small("macroblock-bytes", 0);
    out.own_strides = table.flag("own-strides", false);
    out.extra_lines = table.numbers("extra-lines");
    const auto max = read_size(table, "max-size", {out.max_width, out.max_height});
    out.max_width = max[0];
    out.max_height = max[1];
    table.each("sizes", [&](const toml::node& node) {
        const auto* pair = node.as_array();
        if (pair == nullptr || pair->size() != 2)
            table.wrong("sizes", "is a list of [width, height]");
        out.sizes.push_back({static_cast<std::uint32_t>((*pair)[0].value_or(0)),
                             static_cast<std::uint32_t>((*pair)[1].value_or(0))});
    });
    return out;
}

Video read_video(Table& table) {
    table.require_source();
    Video out;
    out.number = table.small("video");
    out.on = table.text("on");
    out.name = table.text("name");
    out.driver = table.text("driver");
    out.multiplanar = table.flag("multiplanar", false);
    out.metadata = table.flag("metadata", false);
    table.with_table("capture", [&](Table& queue) { out.capture = read_queue(queue); });
    table.with_table("output", [&](Table& queue) { out.output = read_queue(queue); });
    return out;
}

Accelerator read_accelerator(Table& table) {
    table.require_source();
    return {table.small("accel"), table.text("on"), table.text("name")};
}

Character read_character(Table& table) {
    table.require_source();
    return {table.text("path"), table.text("class"), table.text("on", "")};
}

Row read_row(Table& table) {
    Row out;
    out.title = table.text("title");
    out.because = table.text("because");
    out.image = table.text("image", "");
    out.bytes = table.number("bytes", 0);
    out.uses = table.texts("uses");
    table.with_table("formats", [&](Table& by_use) {
        for (const auto& entry : by_use.raw()) {
            const std::string use(entry.first.str());
            by_use.with_table(use, [&](Table& by_code) {
                for (const auto& item : by_code.raw()) {
                    const std::string code(item.first.str());
                    out.formats[use].push_back(
                        {Fourcc(by_code.fourcc(code, code)), by_code.numbers(code), false});
                }
            });
        }
    });
    out.cpu = table.text("cpu", "none");
    out.strict = table.flag("strict", false);
    out.any_device = table.flag("any-device", false);
    out.pending = table.text("pending", "");
    out.error = table.text("error", "");
    out.candidates = table.texts("candidates");
    out.unproven = table.texts("unproven");
    table.each_table("rejected", [&](Table& entry) {
        ExpectedRejection rejection{{}, entry.text("constraint"), entry.texts("by")};
        for (const std::string& source : entry.texts("source")) {
            rejection.source = source;
            out.rejected.push_back(rejection);
        }
    });
    table.each_table("conflict", [&](Table& entry) {
        out.conflict.push_back({entry.text("constraint"), entry.texts("by")});
    });
    out.strides = table.numbers("strides");
    out.offsets = table.numbers("offsets");
    out.sizes = table.numbers("sizes");
    out.modifier = table.text("modifier", "");
    if (out.image.empty() == (out.bytes == 0))
        table.wrong("title", "needs either an image or bytes");
    if (out.error.empty() && out.candidates.empty() == out.conflict.empty())
        table.wrong("title", "needs candidates, or a conflict, or an error");
    return out;
}

/// Only what boards needed so far.
Described read_described(Table& table) {
    Described out;
    out.name = table.text("name");
    Constraints& limits = out.constraints;
    limits.max_address = table.number("max-address", limits.max_address);
    limits.stride_align = table.number("stride-align", 1);
    limits.contiguity = table.flag("contiguous", false) ? Contiguity::required : Contiguity::any;
    return out;
}

Board read_tables(Table& root) {
    Board board;
    board.title = root.text("title");
    board.machine = root.text("machine");
    board.kernel = root.text("kernel");
    root.with_table("memory", [&](Table& table) { read_memory(table, board); });
    root.with_table("device-tree", [&](Table& table) {
        table.require_source();
        board.device_tree = table.text("text");
    });
    root.each_table("file", [&](Table& table) {
        table.require_source();
        board.files[table.text("path")] = table.text("text");
    });
    root.each_table("heap", [&](Table& table) {
        table.require_source();
        board.heaps.push_back({table.text("name"), table.flag("cma-area", false)});
    });
    root.with_table("udmabuf", [&](Table& table) {
        table.require_source();
        board.udmabuf_limit_mib = table.small("size-limit-mib");
    });
    root.with_table("ion", [&](Table& table) {
        table.require_source();
        board.ion_abi = table.text("abi");
        table.each_table("heaps", [&](Table& heap) {
            board.ion_heaps.push_back({heap.text("name"), heap.small("type"), heap.small("id")});
        });
    });
    root.each_table("hardware",
                    [&](Table& table) { board.hardware.push_back(read_hardware(table)); });
    root.each_table("drm", [&](Table& table) { board.cards.push_back(read_card(table)); });
    root.each_table("v4l2", [&](Table& table) { board.videos.push_back(read_video(table)); });
    root.each_table("accel",
                    [&](Table& table) { board.accelerators.push_back(read_accelerator(table)); });
    root.each_table("char",
                    [&](Table& table) { board.characters.push_back(read_character(table)); });
    root.each_table("described",
                    [&](Table& table) { board.described.push_back(read_described(table)); });
    root.each_table("fact", [&](Table& table) {
        board.facts.push_back({table.text("of"), table.text("name"), table.text("value"),
                               table.text("confidence"), table.text("origin")});
    });
    root.each_table("row", [&](Table& table) { board.rows.push_back(read_row(table)); });
    if (board.rows.empty() || board.facts.empty())
        root.wrong("title", "needs rows and facts");
    root.finish();
    return board;
}

Error wrong_at(const std::string& path, std::size_t line, std::string detail) {
    return failure(Stage::discover, Cause::invalid, 0, fmt::format("{}:{}", path, line),
                   std::move(detail));
}

} // namespace

Result<Board> read_board(const std::string& path) {
    try {
        const toml::table parsed = toml::parse_file(path);
        Table root(parsed, "the board");
        Board board = read_tables(root);
        board.file = path;
        return board;
    } catch (const toml::parse_error& error) {
        return wrong_at(path, error.source().begin.line, std::string(error.description()));
    } catch (const Wrong& wrong) {
        return wrong_at(path, wrong.line, wrong.detail);
    }
}

} // namespace simplealloc::boards
