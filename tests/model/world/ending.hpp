// What has to be true once nothing goes wrong any more and some time has gone by.
#pragma once

#include "tests/model/world/story.hpp"
#include "tests/model/world/world.hpp"

#include <string>

namespace djdb::model {

/// What is not yet as the script asks for; empty: everything is.
std::string find_unrest(const World& world, const Script& script);

}  // namespace djdb::model
