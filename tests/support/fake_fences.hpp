// SPDX-License-Identifier: MIT
// Fences of dma-bufs and sync_files, as Linux 6.12 handles them.
#pragma once

#include "tests/support/fake_kernel.hpp"

namespace simplealloc::test {

bool all_over(const FakeFences& fences);

/// What is not about fences is ENOTTY.
/// @{
int dmabuf_fence_ioctl(FakeKernel& kernel, FakeDmaBuf& dmabuf, unsigned long request,
                       void* argument);
int sync_file_ioctl(FakeKernel& kernel, const FakeFences& fences, unsigned long request,
                    void* argument);
/// @}

/// Those of `events` that have come.
/// @{
short poll_dmabuf(const FakeDmaBuf& dmabuf, short events);
short poll_sync_file(const FakeFences& fences, short events);
/// @}

} // namespace simplealloc::test
