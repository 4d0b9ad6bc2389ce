#include "reconcilers/ports/content_name.hpp"

#include <cstdint>

namespace djdb {

std::string name_by_content(const std::string& text) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
    static constexpr auto kDigits = "0123456789abcdef";
    std::string out;
    for (int shift = 60; shift >= 20; shift -= 4) {
        out += kDigits[(hash >> static_cast<unsigned>(shift)) & 0xFU];
    }
    return out;
}

}  // namespace djdb
