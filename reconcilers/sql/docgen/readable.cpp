#include "reconcilers/sql/docgen/readable.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <ranges>
#include <string_view>
#include <vector>

namespace djdb::sql {
namespace {

constexpr std::size_t kWidth = 116;

/// How good it is to begin a line here.
enum class Break { Anywhere, BehindComma, BeforeClause };

struct Place {
    std::size_t at = 0;
    Break kind = Break::Anywhere;
};

bool begins_clause(std::string_view before, std::string_view after) {
    static constexpr std::array<std::string_view, 24> kClauses{
        "FROM ",  "WHERE ", "AND ",     "OR ",    "JOIN ",      "LEFT ",   "CROSS ",  "UNION ",
        "GROUP ", "ORDER ", "LATERAL ", "WITH ",  "WHEN ",      "ELSE ",   "LOOP ",   "BEGIN ",
        "IF ",    "FOR ",   "EXECUTE ", "RAISE ", "EXCEPTION ", "INSERT ", "VALUES ", "SET "};
    const bool is_second_word =
        after.starts_with("JOIN ") && (before.ends_with("LEFT") || before.ends_with("CROSS"));
    return !is_second_word &&
           std::ranges::any_of(kClauses, [&](auto word) { return after.starts_with(word); });
}

Break kind_of_break(std::string_view line, std::size_t space) {
    if (begins_clause(line.substr(0, space), line.substr(space + 1))) {
        return Break::BeforeClause;
    }
    return line[space - 1] == ',' ? Break::BehindComma : Break::Anywhere;
}

/// Spaces outside of quotes.
std::vector<Place> places_in(std::string_view line) {
    std::vector<Place> places;
    char quote = 0;
    for (std::size_t at = 0; at < line.size(); ++at) {
        const char c = line[at];
        if (quote != 0) {
            quote = c == quote ? '\0' : quote;
        } else if (c == '\'' || c == '"') {
            quote = c;
        } else if (c == ' ' && at > 0 && line[at - 1] != ' ') {
            places.push_back({at, kind_of_break(line, at)});
        }
    }
    return places;
}

/// The end of a line that begins at `from`: the last good place, unless that leaves most of it empty.
std::size_t end_of_line(const std::vector<Place>& places, std::size_t from, std::size_t width) {
    for (const auto& [kind, least] :
         {std::pair{Break::BeforeClause, width / 3},
          std::pair{Break::BehindComma, width / 3},
          std::pair{Break::Anywhere, std::size_t{1}}}) {
        const auto found =
            std::ranges::find_if(places | std::views::reverse, [&](const Place& place) {
                return place.kind >= kind && place.at <= from + width && place.at >= from + least;
            });
        if (found != places.rend()) {
            return found->at;
        }
    }
    const auto next =
        std::ranges::find_if(places, [&](const Place& place) { return place.at > from; });
    return next == places.end() ? std::string::npos : next->at;
}

std::string fold(std::string_view line) {
    const auto places = places_in(line);
    const auto indent = std::min(line.find_first_not_of(' '), line.size());
    std::string out;
    std::size_t from = 0;
    std::size_t width = kWidth;
    while (line.size() - from > width) {
        const auto end = end_of_line(places, std::max(from, indent), width);
        if (end == std::string::npos) {
            break;
        }
        out += std::string(line.substr(from, end - from)) + "\n" + std::string(indent + 4, ' ');
        from = end + 1;
        width = kWidth - indent - 4;
    }
    return out + std::string(line.substr(from));
}

std::string fold_all(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        out += fold(text.substr(0, end));
        text.remove_prefix(end);
        if (!text.empty()) {
            out += '\n';
            text.remove_prefix(1);
        }
    }
    return out;
}

/// The body of `DO 'body'`, each of its statements on a line, and lines where the source has them:
/// a literal holds none, so that they came as a run of spaces.
std::string body_of(const std::string& text, std::size_t quote) {
    std::string body;
    bool is_quoted = false;
    for (auto at = quote + 1; at + 1 < text.size(); ++at) {
        const auto next = std::string_view(text).substr(at + 1);
        is_quoted = is_quoted != (text[at] == '\'');
        if (text[at] == ' ' && next.starts_with(' ') && !is_quoted) {
            const auto end = std::min(text.find_first_not_of(' ', at), text.size() - 1);
            body += "\n    " + text.substr(at, end - at);
            at = end - 1;
            continue;
        }
        body += text[at];
        if (text[at] == '\'' || text[at] == '\\') {
            ++at;  // doubled
        } else if (text[at] == ';' && next.starts_with(' ') && !is_quoted) {
            body += "\n   ";
        }
    }
    return body;
}

}  // namespace

std::string readable(const std::string& statement) {
    const auto quote = statement.find('\'');
    if (!statement.starts_with("DO ") || quote == std::string::npos) {
        const auto first = statement.find_first_not_of('\n');
        return fold_all(statement.substr(first, statement.find_last_not_of('\n') - first + 1));
    }
    return fold_all("DO $$\n    " + body_of(statement, quote) + "\n$$");
}

}  // namespace djdb::sql
