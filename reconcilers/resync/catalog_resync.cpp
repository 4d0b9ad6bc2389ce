#include "reconcilers/resync/catalog_resync.hpp"

#include <algorithm>

namespace djdb {
namespace {

/// Rows of one answer; three thousand are 200 kB.
constexpr std::size_t kMostAtOnce = 5000;

}  // namespace

void CatalogResync::operator()(
    const std::string& server, const ServerAccess& access, const CallContext& call
) const {
    const auto settled = cache_.settled_on(server);
    for (auto next = settled.begin(); next != settled.end();) {
        const auto first = next;
        std::vector<DatabaseName> databases;
        for (; next != settled.end() && databases.size() < kMostAtOnce; ++next) {
            databases.push_back(next->second.database);
        }
        const auto now = database_.fingerprint_tenants(access, databases, call);
        std::for_each(first, next, [&](const auto& entry) {
            const auto found = now.find(entry.second.database);
            if (found == now.end() || found->second != entry.second.drift.fingerprint) {
                wake_(entry.first);
            }
        });
    }
}

}  // namespace djdb
