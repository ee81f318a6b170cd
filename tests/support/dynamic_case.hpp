// SPDX-License-Identifier: MIT
// Test cases that are made from data while the program starts.
#pragma once

#include "tests/support/catch.hpp"

#include <functional>
#include <string>

namespace simplealloc::test {

class DynamicCase : public Catch::ITestInvoker {
public:
    explicit DynamicCase(std::function<void()> work) : work_(std::move(work)) {}
    void invoke() const override { work_(); }

private:
    std::function<void()> work_;
};

/// To be called before main(). Names must differ.
inline void register_case(const std::string& name, const std::string& tags,
                          std::function<void()> work) {
    const Catch::NameAndTags labels{name, tags};
#if __has_include(<catch2/catch_all.hpp>)
    Catch::AutoReg(Catch::Detail::make_unique<DynamicCase>(std::move(work)),
                   CATCH_INTERNAL_LINEINFO, Catch::StringRef(), labels);
#else
    Catch::AutoReg(new DynamicCase(std::move(work)), CATCH_INTERNAL_LINEINFO, Catch::StringRef(),
                   labels);
#endif
}

} // namespace simplealloc::test
