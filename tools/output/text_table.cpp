// SPDX-License-Identifier: MIT
// Lays out and wraps text columns.
#include "tools/output/text_table.hpp"

#include <algorithm>
#include <utility>

namespace simplealloc::tools {

namespace {

constexpr std::size_t table_indent = 2;
constexpr std::size_t note_indent = 6;
constexpr std::size_t gap = 2;

/// Columns on the screen: one for each code point, so UTF-8 continuation bytes count nothing.
std::size_t display_width(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    }));
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (true) {
        const std::size_t begin = text.find_first_not_of(' ');
        if (begin == std::string_view::npos)
            return words;
        text.remove_prefix(begin);
        const std::size_t end = std::min(text.find(' '), text.size());
        words.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
}

std::vector<std::string> lines_of(std::string_view text, std::size_t width) {
    std::vector<std::string> lines;
    std::size_t used = 0;
    for (const std::string_view word : words_of(text)) {
        const std::size_t length = display_width(word);
        if (lines.empty() || used + 1 + length > width) {
            lines.emplace_back(word);
            used = length;
        } else {
            lines.back().append(" ").append(word);
            used += 1 + length;
        }
    }
    return lines;
}

std::size_t longest_word(std::string_view text) {
    std::size_t longest = 0;
    for (const std::string_view word : words_of(text))
        longest = std::max(longest, display_width(word));
    return longest;
}

std::string_view escape(Style style) {
    switch (style) {
    case Style::plain:
        return {};
    case Style::bold:
        return "\033[1m";
    case Style::dim:
        return "\033[2m";
    case Style::good:
        return "\033[32m";
    case Style::warning:
        return "\033[33m";
    case Style::bad:
        return "\033[31m";
    }
    return {};
}

} // namespace

std::string heading(std::string_view text, const Screen& screen) {
    return "\n" + styled(text, Style::bold, screen) + "\n";
}

std::string try_note(const std::string& remedy) {
    return remedy.empty() ? std::string() : "try: " + remedy;
}

/// C0 controls and DEL; and C1 controls, which UTF-8 spells 0xc2 0x80 to 0xc2 0x9f.
std::string printable(std::string_view text) {
    std::string clean;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : '\0');
        if (byte == 0xc2U && next >= 0x80U && next <= 0x9fU) {
            clean += '?';
            ++i;
        } else {
            clean += byte < 0x20U || byte == 0x7fU ? '?' : text[i];
        }
    }
    return clean;
}

std::string styled(std::string_view text, Style style, const Screen& screen) {
    std::string result(text);
    if (!screen.colour || text.empty() || style == Style::plain)
        return result;
    return std::string(escape(style)) + result + "\033[0m";
}

std::string wrapped(std::string_view text, std::size_t indent, const Screen& screen) {
    const std::size_t width = screen.width > indent ? screen.width - indent : 1;
    std::string result;
    for (const std::string& line : lines_of(printable(text), width))
        result.append(indent, ' ').append(line).append("\n");
    return result;
}

TextTable::TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

void TextTable::add(std::vector<Cell> cells, std::string note) {
    for (Cell& cell : cells)
        cell.text = printable(cell.text);
    cells.resize(columns_.size());
    rows_.push_back({std::move(cells), std::move(note)});
}

bool TextTable::fits(const Screen& screen) const {
    return without_empty_columns().widths(screen).total <= screen.width;
}

TextTable TextTable::without_empty_columns() const {
    TextTable result({});
    for (const Row& row : rows_)
        result.rows_.push_back({{}, row.note});
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        const auto empty = [c](const Row& row) { return row.cells[c].text.empty(); };
        if (std::all_of(rows_.begin(), rows_.end(), empty))
            continue;
        result.columns_.push_back(columns_[c]);
        for (std::size_t r = 0; r < rows_.size(); ++r)
            result.rows_[r].cells.push_back(rows_[r].cells[c]);
    }
    return result;
}

/// Every column as wide as its longest text; while that is more than the screen, the widest column
/// that can still wrap gives up one.
TextTable::Widths TextTable::widths(const Screen& screen) const {
    Widths widths;
    std::vector<std::size_t> least;
    widths.total = table_indent + gap * (columns_.empty() ? 0 : columns_.size() - 1);
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        std::size_t wanted = display_width(columns_[c].title);
        std::size_t needed = longest_word(columns_[c].title);
        for (const Row& row : rows_) {
            wanted = std::max(wanted, display_width(row.cells[c].text));
            needed = std::max(needed, longest_word(row.cells[c].text));
        }
        widths.columns.push_back(wanted);
        widths.total += wanted;
        least.push_back(needed);
    }
    while (widths.total > screen.width) {
        std::size_t* widest = nullptr;
        for (std::size_t c = 0; c < columns_.size(); ++c)
            if (widths.columns[c] > least[c] && (!widest || widths.columns[c] > *widest))
                widest = &widths.columns[c];
        if (!widest)
            break;
        --*widest;
        --widths.total;
    }
    return widths;
}

void TextTable::append(std::string& text, const std::vector<Cell>& cells, const Widths& widths,
                       const Screen& screen) const {
    std::vector<std::vector<std::string>> lines;
    std::size_t height = 1;
    for (std::size_t c = 0; c < cells.size(); ++c) {
        lines.push_back(lines_of(cells[c].text, widths.columns[c]));
        height = std::max(height, lines.back().size());
    }
    for (std::size_t l = 0; l < height; ++l) {
        // Spaces wait until something follows them: no line ends in one.
        std::size_t spaces = table_indent;
        for (std::size_t c = 0; c < cells.size(); ++c) {
            const std::string line = l < lines[c].size() ? lines[c][l] : std::string();
            const std::size_t padding = widths.columns[c] - display_width(line);
            if (line.empty()) {
                spaces += padding + gap;
                continue;
            }
            text.append(spaces + (columns_[c].numeric ? padding : 0), ' ');
            text += styled(line, cells[c].style, screen);
            spaces = gap + (columns_[c].numeric ? 0 : padding);
        }
        text += '\n';
    }
}

std::string TextTable::render(const Screen& screen) const {
    if (empty())
        return {};
    const TextTable table = without_empty_columns();
    const Widths widths = table.widths(screen);
    std::vector<Cell> titles;
    for (const Column& column : table.columns_)
        titles.emplace_back(column.title, Style::bold);
    std::string text;
    table.append(text, titles, widths, screen);
    for (const Row& row : table.rows_) {
        table.append(text, row.cells, widths, screen);
        if (!row.note.empty())
            text += wrapped(row.note, note_indent, screen);
    }
    return text;
}

std::string section(std::string_view title, const TextTable& table, const Screen& screen) {
    return table.empty() ? std::string() : heading(title, screen) + table.render(screen);
}

} // namespace simplealloc::tools
