// What a record keeps of a Job's log: the program's answer, whole, and the last lines. Pure.
#pragma once

#include "crds/sensitive.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace djdb {

struct JobLog {
    /// The last one in it, as JSON; of what Kubernetes has kept of it, where the log has none. Empty: there is none.
    std::string answer;
    /// At most kLongestLog bytes, none of the answer: whole lines but for those that are cut at kLongestLine.
    std::string lines;
};

inline constexpr std::size_t kLongestLog = 4096;
inline constexpr std::size_t kLongestLine = 500;
inline constexpr std::size_t kLongestAnswer = 65536;

/// @param text whole lines
/// @param kept the termination message
/// @param secrets that may stand in them, such as the tenant's passwords
JobLog read_job_log(
    const std::string& text, const std::string& kept, const std::vector<Sensitive>& secrets
);

/// Of a Job whose log can't be read.
JobLog without_log(
    const std::string& why, const std::string& kept, const std::vector<Sensitive>& secrets
);

}  // namespace djdb
