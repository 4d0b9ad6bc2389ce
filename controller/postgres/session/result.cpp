#include "controller/postgres/session/result.hpp"

#include <cstddef>
#include <optional>

namespace djdb::postgres {

std::string field(const PGresult* result, int code) {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? "" : text;
}

bool is_failure(const PGresult* result) {
    const auto status = PQresultStatus(result);
    return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

bool is_copy(const PGresult* result) {
    const auto status = PQresultStatus(result);
    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

std::vector<sql::Row> rows_of(const PGresult* result) {
    std::vector<sql::Row> rows(static_cast<std::size_t>(PQntuples(result)));
    for (int i = 0; i < PQntuples(result); ++i) {
        auto& row = rows[static_cast<std::size_t>(i)];
        for (int j = 0; j < PQnfields(result); ++j) {
            row.push_back(
                PQgetisnull(result, i, j) != 0
                    ? std::nullopt
                    : std::optional<std::string>(PQgetvalue(result, i, j))
            );
        }
    }
    return rows;
}

}  // namespace djdb::postgres
