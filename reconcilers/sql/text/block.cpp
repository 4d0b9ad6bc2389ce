#include "reconcilers/sql/text/block.hpp"

#include "reconcilers/sql/text/quote.hpp"

namespace djdb::sql {

Statement block(const std::string& body) {
    return {"DO " + quote_literal(body)};
}

std::string raise(const char* state, const std::string& message) {
    return "RAISE EXCEPTION USING ERRCODE = " + quote_literal(state) + ", MESSAGE = " + message +
           ";";
}

}  // namespace djdb::sql
