// One SQL statement with its parameters, and a row of its result: what builders make and a session
// runs.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace djdb::sql {

/// The text never holds a password or verifier, parameters may: neither is ever printed.
struct Statement {
    std::string text;
    std::vector<std::string> parameters;
    /// A session that ran it once has it prepared: for what is planned for longer than it runs.
    bool is_kept = false;

    // NOLINTNEXTLINE(misc-explicit-constructor): most statements are a text alone
    Statement(std::string sql, std::vector<std::string> values = {})
        : text(std::move(sql)), parameters(std::move(values)) {}

    [[nodiscard]] Statement kept() && {
        is_kept = true;
        return std::move(*this);
    }
};

/// Run in this order, in one implicit transaction and one round trip.
using Batch = std::vector<Statement>;

/// A row of a result; nullopt is NULL. Read it by at(): how many columns it has is up to the server.
using Row = std::vector<std::optional<std::string>>;

}  // namespace djdb::sql
