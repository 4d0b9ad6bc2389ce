// SQL as it stands in docs/statements.md. Pure.
#pragma once

#include <string>

namespace djdb::sql {

/// White space is all that differs from what is sent, and the quotes of a DO block: its body is a
/// literal when it is sent, and stands here dollar-quoted on lines of its own. Long lines are folded
/// outside of quotes, before a clause where there is one.
std::string readable(const std::string& statement);

}  // namespace djdb::sql
