#include "reconcilers/records/scrub.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <optional>
#include <utility>

namespace djdb {
namespace {

constexpr std::string_view kHidden = "***";
constexpr std::size_t kShortestSecret = 4;  // what is shorter would hide ordinary words
/// No bare KEY, nor PASS: KeyError and "passed:" are what people look for in a log.
constexpr std::array<std::string_view, 12> kSecretWords{
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PWD",
    "_PASS",
    "SECRET",
    "TOKEN",
    "CREDENTIAL",
    "_KEY",
    "APIKEY",
    "DSN",
    "DATABASE_URL"};

bool is_of_a_name(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}
bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

std::string upper(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) {
        return static_cast<char>(std::toupper(c));
    });
    return out;
}

std::size_t skip_blanks(std::string_view text, std::size_t at) {
    while (at < text.size() && is_blank(text[at])) {
        ++at;
    }
    return at;
}

/// A quote, with the backslashes before it where it stands within another text; empty: there is none.
std::string_view quote_at(std::string_view text, std::size_t at) {
    auto end = at;
    while (end < text.size() && text[end] == '\\') {
        ++end;
    }
    const bool is_quote = end < text.size() && (text[end] == '"' || text[end] == '\'');
    return is_quote ? text.substr(at, end + 1 - at) : std::string_view{};
}

/// The end of a text that begins with this quote: one that is escaped once more does not end it.
std::size_t end_of_quoted(std::string_view text, std::string_view quote, std::size_t begin) {
    auto end = text.find(quote, begin);
    while (end != std::string_view::npos && end > begin && text[end - 1] == '\\') {
        end = text.find(quote, end + 1);
    }
    return std::min(end, text.size());
}

/// From where to where a value goes.
struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
};

Span value_at(std::string_view text, std::size_t at) {
    at = skip_blanks(text, at);
    if (const auto quote = quote_at(text, at); !quote.empty()) {
        const auto begin = at + quote.size();
        return {begin, end_of_quoted(text, quote, begin)};
    }
    return {at, std::min(text.find_first_of(" \t", at), text.size())};
}

/// Behind the sign of a setting, an annotation, of ==, =>: where its value begins. None: there is no sign.
std::optional<std::size_t> behind_sign(std::string_view text, std::size_t at) {
    if (at == text.size() || (text[at] != '=' && text[at] != ':')) {
        return std::nullopt;
    }
    ++at;
    while (at < text.size() && (text[at] == '=' || text[at] == '>')) {
        ++at;
    }
    return at;
}

/// Behind a name: what it is set to; empty: nothing.
Span value_behind(std::string_view text, const std::string& name, std::size_t at) {
    if (name == "BEARER") {
        return at < text.size() && is_blank(text[at]) ? value_at(text, at) : Span{};
    }
    auto sign = skip_blanks(text, at);
    if (const auto quote = quote_at(text, sign); !quote.empty()) {
        if (name.ends_with("PASSWORD") && sign > at && quote == "'") {
            return value_at(text, sign);
        }
        sign = skip_blanks(text, sign + quote.size());
    }
    const auto begin = behind_sign(text, sign);
    if (!begin) {
        return {};
    }
    return name == "AUTHORIZATION" ? Span{skip_blanks(text, *begin), text.size()}
                                   : value_at(text, *begin);
}

std::string without_values(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        if (!is_of_a_name(text[at])) {
            out += text[at++];
            continue;
        }
        auto end = at;
        while (end < text.size() && is_of_a_name(text[end])) {
            ++end;
        }
        const auto name = upper(text.substr(at, end - at));
        const bool is_one = name == "BEARER" || name == "AUTHORIZATION" || is_secret_name(name);
        const auto value = is_one ? value_behind(text, name, end) : Span{};
        if (value.begin < value.end) {
            out.append(text.substr(at, value.begin - at)).append(kHidden);
            at = value.end;
        } else {
            out.append(text.substr(at, end - at));
            at = end;
        }
    }
    return out;
}

/// scheme://user:password@host; what has no colon may be a token. Of a text without blanks.
std::string without_login(std::string_view word) {
    const auto host = word.rfind('@');
    const auto scheme = word.find("://");
    if (host == std::string_view::npos || scheme == std::string_view::npos || host < scheme + 3) {
        return std::string(word);
    }
    const auto begin = scheme + 3;
    const auto colon = std::min(word.find(':', begin), host);
    const auto kept = colon < host ? colon + 1 : begin;
    return std::string(word.substr(0, kept)).append(kHidden).append(word.substr(host));
}

std::string without_logins(std::string_view text) {
    constexpr std::string_view kEnds = " \t\"'<>";
    std::string out;
    while (!text.empty()) {
        const auto end = std::min(text.find_first_of(kEnds), text.size());
        out += without_login(text.substr(0, end));
        if (end < text.size()) {
            out += text[end];
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

}  // namespace

bool is_secret_name(std::string_view name) {
    auto upper_name = upper(name);
    std::ranges::replace(upper_name, '-', '_');
    return std::ranges::any_of(kSecretWords, [&](std::string_view word) {
        return upper_name.find(word) != std::string::npos;
    });
}

std::string hide(std::string text, const std::vector<Sensitive>& secrets) {
    std::vector<const std::string*> values;
    for (const auto& secret : secrets) {
        if (secret.reveal().size() >= kShortestSecret) {
            values.push_back(&secret.reveal());
        }
    }
    // Else a part of it would be left where a shorter one is in it.
    std::ranges::sort(values, std::ranges::greater{}, [](const auto* value) {
        return value->size();
    });
    for (const auto* value : values) {
        for (auto at = text.find(*value); at != std::string::npos;
             at = text.find(*value, at + kHidden.size())) {
            text.replace(at, value->size(), kHidden);
        }
    }
    return text;
}

std::string scrub(std::string text, const std::vector<Sensitive>& secrets) {
    return without_values(without_logins(hide(std::move(text), secrets)));
}

}  // namespace djdb
