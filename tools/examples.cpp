// SPDX-License-Identifier: MIT
#include "tools/examples.hpp"

namespace simplealloc::tools {

namespace {

struct Examples {
    std::string_view command;
    std::string_view lines;
};

constexpr Examples all[] = {
    {"devices", R"(  simplealloc devices                     what is there
  simplealloc devices /dev/video0         all that is known of one, and how
)"},
    {"policy", R"(  simplealloc policy                      what counts, and who wants it so
  simplealloc policy --check my.conf      mistakes, with their lines
)"},
    {"quirks", R"(  simplealloc quirks /dev/video0          which rows apply
  simplealloc quirks --check my.quirks    mistakes, with their lines
)"},
    {"sources", R"(  simplealloc sources                     what may be used, and what would help
  SIMPLEALLOC_DISABLE=ion simplealloc sources
)"},
    {"capabilities", R"(  simplealloc capabilities /dev/dri/card0:scanout XR24
)"},
    {"plan", R"(  A camera's frames on a display, and who decides what:
    simplealloc plan --image 1280x720:NV12 --use /dev/video0:capture \
        --use /dev/dri/card0:scanout --why
  Frames that the CPU analyses, without the scarce memory of CMA:
    simplealloc plan --image 1280x720:NV12 --use /dev/video0:capture \
        --cpu read-often --without dma-heap:reserved
)"},
    {"graph",
     R"(  simplealloc graph --image 1280x720:XR24 --use /dev/dri/card0:scanout --svg plan.svg
)"},
    {"alloc", R"(  simplealloc alloc --bytes 4M --cpu read-often --json
  simplealloc alloc --image 1920x1080:XR24 --use /dev/dri/card0:scanout --count 3 --hold
)"},
    {"monitor", R"(  simplealloc monitor --json
  simplealloc monitor --count 1 --timeout 60      until something comes or goes
)"},
    {"doctor", R"(  simplealloc doctor                      as the user whose program fails
  simplealloc doctor --json > doctor.json for a bug report
)"},
};

} // namespace

std::string_view examples_of(std::string_view command) {
    for (const Examples& examples : all)
        if (examples.command == command)
            return examples.lines;
    return {};
}

} // namespace simplealloc::tools
