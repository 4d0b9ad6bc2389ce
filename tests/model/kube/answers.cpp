#include "tests/model/kube/answers.hpp"

#include <map>

namespace djdb::model {

std::string answer_of(
    JobKind kind,
    const std::string& reason,
    const std::vector<std::string>& leaves,
    const std::string& plan
) {
    std::string list;
    for (const auto& leaf : leaves) {
        list += (list.empty() ? "\"" : ",\"") + leaf + "\"";
    }
    return R"({"v":1,"kind":")" + std::string(to_string(kind)) + R"(","ok":)" +
           std::string(reason.empty() ? "true" : "false") + R"(,"reason":)" +
           (reason.empty() ? "null" : "\"" + reason + "\"") + R"(,"message":")" +
           (kind == JobKind::Probe ? "" : "of the model") + R"(","leaves":[)" + list +
           R"(],"applied":[])" + plan + "}";
}

int exit_code_of(const std::string& reason) {
    static const std::map<std::string, int> kCodes{
        {"Unreachable", 75},
        {"AuthFailed", 76},
        {"DatabaseMissing", 77},
        {"ReadOnlyServer", 80},
        {"VerifyFailed", 93}};
    return kCodes.at(reason);
}

}  // namespace djdb::model
