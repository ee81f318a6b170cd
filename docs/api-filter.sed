# SPDX-License-Identifier: MIT
# Takes out of the headers what needs no documentation; lines stay where they are, for doxygen's messages.
# Moves and comparisons do what they do everywhere.
/operator(==|<=>)\(.*= default;$/s/.*//
/^    ([A-Za-z0-9]+&? ?(operator=)?)\([A-Za-z0-9]+&&( other)?\) noexcept/s/[^{]*/    /
/^ *\/\/ Library-internal/,/^(private:|\};)$/{
    /^(private:|\};)$/!s/.*//
}
