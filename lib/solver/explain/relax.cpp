// SPDX-License-Identifier: MIT
// One function per thing that can be given up; what helps only together is tried in pairs.
#include "lib/solver/explain/relax.hpp"

#include "lib/model/layout.hpp"
#include "lib/model/objection.hpp"
#include "lib/model/work.hpp"
#include "lib/solver/explain/format_distance.hpp"
#include "lib/solver/explain/padded_sizes.hpp"
#include "lib/solver/search/own_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <tuple>

namespace simplealloc::solver {
namespace {

constexpr std::size_t most_formats = 12;
constexpr std::size_t most_devices = 8;
constexpr int most_halvings = 32;          // to one part in four thousand million
constexpr std::uint64_t image_parts = 32;  // a smaller image has some thirty-seconds of the size
constexpr std::int64_t kind_weight = 1000; // above the place within a kind

/// The largest number below `too_many` of which `works` holds, where it holds of all smaller ones
/// too; nothing: not even of 1.
template <typename Works>
std::optional<std::uint64_t> largest(std::uint64_t too_many, Works works) {
    std::uint64_t most = 1;
    if (too_many <= most || !works(most))
        return std::nullopt;
    for (int step = 0; step < most_halvings && too_many - most > 1; ++step) {
        const std::uint64_t middle = most + (too_many - most) / 2;
        (works(middle) ? most : too_many) = middle;
    }
    return most;
}

/// Something to give up, not yet tried.
struct Proposal {
    RelaxationKind kind;
    std::int64_t place; ///< within the kind
    std::string what;
    std::vector<Remedy> how;
    Relaxed relaxed;
};

class RelaxationSearch {
public:
    RelaxationSearch(const Input& input, const Core& core, std::span<const Fourcc> formats,
                     const Replan& replan, Spending& spending)
        : input_(input), core_(core), formats_(formats), replan_(replan), spending_(spending) {}

    std::vector<Relaxation> best_first();

private:
    [[nodiscard]] Relaxed original() const {
        Relaxed all{input_.request, {}, false};
        for (std::size_t i = 0; i < input_.uses.size(); ++i)
            all.uses.push_back(i);
        return all;
    }
    /// Nothing too where it can't be afforded.
    std::optional<Output> plan(const Relaxed& relaxed) {
        if (!spending_.afford(cost::source))
            return std::nullopt;
        return replan_(relaxed);
    }
    [[nodiscard]] bool serves(const Relaxed& relaxed) {
        const auto output = plan(relaxed);
        return output && !output->choices.empty();
    }
    /// Whether a source would serve; the offer is kept then.
    bool try_out(const Proposal& proposal);
    [[nodiscard]] std::vector<Proposal> simple() const;
    void try_pairs(const std::vector<Proposal>& proposals);
    void try_crops();
    void try_formats();
    void try_less_cpu();
    void try_fewer_buffers();
    void try_fewer_bytes();
    void try_smaller_image();
    void try_copies();
    void try_copy(std::size_t use, std::int64_t place);

    const Input& input_;
    const Core& core_;
    std::span<const Fourcc> formats_;
    const Replan& replan_;
    Spending& spending_;
    std::vector<Relaxation> offers_;
};

bool RelaxationSearch::try_out(const Proposal& proposal) {
    const auto output = plan(proposal.relaxed);
    if (!output || output->choices.empty())
        return false;
    const Candidate& candidate = output->choices.front().candidate;
    if (proposal.relaxed.split_planes && candidate.layout.dmabuf_sizes.size() < 2)
        return false;
    Relaxation offer;
    offer.kind = proposal.kind;
    offer.what = proposal.what;
    offer.how = proposal.how;
    offer.rank = static_cast<std::int64_t>(proposal.kind) * kind_weight + proposal.place;
    offer.source = candidate.source;
    offer.layout = candidate.layout;
    offer.count = proposal.relaxed.request.count;
    offers_.push_back(std::move(offer));
    return true;
}

/// What has no value to search for.
std::vector<Proposal> RelaxationSearch::simple() const {
    std::vector<Proposal> proposals;
    const auto propose = [&](RelaxationKind kind, std::string what, RemedyKind how, auto change) {
        proposals.push_back({kind,
                             static_cast<std::int64_t>(proposals.size()),
                             std::move(what),
                             {{how, {}}},
                             original()});
        change(proposals.back().relaxed);
    };
    const ResolvedRequest& request = input_.request;
    if (request.modifier && !request.modifier->is_linear())
        propose(RelaxationKind::modifier, "leave the modifier open", RemedyKind::open_modifier,
                [](Relaxed& r) { r.request.modifier.reset(); });
    else if (request.modifier && request.modifier->state == Modifier::State::named)
        propose(RelaxationKind::modifier, "take LINEAR without its being named",
                RemedyKind::open_modifier, [](Relaxed& r) { r.request.modifier.reset(); });
    if (!request.without.empty())
        propose(RelaxationKind::left_out, "use what was left out: " + list_text(request.without),
                RemedyKind::let_in, [](Relaxed& r) { r.request.without.clear(); });
    if (request.strict)
        propose(RelaxationKind::strict, "take memory of which nobody knows whether it is accepted",
                RemedyKind::not_strict, [](Relaxed& r) { r.request.strict = false; });
    if (!request.any_device)
        propose(RelaxationKind::any_device, "use memory of a device that is not named",
                RemedyKind::any_device, [](Relaxed& r) { r.request.any_device = true; });
    const auto format = format_info(request.fourcc);
    if (format && format->planes.size() > 1)
        propose(RelaxationKind::placement, "allocate each plane by itself", RemedyKind::each_plane,
                [](Relaxed& r) { r.split_planes = true; });
    return proposals;
}

/// Only where nothing helps alone.
void RelaxationSearch::try_pairs(const std::vector<Proposal>& proposals) {
    for (std::size_t i = 0; i < proposals.size(); ++i)
        for (std::size_t k = i + 1; k < proposals.size(); ++k) {
            const Proposal& less = proposals[i];
            Proposal both = proposals[k];
            both.what = less.what + " and " + both.what;
            both.how.insert(both.how.begin(), less.how.begin(), less.how.end());
            both.place += static_cast<std::int64_t>(proposals.size()) * (less.place + 1);
            if (less.kind == RelaxationKind::modifier)
                both.relaxed.request.modifier.reset();
            if (less.kind == RelaxationKind::left_out)
                both.relaxed.request.without.clear();
            if (less.kind == RelaxationKind::strict)
                both.relaxed.request.strict = false;
            if (less.kind == RelaxationKind::any_device)
                both.relaxed.request.any_device = true;
            try_out(both);
        }
}

/// As large as some device makes it, and only the wanted part counts: nothing of the picture is
/// lost, where the device that fills it can make so much.
void RelaxationSearch::try_crops() {
    const ResolvedRequest& request = input_.request;
    const std::uint32_t width = request.crop_width != 0 ? request.crop_width : request.width;
    const std::uint32_t height = request.crop_height != 0 ? request.crop_height : request.height;
    std::int64_t place = 0;
    if (!spending_.afford(count_pairs(input_) * cost::looked_up))
        return;
    for (const ImageSize& padded : padded_sizes(input_)) {
        const std::string larger = fmt::format("{}x{}", padded.width, padded.height);
        const std::string part = fmt::format("{}x{}", width, height);
        Proposal proposal{RelaxationKind::crop,
                          place++,
                          fmt::format("request {} and crop to {}", larger, part),
                          {{RemedyKind::crop, {larger, part}}},
                          original()};
        proposal.relaxed.request.width = padded.width;
        proposal.relaxed.request.height = padded.height;
        proposal.relaxed.request.crop_width = width;
        proposal.relaxed.request.crop_height = height;
        if (try_out(proposal))
            return;
    }
}

void RelaxationSearch::try_formats() {
    const auto wanted = format_info(input_.request.fourcc);
    // What is in an opaque image nobody knows who could name another one.
    if (!wanted || wanted->opaque || !input_.request.is_image())
        return;
    if (!spending_.afford(formats_.size() * 4 * cost::looked_up))
        return;
    std::set<FormatDistance> nearest;
    for (const Fourcc format : formats_) {
        const auto info = format_info(format);
        if (!info || format == wanted->fourcc || format == fourcc::bytes)
            continue;
        // What V4L2 alone has a code for is another kind of picture: raw of a sensor, HSV.
        if (has_drm_code(wanted->fourcc) && !has_drm_code(format))
            continue;
        if (alpha_sibling(wanted->fourcc) != format) {
            nearest.insert(distance(*wanted, *info));
            continue;
        }
        Proposal proposal{
            RelaxationKind::alpha,
            0,
            fmt::format("request {} instead of {}", to_string(format), to_string(wanted->fourcc)),
            {{RemedyKind::format, {to_string(format)}}},
            original()};
        proposal.relaxed.request.fourcc = format;
        try_out(proposal);
    }
    std::size_t tried = 0;
    for (const FormatDistance& near : nearest) {
        if (tried == most_formats)
            break;
        const Fourcc format = near.fourcc;
        Proposal proposal{
            RelaxationKind::format,
            static_cast<std::int64_t>(tried++),
            fmt::format("request {} instead of {}", to_string(format), to_string(wanted->fourcc)),
            {{RemedyKind::format, {to_string(format)}}},
            original()};
        proposal.relaxed.request.fourcc = format;
        try_out(proposal);
    }
}

/// As little less as helps.
void RelaxationSearch::try_less_cpu() {
    for (const CpuAccess access : {CpuAccess::read_rarely, CpuAccess::write, CpuAccess::none}) {
        if (access >= input_.request.cpu)
            continue;
        Proposal proposal{RelaxationKind::cpu_access,
                          static_cast<std::int64_t>(access),
                          access == CpuAccess::none
                              ? std::string("do not touch it with the CPU")
                              : fmt::format("use the CPU for {} only", to_string(access)),
                          {{RemedyKind::cpu, {std::string(to_string(access))}}},
                          original()};
        proposal.relaxed.request.cpu = access;
        if (try_out(proposal))
            return;
    }
}

void RelaxationSearch::try_fewer_buffers() {
    const auto counted = [&](std::uint64_t count) {
        Relaxed relaxed = original();
        relaxed.request.count = static_cast<std::uint32_t>(count);
        return relaxed;
    };
    const auto most =
        largest(input_.request.count, [&](std::uint64_t count) { return serves(counted(count)); });
    if (most && *most >= input_.least_count)
        try_out({RelaxationKind::count,
                 0,
                 fmt::format("request {} {} instead of {}", *most,
                             *most == 1 ? "buffer" : "buffers", input_.request.count),
                 {{RemedyKind::count, {std::to_string(*most)}}},
                 counted(*most)});
}

void RelaxationSearch::try_fewer_bytes() {
    if (input_.request.is_image() || input_.request.size <= input_.page_size)
        return;
    const std::uint64_t page = std::max<std::uint64_t>(input_.page_size, 1);
    const auto sized = [&](std::uint64_t pages) {
        Relaxed relaxed = original();
        relaxed.request.size = pages * page;
        return relaxed;
    };
    const auto most = largest((input_.request.size - 1) / page + 1,
                              [&](std::uint64_t pages) { return serves(sized(pages)); });
    if (most)
        try_out({RelaxationKind::size,
                 0,
                 fmt::format("request {}", size_text(*most * page)),
                 {{RemedyKind::bytes, {std::to_string(*most * page)}}},
                 sized(*most)});
}

void RelaxationSearch::try_smaller_image() {
    if (!input_.request.is_image())
        return;
    const auto scaled = [&](std::uint64_t parts) {
        const auto part = [&](std::uint32_t pixels) {
            const std::uint64_t scaled = std::uint64_t{pixels} * parts / image_parts;
            return static_cast<std::uint32_t>(scaled < 2 ? 1 : scaled / 2 * 2);
        };
        Relaxed relaxed = original();
        relaxed.request.width = part(relaxed.request.width);
        relaxed.request.height = part(relaxed.request.height);
        relaxed.request.crop_width = relaxed.request.crop_height = 0;
        return relaxed;
    };
    const auto most =
        largest(image_parts, [&](std::uint64_t parts) { return serves(scaled(parts)); });
    if (!most)
        return;
    const Relaxed relaxed = scaled(*most);
    const std::string size = fmt::format("{}x{}", relaxed.request.width, relaxed.request.height);
    try_out({RelaxationKind::size,
             0,
             "request an image of " + size,
             {{RemedyKind::image_size, {size}}},
             relaxed});
}

/// Whether the device fills the buffer.
bool fills(Use use) {
    return use == Use::capture || use == Use::decode || use == Use::m2m_out || use == Use::render ||
           use == Use::write;
}

/// The use alone, and the others without it, with a CPU that copies from one to the other.
void RelaxationSearch::try_copy(std::size_t use, std::int64_t place) {
    const UseInput& apart = input_.uses[use];
    const bool from_it = fills(apart.use);
    const auto with_cpu = [&](bool reads) {
        Relaxed relaxed = original();
        relaxed.request.cpu =
            std::max(relaxed.request.cpu, reads ? CpuAccess::read_often : CpuAccess::write);
        return relaxed;
    };
    Relaxed own = with_cpu(from_it);
    own.uses = {use};
    const auto served = plan(own);
    if (!served || served->choices.empty())
        return;
    Proposal proposal{RelaxationKind::device,
                      place,
                      "",
                      {{RemedyKind::apart, {apart.party}}},
                      with_cpu(!from_it)};
    std::erase(proposal.relaxed.uses, use);
    if (proposal.relaxed.uses.empty() || !try_out(proposal))
        return;
    Relaxation& offer = offers_.back();
    const std::string& own_source = served->choices.front().candidate.source;
    offer.party = apart.party;
    offer.copy_from = from_it ? own_source : offer.source;
    offer.copy_to = from_it ? offer.source : own_source;
    offer.what = fmt::format("give {} a buffer of its own, and copy from {} to {}", apart.party,
                             offer.copy_from, offer.copy_to);
}

/// Only uses that are in the conflict, those that move least first.
void RelaxationSearch::try_copies() {
    std::set<std::pair<int, std::size_t>> uses;
    for (const Demand& demand : core_.demands)
        if (demand.side == Demand::Side::use)
            uses.emplace(traffic(input_.uses[demand.index].use), demand.index);
    std::int64_t place = 0;
    for (const auto& [moved, use] : uses) {
        if (place == static_cast<std::int64_t>(most_devices))
            break;
        try_copy(use, place++);
    }
}

std::vector<Relaxation> RelaxationSearch::best_first() {
    const std::vector<Proposal> proposals = simple();
    for (const Proposal& proposal : proposals)
        try_out(proposal);
    try_crops();
    try_formats();
    try_less_cpu();
    try_fewer_buffers();
    try_fewer_bytes();
    try_smaller_image();
    try_copies();
    if (offers_.empty())
        try_pairs(proposals);
    std::stable_sort(offers_.begin(), offers_.end(),
                     [](const auto& a, const auto& b) { return a.rank < b.rank; });
    return std::move(offers_);
}

} // namespace

std::vector<Relaxation> relaxations(const Input& input, const Core& core,
                                    std::span<const Fourcc> formats, const Replan& replan,
                                    Spending& spending) {
    return RelaxationSearch(input, core, formats, replan, spending).best_first();
}

} // namespace simplealloc::solver
