#include "reconcilers/sql/text/block.hpp"

#include "reconcilers/sql/text/quote.hpp"

namespace djdb::sql {

Statement block(const std::string& body) {
    return {"DO " + quote_literal(body)};
}

Statement where_schema_exists(const std::string& schema, const std::string& statements) {
    return block(
        "BEGIN IF EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname "
        "OPERATOR(pg_catalog.=) " +
        quote_literal(schema) + ") THEN " + statements + " END IF; END"
    );
}

std::string raise(const char* state, const std::string& message) {
    return "RAISE EXCEPTION USING ERRCODE = " + quote_literal(state) + ", MESSAGE = " + message +
           ";";
}

}  // namespace djdb::sql
