// All SQL of the operator by occasion, for docs/statements.md. Pure.
#pragma once

#include "reconcilers/sql/text/statement.hpp"

#include <vector>

namespace djdb::sql {

enum class Where {
    OwnDatabase,     ///< the maintenance database: nobody else creates anything there
    OthersDatabase,  ///< a tenant's, or postgres: no name in the statement may go by search_path
};

struct Section {
    const char* title;
    Where where;
    /// Who runs it, where, and when.
    const char* when;
    /// Where they depend on the server or the resource, those of the variants follow each other.
    Batch statements;
};

/// For a tenant named shop.
std::vector<Section> statement_sections();

}  // namespace djdb::sql
