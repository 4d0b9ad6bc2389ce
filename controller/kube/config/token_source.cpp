#include "controller/kube/config/token_source.hpp"

#include "controller/kube/config/text_file.hpp"

#include <string>
#include <utility>

namespace djdb::kube {

TokenSource::TokenSource(Sensitive fixed, std::filesystem::path file)
    : token_(std::move(fixed)), file_(std::move(file)) {}

Sensitive TokenSource::current() {
    constexpr std::chrono::seconds kLifetime{60};
    const std::scoped_lock lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (file_.empty() || (!stale_ && now - read_at_ < kLifetime)) {
        return token_;
    }
    auto text = read_text_file(file_).value_or("");
    text.erase(text.find_last_not_of(" \t\r\n") + 1);
    if (!text.empty()) {
        token_ = Sensitive(std::move(text));
        read_at_ = now;
        stale_ = false;
    }
    return token_;
}

bool TokenSource::refuse(const Sensitive& token) {
    const std::scoped_lock lock(mutex_);
    if (file_.empty()) {
        return false;
    }
    // Another thread may have brought the new one already.
    if (token == token_) {
        stale_ = true;
    }
    return true;
}

HttpRequest with_token(HttpRequest request, const Sensitive& token) {
    if (!token.empty()) {
        request.headers.emplace_back("Authorization", "Bearer " + token.reveal());
    }
    return request;
}

}  // namespace djdb::kube
