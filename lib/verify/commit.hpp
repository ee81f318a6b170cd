// SPDX-License-Identifier: MIT
// A commit that only tests whether a display shows a framebuffer.
#pragma once

#include "lib/verify/parts.hpp"

namespace simplealloc {

struct CommitTrial {
    Trial trial;
    std::string how; ///< of one that passed or was refused: plane and CRTC
};

/// On the caller's descriptor, which must be DRM master and see atomic properties: both are asked,
/// never set. `framebuffer` may belong to another description of the card, since the kernel finds
/// framebuffers by their number alone (drm_framebuffer_lookup()). Nothing is shown.
CommitTrial test_commit(int fd, Use use, const DrmSetup& setup, std::uint32_t framebuffer);

} // namespace simplealloc
