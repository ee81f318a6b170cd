// SPDX-License-Identifier: MIT
// Waiting until the user has had enough.
#pragma once

#include "tools/terminal/interrupt.hpp"

namespace simplealloc::tools {

/// SIGINT and SIGTERM end the wait, not the program, from its construction on: so construct it
/// before telling anyone that there is something to wait for.
class Hold {
public:
    Hold();

    /// Returns after one of these signals, or a newline or the end of standard input. Standard
    /// input that is /dev/null, as that of a background job, is not watched.
    void wait();

private:
    Interrupt interrupt_;
};

} // namespace simplealloc::tools
