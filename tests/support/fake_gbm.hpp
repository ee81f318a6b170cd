// SPDX-License-Identifier: MIT
// A libgbm with a driver that has whatever layouts a test wants; takes the real one's place in unit
// tests. Its dma-bufs are the fake kernel's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace simplealloc::test {

struct FakeDmaBuf;

struct FakeGbmPlane {
    unsigned dmabuf = 0; ///< index into FakeGbmImage::dmabuf_sizes
    std::uint32_t offset = 0;
    std::uint32_t stride = 0;
};

struct FakeGbmImage {
    std::vector<std::uint64_t> dmabuf_sizes;
    std::vector<FakeGbmPlane> planes;
};

struct FakeGbmRequest {
    std::string node;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint32_t flags = 0;
    std::vector<std::uint64_t> modifiers; ///< none for gbm_bo_create
    bool operator==(const FakeGbmRequest&) const = default;
};

/// Installed while it lives, after a FakeKernel and one at a time. Without one, no node has a
/// driver.
class FakeGbm {
public:
    FakeGbm();
    ~FakeGbm();
    FakeGbm(const FakeGbm&) = delete;
    FakeGbm& operator=(const FakeGbm&) = delete;
    static FakeGbm* installed() noexcept;

    // The driver
    bool knows_modifiers = true;                ///< else ENOSYS, as Mesa's software driver
    bool render_node_allocates = true;          ///< else EACCES, as where dumb buffers are made
    std::vector<std::uint64_t> preference{0};   ///< what it can do, best first
    bool exports_writable = true;               ///< else for reading, as Mesa's software driver
    std::optional<std::uint64_t> says_modifier; ///< instead of what it picked
    /// nothing for the modifier: gbm_bo_create
    std::function<FakeGbmImage(std::uint32_t width, std::uint32_t height,
                               std::optional<std::uint64_t> modifier)>
        image = linear_image;
    /// 4 bytes a pixel, lines of a multiple of 64 bytes.
    static FakeGbmImage linear_image(std::uint32_t width, std::uint32_t height,
                                     std::optional<std::uint64_t> modifier);

    // Failures: those that libgbm reports, which are not all of its functions
    void fail_nth_call(unsigned nth, int sys_errno);
    void fail(std::string call, int sys_errno); ///< from now on
    void clear_failures();
    [[nodiscard]] bool failed() const { return failed_; }

    /// DRM_IOCTL_PRIME_HANDLE_TO_FD with the handle of a plane: what a node has to answer where
    /// handles are known.
    int export_handle(std::uint32_t handle, std::uint32_t flags);
    /// By handle: those of live buffers; none when planes have no handle.
    std::map<std::uint32_t, std::weak_ptr<FakeDmaBuf>> handles;
    bool has_handles = false;

    // What happened
    std::vector<FakeGbmRequest> requests;
    std::vector<std::string> calls; ///< that can fail
    std::size_t devices = 0;
    std::size_t bos = 0;
    std::vector<std::string> errors; ///< wrong use, in words

    /// For the functions of gbm.h: whether the call is to fail; sets errno.
    bool enter(const char* call);

private:
    std::optional<std::pair<std::size_t, int>> fail_at_;
    std::optional<std::pair<std::string, int>> fail_call_;
    bool failed_ = false;
};

} // namespace simplealloc::test
