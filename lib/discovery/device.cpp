// SPDX-License-Identifier: MIT
// The public face of a device record.
#include <simplealloc/device.hpp>

#include "lib/base/names.hpp"
#include "lib/discovery/capabilities.hpp"

#include <utility>

namespace simplealloc {

namespace {

constexpr Names<Use, 11> use_names({
    {Use::scanout, "scanout"},
    {Use::render, "render"},
    {Use::sample, "sample"},
    {Use::capture, "capture"},
    {Use::encode, "encode"},
    {Use::decode, "decode"},
    {Use::m2m_in, "m2m-in"},
    {Use::m2m_out, "m2m-out"},
    {Use::cursor, "cursor"},
    {Use::read, "read"},
    {Use::write, "write"},
});

} // namespace

std::string_view to_string(Use use) noexcept {
    return use_names.of(use);
}

std::optional<Use> parse_use(std::string_view text) noexcept {
    return use_names.parse(text);
}

Device::Device(std::shared_ptr<const DeviceRecord> data) noexcept : data_(std::move(data)) {}

Device Device::described(DeviceDescription description) {
    auto record = std::make_shared<DeviceRecord>();
    record->id = "described:" + description.name;
    record->path = description.name;
    record->subsystem = "described";
    record->facts.push_back({"described", "yes", Confidence::known, "caller"});
    record->described = std::move(description);
    return Device(std::move(record));
}

const std::string& Device::id() const noexcept {
    return data_->id;
}
const std::string& Device::path() const noexcept {
    return data_->path;
}
const std::string& Device::subsystem() const noexcept {
    return data_->subsystem;
}
const std::string& Device::driver() const noexcept {
    return data_->driver;
}
const std::vector<Fact>& Device::facts() const noexcept {
    return data_->facts;
}
const std::vector<Use>& Device::uses() const noexcept {
    return data_->uses;
}

Result<std::vector<CapabilitySet>> Device::capabilities(Use use, Fourcc fourcc) const {
    return simplealloc::capabilities(*data_, {*this, use, {}}, fourcc);
}

} // namespace simplealloc
