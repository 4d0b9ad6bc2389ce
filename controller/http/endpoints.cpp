#include "controller/http/endpoints.hpp"

namespace djdb::http {

std::map<std::string, Check> endpoints(const std::atomic<bool>& ready) {
    return {{"/livez", [] { return true; }}, {"/readyz", [&ready] { return ready.load(); }}};
}

}  // namespace djdb::http
