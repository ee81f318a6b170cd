// SPDX-License-Identifier: MIT
// Aligned text columns that wrap at spaces to the width of the screen.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace simplealloc::tools {

/// What the text is printed for.
struct Screen {
    std::size_t width = 100; ///< columns
    bool colour = false;
};

enum class Style : std::uint8_t { plain, bold, dim, good, warning, bad };

/// `text` in colour, where the screen has colours.
std::string styled(std::string_view text, Style style, const Screen& screen);

/// A line of its own below an empty one.
std::string heading(std::string_view text, const Screen& screen);

/// What is printed below a row; empty where there is no remedy.
std::string try_note(const std::string& remedy);

/// Control characters, which a device's name could carry to the terminal, become `?`.
std::string printable(std::string_view text);

/// Printable, and wrapped at spaces; every line begins with `indent` spaces. A longer word stays
/// whole, so that paths can be copied.
std::string wrapped(std::string_view text, std::size_t indent, const Screen& screen);

struct Cell {
    Cell() = default;
    /// Text, a whole number, or what to_string() has a name for.
    template <typename Value>
    Cell(const Value& value, Style how = Style::plain) : style(how) {
        if constexpr (std::convertible_to<Value, std::string_view>)
            text = std::string_view(value);
        else if constexpr (std::integral<Value>)
            text = std::to_string(value);
        else
            text = to_string(value);
    }

    std::string text;
    Style style = Style::plain;
};

struct Column {
    std::string title;
    bool numeric = false; ///< aligned to the right
};

class TextTable {
public:
    explicit TextTable(std::vector<Column> columns);

    /// `note` is printed below the row, indented and across all columns.
    void add(std::vector<Cell> cells, std::string note = {});

    [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
    /// Whether every word has room, so that no line is longer than the screen.
    [[nodiscard]] bool fits(const Screen& screen) const;
    /// Lines with their newlines, each indented by two spaces; none where there is no row. Columns
    /// that are empty in every row are left out.
    [[nodiscard]] std::string render(const Screen& screen) const;

private:
    struct Row {
        std::vector<Cell> cells;
        std::string note;
    };
    struct Widths {
        std::vector<std::size_t> columns;
        std::size_t total = 0;
    };
    [[nodiscard]] TextTable without_empty_columns() const;
    [[nodiscard]] Widths widths(const Screen& screen) const;
    void append(std::string& text, const std::vector<Cell>& cells, const Widths& widths,
                const Screen& screen) const;

    std::vector<Column> columns_;
    std::vector<Row> rows_;
};

/// The table below its heading; nothing where it has no row.
std::string section(std::string_view title, const TextTable& table, const Screen& screen);

} // namespace simplealloc::tools
