# SPDX-License-Identifier: MIT
# What doxygen 1.9 makes nothing of in the guides: headings as targets in other pages, and links to what is no page.
s/\]\(([^):]*\.md)#[^)]*\)/](\1)/g
s/(^|[^!])\[([^][]*)\]\(([^):]*([^d)]|[^m]d|[^.]md))\)/\1\2/g
