#include "reconcilers/sql/text/quote.hpp"

#include "reconcilers/ports/failure.hpp"

#include <cstddef>
#include <cstdint>

namespace djdb::sql {
namespace {

constexpr std::size_t kLongestIdentifier = 63;

std::uint8_t byte_at(std::string_view text, std::size_t at) {
    return static_cast<std::uint8_t>(text[at]);
}

/// Length of the UTF-8 sequence that starts at `at`, 0 when it is malformed, overlong or a
/// surrogate.
std::size_t sequence_length(std::string_view text, std::size_t at) {
    const auto lead = byte_at(text, at);
    if (lead < 0x80) {
        return 1;
    }
    const auto length = 2 + std::size_t{lead >= 0xE0} + std::size_t{lead >= 0xF0};
    if (lead < 0xC2 || lead > 0xF4 || at + length > text.size()) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte_at(text, at + i) & 0xC0U) != 0x80U) {
            return 0;
        }
    }
    const auto second = byte_at(text, at + 1);
    const bool refused = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
                         (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
    return refused ? 0 : length;
}

/// What is wrong with the text, or empty.
std::string_view flaw_of(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const auto lead = byte_at(text, at);
        if (lead < 0x20 || lead == 0x7F) {
            return "a control character";
        }
        const auto length = sequence_length(text, at);
        if (length == 0) {
            return "bytes that are not UTF-8";
        }
        at += length;
    }
    return {};
}

std::string doubled(std::string_view text, std::string_view specials) {
    std::string result;
    result.reserve(text.size() + 8);
    for (const char c : text) {
        if (specials.find(c) != std::string_view::npos) {
            result += c;
        }
        result += c;
    }
    return result;
}

[[noreturn]] void refuse(std::string code, std::string message) {
    throw Error(
        {FailureClass::Invalid, FailureOrigin::Operator, std::move(code), std::move(message)}
    );
}

}  // namespace

std::string quote_identifier(std::string_view name) {
    if (name.empty() || name.size() > kLongestIdentifier) {
        refuse(
            "InvalidName",
            "A PostgreSQL name must have 1 to 63 bytes, this one has " +
                std::to_string(name.size()) + ". No SQL was sent; shorten the name."
        );
    }
    if (const auto flaw = flaw_of(name); !flaw.empty()) {
        refuse(
            "InvalidName",
            "A PostgreSQL name contains " + std::string(flaw) +
                ". No SQL was sent; change the name."
        );
    }
    return '"' + doubled(name, "\"") + '"';
}

std::string quote_literal(std::string_view value) {
    if (const auto flaw = flaw_of(value); !flaw.empty()) {
        refuse(
            "InvalidValue",
            "A value for PostgreSQL contains " + std::string(flaw) + ". No SQL was sent."
        );
    }
    const bool has_backslash = value.find('\\') != std::string_view::npos;
    return (has_backslash ? " E'" : "'") + doubled(value, "'\\") + '\'';
}

}  // namespace djdb::sql
