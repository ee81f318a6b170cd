// SPDX-License-Identifier: MIT
// Buffers of one plan that are used again and again.
#pragma once

#include <simplealloc/allocator.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>

namespace simplealloc {

/// What a Pool may hold and when it shrinks.
struct PoolOptions {
    /// Allocated when the pool is made and after replan(), all from one source; hysteresis leaves
    /// as many. The same as max_buffers makes a fixed pool. 0: as many as a codec among the plan's
    /// uses needs at least, where its driver says so, up to max_buffers.
    std::size_t min_buffers = 0;
    /// Most buffers of the current plan: their indices are smaller. From 1 to 65536.
    std::size_t max_buffers = 32;
    /// Most bytes of all its dma-bufs together, also of those of an earlier plan.
    std::uint64_t max_bytes = no_limit;
    /// Most file descriptors of all its dma-bufs together, likewise.
    std::size_t max_fds = std::numeric_limits<std::size_t>::max();
    /// After as many releases in which there were always more than keep_idle idle buffers, one of
    /// those that were idle longest is freed; 0: never. Counted in releases, not in time.
    std::uint32_t trim_after = 256;
    /// How many idle buffers hysteresis leaves beside those that were needed.
    std::size_t keep_idle = 1;
    /// Lets buffers come from several sources, and then differ in layout and caching. Without it
    /// the source of the first buffer serves them all, since a V4L2 queue has one format.
    bool mix_sources = false;
    /// Hands out only what devices have done with: Buffer::wait(Access::write) would not wait for
    /// it. Then the buffer that came back first goes out first, acquiring makes a system call, and
    /// the pool needs one descriptor more, beside max_fds. What devices still work on counts as in
    /// use, so that the pool grows. It knows of devices that leave fences on the dma-buf, and of
    /// those that PoolSlot::release(fence) tells of.
    bool wait_for_devices = false;
    /// How each buffer is allocated.
    AllocateOptions allocate = {};
};

/// What happened in a Pool since it was made, and what it holds.
struct PoolStats {
    std::uint64_t acquired = 0;  ///< slots handed out: recycled or allocated
    std::uint64_t recycled = 0;  ///< with a buffer that was used before
    std::uint64_t allocated = 0; ///< buffers, also those allocated in advance
    std::uint64_t waited = 0;    ///< acquisitions that had to wait, whether or not in vain
    std::uint64_t trimmed = 0;   ///< idle buffers freed by hysteresis or trim()
    std::uint64_t retired = 0;   ///< buffers freed since their plan was replaced
    std::size_t in_flight = 0;   ///< slots alive, of any plan
    std::size_t idle = 0;        ///< buffers that wait in the pool
    std::size_t high_water = 0;  ///< most slots alive at once
    std::uint64_t bytes = 0;     ///< of all dma-bufs, in flight or idle
    std::size_t fds = 0;         ///< of all dma-bufs, in flight or idle
    /// Acquisitions and replans that failed, by their cause.
    std::map<Cause, std::uint64_t> failures = {};
};

class PoolState;
struct Pooled;

/// A buffer on loan from a Pool: it goes back when the slot dies, in whichever thread, also after
/// the Pool is gone (it is freed then). Move-only; one thread at a time. A slot that was moved from
/// or released is empty.
class SIMPLEALLOC_API PoolSlot {
public:
    /// An empty one.
    PoolSlot() noexcept;
    PoolSlot(PoolSlot&&) noexcept;
    PoolSlot& operator=(PoolSlot&&) noexcept;
    PoolSlot(const PoolSlot&) = delete;
    PoolSlot& operator=(const PoolSlot&) = delete;
    ~PoolSlot();

    /// Whether it holds a buffer. The rest but release() is only for a slot that does.
    explicit operator bool() const noexcept { return pooled_ != nullptr; }
    /// Lives as long as it is on loan.
    /// @{
    [[nodiscard]] const Buffer& buffer() const noexcept;
    const Buffer& operator*() const noexcept { return buffer(); }
    const Buffer* operator->() const noexcept { return &buffer(); }
    /// @}
    /// The buffer's own number for its whole life, below PoolOptions::max_buffers, and shared with
    /// no other buffer of the same generation(): fit for v4l2_buffer::index, where a dma-buf that
    /// returns under the same index is not attached and mapped anew.
    [[nodiscard]] std::uint32_t index() const noexcept;
    /// Which plan it comes from: another number after each Pool::replan().
    [[nodiscard]] std::uint64_t generation() const noexcept;

    /// Gives the buffer back before the slot dies.
    void release() noexcept;
    /// The same while a device still works on it until `fence` is over, which is borrowed: everyone
    /// who waits for the dma-bufs waits for it, and so does a pool with
    /// PoolOptions::wait_for_devices, which remembers it where the kernel can't. On failure the
    /// slot keeps its buffer: with invalid where there is no sync_file, with unsupported before
    /// Linux 6.0 where the pool does not wait either, with fd_limit where no descriptor is left to
    /// remember it.
    [[nodiscard]] Result<void> release(const Fence& fence);

private:
    friend class Internal;
    PoolSlot(std::shared_ptr<PoolState> state, std::shared_ptr<Pooled> pooled) noexcept;
    std::shared_ptr<PoolState> state_; ///< before pooled_, which needs it to die
    std::shared_ptr<Pooled> pooled_;
};

/// Lends buffers and takes them back. An idle buffer is handed out again without a system call,
/// the one that came back last first: its memory is most likely in a cache, and those that are not
/// needed stay idle and are trimmed. PoolOptions::wait_for_devices does it otherwise.
///
/// Thread-safe: all functions but moves and the destructor may be called from several threads at
/// once, and from callbacks of the library; none is called while the pool's lock is held. Who waits
/// is woken in no particular order. It makes no thread. Its source stays open. It shares what the
/// Allocator holds, quotas included, and may outlive it. A failed growth changes nothing: what was
/// there stays usable. After fork() only one of the processes may use it; exec() closes all
/// descriptors.
class SIMPLEALLOC_API Pool {
public:
    /// Allocates PoolOptions::min_buffers: where a source has memory for some of them only, those
    /// are freed and the plan's next candidate is asked for all. Fails as Allocator::allocate
    /// does, with invalid for options that make no sense, and with limit where min_buffers exceed
    /// max_bytes or max_fds; nothing is left then.
    static Result<Pool> create(const Allocator& allocator, const Plan& plan,
                               PoolOptions options = {});
    /// Plans and does the same. A request of one buffer is planned as one of min_buffers at a time,
    /// unless mix_sources lets several sources share them: where there is no room for all of them
    /// the plan says so.
    static Result<Pool> create(const Allocator& allocator, const Request& request,
                               PoolOptions options = {});

    Pool(Pool&&) noexcept;
    Pool& operator=(Pool&&) noexcept;
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    /// As close().
    ~Pool();

    /// An idle buffer, or a new one while there is room. Never waits: fails with busy where all
    /// buffers are in use, with limit where not one fits into max_bytes or max_fds, with gone
    /// after close(), and as Allocator::allocate does where growth fails.
    [[nodiscard]] Result<PoolSlot> try_acquire();
    /// The same, but waits until a buffer can be had, and fails with busy when the time is up.
    /// Growth that fails is not waited for: what the kernel refused is reported at once.
    [[nodiscard]] Result<PoolSlot> acquire(Timeout timeout = default_timeout);
    /// The same for an event loop: a descriptor and its events, level-triggered, which have come
    /// whenever try_acquire() would not fail with busy, also after close(). With
    /// PoolOptions::wait_for_devices the end of their work counts, too.
    ///
    /// They stay until an acquisition does fail with busy. So they may have come although another
    /// thread was faster, or one of a buffer's devices has not done yet: call try_acquire() until
    /// it fails so, and nothing is missed. An event loop that needs no buffer stops watching.
    ///
    /// Borrowed: the Pool closes it, and hands out the same each time. The first call makes it, an
    /// eventfd, with wait_for_devices an epoll as well, beside max_fds; it fails with fd_limit or
    /// exhausted. Acquisitions that fail with busy cost two system calls more from then on, and
    /// one more for each idle buffer that devices work on; what can't be watched (exhausted) is
    /// their error in place of busy.
    [[nodiscard]] Result<Pollable> pollable();

    /// From now on buffers come from another plan, as after a change of resolution: idle buffers
    /// are freed, those in flight stay valid and are freed when they come back. The first
    /// min_buffers are allocated while the idle ones are still there: trim(0) before it makes room.
    /// A request is planned as create() does it. Fails as create() does, and the pool stays as it
    /// was.
    /// @{
    [[nodiscard]] Result<void> replan(const Plan& plan);
    [[nodiscard]] Result<void> replan(const Request& request);
    /// @}

    /// Frees idle buffers, those that were idle longest first, until `keep` buffers of the current
    /// plan are left or none is idle. Returns how many were freed.
    std::size_t trim(std::size_t keep);
    /// The same, keeping PoolOptions::min_buffers.
    std::size_t trim();

    /// Wakes up whoever waits, frees idle buffers, and makes every later acquisition fail with
    /// gone. Buffers in flight stay valid and are freed when they come back.
    void close() noexcept;

    /// Numbers of one moment.
    [[nodiscard]] PoolStats stats() const;

private:
    explicit Pool(std::shared_ptr<PoolState> state) noexcept;
    std::shared_ptr<PoolState> state_;
};

} // namespace simplealloc
