// The seam to the API server: requests and answers as data. Two implementations keep the same
// promises (tests/unit/kube/transport_conformance_test.cpp runs against both). Any thread may call;
// calls block.
#pragma once

#include "reconcilers/ports/call_context.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace djdb::kube {

struct HttpRequest {
    std::string method;
    /// Path and query, percent-encoded, as it stands on the request line.
    std::string target;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
};

struct HttpResponse {
    int status = 0;
    /// Names in lower case.
    std::map<std::string, std::string> headers;
    std::string body;
};

class Transport {
  public:
    Transport() = default;
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;
    virtual ~Transport() = default;

    /// Any status is an answer. Redirects are not followed; the bearer token goes to the configured
    /// host only, and a 401 makes the token be read again and the request sent once more. Requests
    /// other than GET are sent once.
    /// @throws Error Transient, code "Connect", "Tls", "Write", "Read", "Timeout" or "Stopped";
    /// from "Write" on the
    ///         server may have done what was asked.
    virtual HttpResponse send(const HttpRequest& request, const CallContext& call) = 0;
};

/// The lines of a body that does not end.
class LineStream {
  public:
    LineStream() = default;
    LineStream(const LineStream&) = delete;
    LineStream& operator=(const LineStream&) = delete;
    virtual ~LineStream() = default;

    /// The next line without its end; nullopt at the end of the stream. One thread at a time.
    /// @param idle how long nothing may arrive
    /// @throws Error Transient "Timeout", "Read" or "Stopped", and "Oversize" for a line above 4
    /// MiB
    virtual std::optional<std::string> next(
        std::chrono::milliseconds idle, std::stop_token stop
    ) = 0;
};

/// With status 200 there are lines; any other status has its body in the answer and no lines.
struct WatchAnswer {
    HttpResponse answer;
    std::unique_ptr<LineStream> lines;
};

class WatchTransport {
  public:
    WatchTransport() = default;
    WatchTransport(const WatchTransport&) = delete;
    WatchTransport& operator=(const WatchTransport&) = delete;
    virtual ~WatchTransport() = default;

    /// Opens a connection of its own. The stream may outlive this object.
    /// @throws Error as Transport::send
    virtual WatchAnswer open_watch(const HttpRequest& request, const CallContext& call) = 0;
};

}  // namespace djdb::kube
