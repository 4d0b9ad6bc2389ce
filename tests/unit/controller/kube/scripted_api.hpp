// An API server's lists and watches of Pods as a script: the n-th list and the n-th watch are
// answered as given, the last one again and again. For what a real one does not do on demand.
#pragma once

#include "controller/kube/client/client.hpp"
#include "controller/kube/transport/beast_transport.hpp"
#include "tests/support/tls_peer.hpp"

#include <array>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace djdb::kube {

inline const Resource kPods{"", "v1", "pods", "Pod", true};

inline std::string pod(const std::string& name, const std::string& version) {
    return R"({"metadata":{"name":")" + name + R"(","namespace":"s","resourceVersion":")" +
           version + R"("}})";
}
inline std::string event(const std::string& type, const std::string& object) {
    return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}
inline std::string pod_list(const std::string& version, const std::string& items) {
    return R"({"kind":"PodList","metadata":{"resourceVersion":")" + version + R"("},"items":[)" +
           items + "]}";
}
inline std::string chunk(const std::string& bytes) {
    std::array<char, 32> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
    return size.data() + bytes + "\r\n";
}
inline std::string watch_head() {
    return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
}
inline std::string status_answer(int code, const std::string& reason) {
    return support::http_answer(
        std::to_string(code) + " X",
        R"({"kind":"Status","code":)" + std::to_string(code) + R"(,"reason":")" + reason + "\"}"
    );
}

struct Play {
    /// Whole HTTP answers.
    std::vector<std::string> lists;
    /// What is written, piece by piece; then the connection is cut, but stays open after the last.
    std::vector<std::vector<std::string>> watches;
};

class ScriptedApi {
  public:
    explicit ScriptedApi(Play play)
        : play_(std::move(play)),
          peer_({}, [this](support::PeerConnection& connection) { serve(connection); }) {}

    [[nodiscard]] std::unique_ptr<Client> client() const {
        ClusterConfig config;
        config.host = "localhost";
        config.port = peer_.port();
        config.ca_pem = peer_.ca_pem();
        return std::make_unique<Client>(
            make_beast_transport(config), make_watch_transport(config), "test"
        );
    }
    [[nodiscard]] std::size_t lists() const {
        return starting_with("GET /api/v1/pods?limit=").size();
    }
    [[nodiscard]] std::vector<std::string> watches() const {
        return starting_with("GET /api/v1/pods?watch=true");
    }

  private:
    [[nodiscard]] std::vector<std::string> starting_with(const std::string& start) const {
        std::vector<std::string> found;
        for (auto& sent : peer_.requests()) {
            if (sent.starts_with(start)) {
                found.push_back(std::move(sent));
            }
        }
        return found;
    }
    void serve(support::PeerConnection& connection) {
        for (auto sent = connection.read_request(); !sent.empty();
             sent = connection.read_request()) {
            if (sent.find("watch=true") == std::string::npos) {
                connection.write(next(play_.lists, listed_).first);
                continue;
            }
            const auto [pieces, is_last] = next(play_.watches, watched_);
            for (const auto& piece : pieces) {
                connection.write(piece);
            }
            if (is_last) {
                connection.wait_for_close();
            }
            return;
        }
    }
    template <class T>
    std::pair<T, bool> next(const std::vector<T>& all, std::size_t& position) {
        const std::scoped_lock lock(mutex_);
        const bool is_last = position + 1 >= all.size();
        return {all.at(is_last ? all.size() - 1 : position++), is_last};
    }

    Play play_;
    std::mutex mutex_;
    std::size_t listed_ = 0;
    std::size_t watched_ = 0;
    /// Last: its threads use the above.
    support::TlsPeer peer_;
};

}  // namespace djdb::kube
