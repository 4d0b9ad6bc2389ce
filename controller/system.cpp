#include "controller/system.hpp"

#include "reconcilers/ports/failure.hpp"

#include <array>
#include <cstdio>
#include <random>
#include <string_view>
#include <sys/random.h>

namespace djdb {

TimePoint SystemClock::now() const {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

Sensitive KernelPasswordSource::make() {
    static constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    static constexpr std::size_t kLength = 44;
    // Bytes at or above the largest multiple of 62 are thrown away, or some letters would be
    // likelier.
    static constexpr unsigned kLimit = 256 - 256 % kAlphabet.size();
    std::string password;
    while (password.size() < kLength) {
        std::array<unsigned char, 64> bytes{};
        if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
            throw Error(
                {FailureClass::Terminal,
                 FailureOrigin::Operator,
                 "Randomness",
                 "the kernel gave no randomness for a password; nothing was changed"}
            );
        }
        for (const unsigned byte : bytes) {
            if (byte < kLimit && password.size() < kLength) {
                password += kAlphabet[byte % kAlphabet.size()];
            }
        }
    }
    return Sensitive(std::move(password));
}

std::string make_reconcile_id() {
    thread_local std::mt19937 random{std::random_device{}()};
    std::array<char, 16> text{};
    const auto length =
        std::snprintf(text.data(), text.size(), "%08x", static_cast<unsigned>(random()));
    return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace djdb
