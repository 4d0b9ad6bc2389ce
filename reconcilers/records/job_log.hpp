// What a record keeps of a Job's log: the program's answer, whole, and the last lines. The app prints into that log what
// it likes, so what looks like a password is taken out once more here. Pure.
#pragma once

#include "crds/sensitive.hpp"

#include <string>
#include <vector>

namespace djdb {

struct JobLog {
    /// The last one in it, as JSON; empty: there is none, or it is no JSON.
    std::string answer;
    /// At most kLongestLog bytes: whole lines but for those that are cut at kLongestLine, and none of the answer.
    std::string lines;
};

inline constexpr std::size_t kLongestLog = 4096;
inline constexpr std::size_t kLongestLine = 500;

/// @param secrets that may stand in it, such as the tenant's passwords
JobLog read_job_log(const std::string& text, const std::vector<Sensitive>& secrets);

/// Of an answer as the Pod's status keeps it, where there is no log.
JobLog without_log(
    const std::string& answer, const std::string& why, const std::vector<Sensitive>& secrets
);

/// The secrets, and what a URL, or a setting whose name says that it is one, holds.
std::string scrub(std::string text, const std::vector<Sensitive>& secrets);

}  // namespace djdb
