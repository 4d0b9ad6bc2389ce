// One answer of the server, as libpq holds it.
#pragma once

#include "reconcilers/sql/text/statement.hpp"

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <vector>

namespace djdb::postgres {

struct ResultClearer {
    void operator()(PGresult* raw) const { PQclear(raw); }
};
using Result = std::unique_ptr<PGresult, ResultClearer>;

/// A field of an error or a notice, such as PG_DIAG_SQLSTATE; empty when the server sent none.
std::string field(const PGresult* result, int code);
bool is_failure(const PGresult* result);
/// Such a result never ends by itself, and nothing of ours asks for one.
bool is_copy(const PGresult* result);
std::vector<sql::Row> rows_of(const PGresult* result);

}  // namespace djdb::postgres
