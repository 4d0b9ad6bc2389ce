#include "controller/postgres/session/resolve.hpp"

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <netdb.h>
#include <sys/socket.h>
#include <thread>

namespace djdb::postgres {
namespace {

constexpr std::size_t kMostAddresses = 8;

std::vector<std::string> look_up(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) {
        return {};
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
    std::vector<std::string> addresses;
    for (const auto* entry = found; entry != nullptr && addresses.size() < kMostAddresses;
         entry = entry->ai_next) {
        std::array<char, NI_MAXHOST> text{};
        if (::getnameinfo(
                entry->ai_addr,
                entry->ai_addrlen,
                text.data(),
                text.size(),
                nullptr,
                0,
                NI_NUMERICHOST
            ) == 0) {
            addresses.emplace_back(text.data());
        }
    }
    return addresses;
}

/// Outlives the caller when the resolver is slower than the deadline.
struct Answer {
    std::mutex mutex;
    std::condition_variable_any arrived;
    bool is_ready = false;
    std::vector<std::string> addresses;
};

}  // namespace

std::vector<std::string> resolve(const std::string& host, const CallContext& call) {
    const auto answer = std::make_shared<Answer>();
    // Detached: getaddrinfo can't be interrupted; the thread touches nothing but the shared answer.
    std::thread([answer, host] {
        auto addresses = look_up(host);
        const std::scoped_lock lock(answer->mutex);
        answer->addresses = std::move(addresses);
        answer->is_ready = true;
        answer->arrived.notify_all();
    }).detach();
    std::unique_lock lock(answer->mutex);
    answer->arrived.wait_until(lock, call.stop, call.deadline.at(), [&] {
        return answer->is_ready;
    });
    return answer->addresses;
}

}  // namespace djdb::postgres
