// What the program in a Job says, as jobs/djangodb_answer.py writes it.
#pragma once

#include "reconcilers/jobs/job.hpp"

#include <string>
#include <vector>

namespace djdb::model {

/// A probe's words are shown as long as its Job is there, which may be chance.
/// @param reason empty: all went well
/// @param plan further members
std::string answer_of(
    JobKind kind,
    const std::string& reason,
    const std::vector<std::string>& leaves,
    const std::string& plan = {}
);

/// Of those that a login may end with, and of what does not work behind it.
int exit_code_of(const std::string& reason);

}  // namespace djdb::model
