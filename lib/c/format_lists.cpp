// SPDX-License-Identifier: MIT
// Format and modifier lists of Wayland, EGL and Vulkan as capability sets, for C.
#include "lib/c/arguments.hpp"
#include "lib/c/capability_set.hpp"
#include "lib/c/guard.hpp"
#include "lib/c/handed.hpp"

#include <simplealloc/format_lists.h>
#include <simplealloc/format_lists.hpp>

using namespace simplealloc;
using namespace simplealloc::c;

namespace {

DmabufFeedback read(const simplealloc_dmabuf_feedback* feedback) {
    const auto given =
        read_struct(&need(feedback, "feedback"),
                    simplealloc_dmabuf_feedback SIMPLEALLOC_DMABUF_FEEDBACK_INIT, "feedback");
    DmabufFeedback out;
    out.table = bytes(given.table, given.table_size, "table");
    out.main_device = given.main_device;
    for (const auto& tranche : array(given.tranches, given.tranche_count, "tranches")) {
        const auto formats = array(tranche.formats, tranche.format_count, "formats");
        out.tranches.push_back({tranche.target_device,
                                flag(tranche.scanout, "scanout"),
                                {formats.begin(), formats.end()}});
    }
    return out;
}

} // namespace

int simplealloc_capabilities_from_dmabuf_feedback(const simplealloc_dmabuf_feedback* feedback,
                                                  simplealloc_capabilities** capabilities,
                                                  simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(capabilities, "capabilities");
        return give_struct(out, from_dmabuf_feedback(read(feedback)));
    });
}

int simplealloc_capabilities_from_egl(const simplealloc_egl_format* formats,
                                      std::size_t format_count, bool external,
                                      simplealloc_capabilities** capabilities,
                                      simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(capabilities, "capabilities");
        std::vector<EglFormat> list;
        for (const auto& format : array(formats, format_count, "formats")) {
            EglFormat& egl = list.emplace_back();
            egl.fourcc = Fourcc(format.fourcc);
            for (const auto& entry : array(format.modifiers, format.modifier_count, "modifiers"))
                egl.modifiers.push_back(
                    {entry.modifier, flag(entry.external_only, "external_only")});
        }
        out = hand_out<simplealloc_capabilities>(from_egl(list, external));
    });
}

int simplealloc_capabilities_from_vulkan(const simplealloc_vulkan_format* formats,
                                         std::size_t format_count, std::uint64_t features,
                                         simplealloc_capabilities** capabilities,
                                         simplealloc_error** error) {
    return guarded(error, [&] {
        auto& out = emptied(capabilities, "capabilities");
        std::vector<VulkanFormat> list;
        for (const auto& format : array(formats, format_count, "formats")) {
            VulkanFormat& vulkan = list.emplace_back();
            vulkan.fourcc = Fourcc(format.fourcc);
            for (const auto& entry : array(format.modifiers, format.modifier_count, "modifiers"))
                vulkan.modifiers.push_back({entry.modifier, entry.plane_count, entry.features});
        }
        out = hand_out<simplealloc_capabilities>(from_vulkan(list, features));
    });
}
