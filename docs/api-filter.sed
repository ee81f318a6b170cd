# SPDX-License-Identifier: MIT
# Takes out of the headers what needs no documentation; lines stay where they are, for doxygen's messages.
# The purpose on top is the file's documentation, without which doxygen leaves out its functions.
1s/.*/\/\/\/ \\file/
2,/^#pragma/s/^\/\/ /\/\/\/ /
# A ` that meets a ' later is an opening quotation mark to doxygen, but not two of them.
/\/\/\//{
    s/`[^`]*`/\n&\n/g
    s/\n`([^`]*'[^`]*)`\n/``\1``/g
    s/\n//g
}
# Moves and comparisons do what they do everywhere.
/operator(==|<=>)\(.*= default;$/s/.*//
/^    ([A-Za-z0-9]+&? ?(operator=)?)\([A-Za-z0-9]+&&( other)?\) noexcept/s/[^{]*/    /
/^ *\/\/ Library-internal/,/^(private:|\};)$/{
    /^(private:|\};)$/!s/.*//
}
