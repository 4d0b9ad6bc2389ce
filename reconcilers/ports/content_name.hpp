// A short name for what something holds: equal names say "nothing changed". Pure.
#pragma once

#include <string>

namespace djdb {

/// FNV-1a, of its 64 bits the upper 44: it guards against nobody. What was recorded by it stays valid as long as it does
/// not change.
/// @return eleven hex digits
std::string name_by_content(const std::string& text);

}  // namespace djdb
