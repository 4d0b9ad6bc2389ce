#include "reconcilers/image_ref.hpp"

#include <string>

namespace djdb {
namespace {

struct Parts {
    std::string repository;
    std::string tag;
    std::string digest;
};

Parts parts_of(const ImageRef& image) {
    const auto& text = image.str();
    const auto at = text.find('@');
    const auto named = text.substr(0, at);
    const auto digest = at == std::string::npos ? "" : text.substr(at + 1);
    // A colon before the last slash is of the registry's port.
    const auto colon = named.rfind(':');
    const auto slash = named.rfind('/');
    const bool is_tagged =
        colon != std::string::npos && (slash == std::string::npos || slash < colon);
    if (is_tagged) {
        return {named.substr(0, colon), named.substr(colon + 1), digest};
    }
    return {named, digest.empty() ? "latest" : "", digest};
}

}  // namespace

bool is_one_release(const ImageRef& one, const ImageRef& other) {
    if (one == other) {
        return true;
    }
    const auto a = parts_of(one);
    const auto b = parts_of(other);
    if (a.repository != b.repository) {
        return false;
    }
    return a.digest.empty() || b.digest.empty() ? a.tag == b.tag : a.digest == b.digest;
}

bool has_digest(const ImageRef& image) {
    return !parts_of(image).digest.empty();
}

bool is_latest(const ImageRef& image) {
    const auto parts = parts_of(image);
    return parts.digest.empty() && parts.tag == "latest";
}

}  // namespace djdb
