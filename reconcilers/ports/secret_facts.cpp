#include "reconcilers/ports/cluster.hpp"

namespace djdb {

std::optional<Sensitive> SecretFacts::find(const std::string& key) const {
    const auto found = data.find(key);
    return found == data.end() || found->second.empty() ? std::nullopt
                                                        : std::optional(found->second);
}

}  // namespace djdb
