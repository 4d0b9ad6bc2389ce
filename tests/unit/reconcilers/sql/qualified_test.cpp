// What runs in a database where others create things goes by no search_path: each function, type,
// operator and catalog is named with pg_catalog, so that nothing that a tenant made can be meant.
#include "reconcilers/sql/docgen/statement_sections.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace djdb::sql {
namespace {

enum class Kind { Word, Text, Operator, Mark };

struct Token {
    Kind kind = Kind::Mark;
    std::string text;  ///< of a literal, what it stands for
};

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$';
}

bool is_operator(char c) {
    return std::string_view("+-*/<>=~!@#%^&|`?").find(c) != std::string_view::npos;
}

/// The literal or quoted name that begins at `at`, which moves behind it.
std::string unquoted(std::string_view sql, std::size_t& at) {
    const char quote = sql[at++];
    std::string text;
    while (at < sql.size() && (sql[at] != quote || sql.substr(at + 1, 1) == sql.substr(at, 1))) {
        at += sql[at] == quote ? 1U : 0U;
        text += sql[at++];
    }
    ++at;
    return text;
}

Token next_token(std::string_view sql, std::size_t& at) {
    if (sql[at] == '\'') {
        return {Kind::Text, unquoted(sql, at)};
    }
    if (sql[at] == '"') {
        return {Kind::Word, unquoted(sql, at)};
    }
    const auto begin = at;
    const auto run = [&](auto belongs, Kind kind) {
        while (at < sql.size() && belongs(sql[at])) {
            ++at;
        }
        return Token{kind, std::string(sql.substr(begin, at - begin))};
    };
    if (is_word(sql[at])) {
        return run(is_word, Kind::Word);
    }
    if (is_operator(sql[at])) {
        return run(is_operator, Kind::Operator);
    }
    const bool is_double = sql.substr(at, 2) == "::" || sql.substr(at, 2) == ":=";
    at += is_double ? 2 : 1;
    return {Kind::Mark, std::string(sql.substr(begin, at - begin))};
}

std::vector<Token> tokens_of(std::string_view sql) {
    // Two on either side, so that neighbours can be looked at without a check.
    std::vector<Token> tokens(4);
    for (std::size_t at = 0; at < sql.size();) {
        if (std::isspace(static_cast<unsigned char>(sql[at])) != 0) {
            ++at;
        } else {
            tokens.push_back(next_token(sql, at));
        }
    }
    tokens.resize(tokens.size() + 4);
    return tokens;
}

template <std::size_t N>
bool is_one_of(const Token& token, const std::array<std::string_view, N>& words) {
    return std::ranges::find(words, token.text) != words.end();
}

/// Words of the grammar that a parenthesis may follow.
constexpr std::array<std::string_view, 18> kSyntax{
    "ALL",
    "AND",
    "ANY",
    "AS",
    "EXISTS",
    "FROM",
    "IF",
    "JOIN",
    "KEY",
    "NOT",
    "ON",
    "OR",
    "OPERATOR",
    "SELECT",
    "THEN",
    "VALUES",
    "WHERE",
    "coalesce"};
/// They look for an operator by its name alone, and nothing can say whose.
constexpr std::array<std::string_view, 8> kHiddenOperators{
    "LIKE", "ILIKE", "BETWEEN", "SIMILAR", "NATURAL", "USING", "NULLIF", "OVERLAPS"};
/// The grammar itself says which types they are.
constexpr std::array<std::string_view, 4> kGrammarTypes{"int", "integer", "bigint", "boolean"};

class Search {
  public:
    explicit Search(std::string_view sql) : tokens_(tokens_of(sql)) {}

    /// What is named without pg_catalog, with what stands around it.
    std::vector<std::string> run() {
        for (std::size_t i = 4; i + 4 < tokens_.size(); ++i) {
            const auto& token = tokens_[i];
            const bool is_found =
                (token.kind == Kind::Word && (is_bare_name(i) || is_hidden_operator(i))) ||
                (token.kind == Kind::Operator && is_bare_operator(i)) ||
                (token.kind == Kind::Text && is_bare_catalog_in_text(i)) ||
                (token.text == "::" && is_bare_type(i + 1)) || begins_bare_variable(i);
            if (is_found) {
                found_.push_back(around(i));
            }
        }
        return found_;
    }

  private:
    [[nodiscard]] bool is(std::size_t at, std::string_view text) const {
        return tokens_[at].text == text && tokens_[at].kind != Kind::Text;
    }
    [[nodiscard]] bool is_qualified(std::size_t at) const {
        return is(at - 1, ".") && is(at - 2, "pg_catalog");
    }
    [[nodiscard]] bool is_bare_name(std::size_t at) const {
        if (is_qualified(at) || is(at, "pg_catalog")) {
            return false;
        }
        if (tokens_[at].text.starts_with("pg_")) {
            return true;
        }
        // An alias with columns, or a table of its own.
        const bool is_named_here = is(at - 1, ")") || is(at - 1, "ORDINALITY") ||
                                   is(at - 1, "TABLE") || (is(at - 1, ".") && is(at - 3, "TABLE"));
        return is(at + 1, "(") && !is_named_here && !is_one_of(tokens_[at], kSyntax);
    }
    [[nodiscard]] bool is_hidden_operator(std::size_t at) const {
        return (is_one_of(tokens_[at], kHiddenOperators) && !is(at - 1, "EXCEPTION")) ||
               (is(at, "IN") && is(at + 1, "(")) || (is(at, "CASE") && !is(at + 1, "WHEN")) ||
               (is(at, "IS") && (is(at + 1, "DISTINCT") || is(at + 2, "DISTINCT")));
    }
    [[nodiscard]] bool is_bare_operator(std::size_t at) const {
        const bool is_all =
            is(at, "*") && (is(at - 1, "SELECT") || is(at - 1, ".") || is(at - 1, "("));
        // RAISE .. USING
        const bool is_option = is(at, "=") && (is(at - 1, "ERRCODE") || is(at - 1, "MESSAGE"));
        return !is_all && !is_option && !(is_qualified(at) && is(at - 4, "OPERATOR"));
    }
    [[nodiscard]] bool is_bare_type(std::size_t at) const {
        return !is(at, "pg_catalog") && !is_one_of(tokens_[at], kGrammarTypes);
    }
    [[nodiscard]] bool is_bare_catalog_in_text(std::size_t at) const {
        return is(at + 1, "::") && is(at + 4, "regclass") &&
               !tokens_[at].text.starts_with("pg_catalog.");
    }
    /// DECLARE name type; name type := value; BEGIN
    [[nodiscard]] bool begins_bare_variable(std::size_t at) {
        declares_ = is(at, "DECLARE") || (declares_ && !is(at, "BEGIN"));
        const bool is_variable = declares_ && (is(at - 1, "DECLARE") || is(at - 1, ";"));
        return is_variable && is_bare_type(at + 1);
    }
    [[nodiscard]] std::string around(std::size_t at) const {
        std::string text;
        for (std::size_t i = at - 4; i <= at + 4; ++i) {
            text += tokens_[i].text + " ";
        }
        return text;
    }

    std::vector<Token> tokens_;
    std::vector<std::string> found_;
    bool declares_ = false;
};

/// Of a statement, or of the body of a DO block.
std::vector<std::string> unqualified_in(std::string_view sql) {
    constexpr std::string_view kDo = "DO ";
    if (!sql.starts_with(kDo)) {
        return Search(sql).run();
    }
    auto at = sql.find('\'');
    return Search(unquoted(sql, at)).run();
}

TEST(Qualified, NothingWhereOthersCreateGoesBySearchPath) {
    std::size_t statements = 0;
    for (const auto& section : statement_sections()) {
        for (const auto& statement : section.statements) {
            if (section.where == Where::OthersDatabase) {
                ++statements;
                for (const auto& found : unqualified_in(statement.text)) {
                    ADD_FAILURE() << section.title << ": .. " << found << "..";
                }
            }
        }
    }
    EXPECT_GT(statements, 30U);
}

TEST(Qualified, WhatIsNotIsFound) {
    for (const auto* sql :
         {"SELECT format('%I', a)",
          "SELECT pg_catalog.format('%I', lower(a))",
          "SELECT a = b",
          "SELECT a OPERATOR(public.=) b",
          "SELECT a || b",
          "SELECT FROM pg_class c",
          "SELECT FROM pg_catalog.pg_class JOIN pg_roles ON true",
          "SELECT 'x'::text",
          "SELECT 'pg_class'::pg_catalog.regclass",
          "SELECT a IN ('b', 'c')",
          "SELECT a NOT LIKE 'b'",
          "SELECT a IS NOT DISTINCT FROM b",
          "SELECT CASE a WHEN 1 THEN 2 END",
          "SELECT FROM a JOIN b USING (c)",
          "DO 'DECLARE a text; BEGIN END'",
          "DO 'DECLARE a pg_catalog.text; b record; BEGIN END'",
          "DO 'BEGIN PERFORM ''a'', upper(''b''); END'"}) {
        EXPECT_EQ(unqualified_in(sql).size(), 1U) << sql;
    }
    for (const auto* sql :
         {"SELECT pg_catalog.count(*), s.* FROM pg_catalog.pg_class s WHERE (a "
          "OPERATOR(pg_catalog.=) 1)",
          "DO 'DECLARE a pg_catalog.text := ''b = c''; BEGIN RAISE EXCEPTION USING ERRCODE = "
          "''x''; END'"}) {
        EXPECT_TRUE(unqualified_in(sql).empty()) << sql;
    }
}

}  // namespace
}  // namespace djdb::sql
