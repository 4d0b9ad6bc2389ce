// What has to be true once nothing goes wrong any more and some time has gone by.
#pragma once

#include "tests/model/world/story.hpp"
#include "tests/model/world/world.hpp"

#include <string>

namespace djdb::model {

/// What is not yet as the script asks for; empty: everything is.
std::string find_unrest(const World& world, const Script& script);

/// What the gate holds although nothing but a proof has failed or is underway; empty: nothing. To be
/// asked when a release has had time enough.
std::string find_what_a_proof_holds(const World& world);

}  // namespace djdb::model
