// The bearer token: fixed, or a file that the kubelet replaces. Any thread may call.
#pragma once

#include "controller/kube/transport/transport.hpp"
#include "crds/sensitive.hpp"

#include <chrono>
#include <filesystem>
#include <mutex>

namespace djdb::kube {

class TokenSource {
  public:
    TokenSource(Sensitive fixed, std::filesystem::path file);

    /// Empty when there is no token. The file is read at most once in 60 s; if that fails, the last
    /// token stays.
    Sensitive current();
    /// The server refused `token` (401): the file is read again at the next current().
    /// @return true when asking again may bring another token
    bool refuse(const Sensitive& token);

  private:
    std::mutex mutex_;
    Sensitive token_;
    std::filesystem::path file_;
    std::chrono::steady_clock::time_point read_at_{};
    bool stale_ = true;
};

/// Puts the token on a copy of the request.
HttpRequest with_token(HttpRequest request, const Sensitive& token);

inline int status_of(const HttpResponse& answer) {
    return answer.status;
}
inline int status_of(const WatchAnswer& answer) {
    return answer.answer.status;
}

/// Sends with the current token and, after a 401 and only if the token is another one by then, once
/// more. A 401 means that nothing was done, so this holds for every method.
template <class Send>
auto send_authorized(TokenSource& tokens, const HttpRequest& request, const Send& send) {
    const Sensitive token = tokens.current();
    auto answer = send(with_token(request, token));
    if (status_of(answer) != 401 || !tokens.refuse(token)) {
        return answer;
    }
    const Sensitive renewed = tokens.current();
    if (renewed == token) {
        return answer;
    }
    return send(with_token(request, renewed));
}

}  // namespace djdb::kube
