#include "reconcilers/records/secrets_of.hpp"

#include "reconcilers/records/scrub.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <ranges>
#include <string>
#include <utility>

namespace djdb {
namespace {

using nlohmann::json;

/// What is shorter may be a word, such as the name of a Secret.
constexpr std::size_t kShortest = 8;
constexpr std::size_t kMost = 200;

/// A log has them one by one, such as those of a key.
void add_lines(std::vector<Sensitive>& secrets, const std::string& value) {
    for (const auto part : std::views::split(value, '\n')) {
        std::string line(part.begin(), part.end());
        if (line.size() >= kShortest && secrets.size() < kMost) {
            secrets.emplace_back(std::move(line));
        }
    }
}

void add_literals(std::vector<Sensitive>& secrets, const json& container) {
    for (const auto& variable : container.value("env", json::array())) {
        if (is_secret_name(variable.value("name", ""))) {
            add_lines(secrets, variable.value("value", ""));
        }
    }
}

void add_literals(std::vector<Sensitive>& secrets, const PodTemplate& pod_template) {
    const auto parsed = json::parse(pod_template.text(), nullptr, false);
    for (const auto* kind : {"/spec/containers", "/spec/initContainers"}) {
        const json::json_pointer containers(kind);
        if (parsed.contains(containers)) {
            for (const auto& container : parsed.at(containers)) {
                add_literals(secrets, container);
            }
        }
    }
}

}  // namespace

std::vector<Sensitive> secrets_of(const Observed& observed) {
    std::vector<Sensitive> secrets;
    for (const auto& passwords :
         {observed.secrets.passwords.value_or(TenantPasswords{}), observed.secrets.recovered}) {
        for (const auto& [login, password] : passwords) {
            secrets.push_back(password);
        }
    }
    for (const auto& workload : observed.release.workloads) {
        add_literals(secrets, workload.pod_template);
    }
    return secrets;
}

}  // namespace djdb
