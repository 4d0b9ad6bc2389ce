#include "reconcilers/ports/database.hpp"

#include <algorithm>

namespace djdb {

TenantNames tenant_names(const DatabaseName& database, const std::vector<ReaderSpec>& readers) {
    const auto role = [&](const std::string& suffix) { return RoleName(database.str() + suffix); };
    TenantNames names{
        database,
        role("_owner"),
        role("_a"),
        role("_b"),
        role("_migrate"),
        role("_rw"),
        role("_ro")};
    for (const auto& reader : readers) {
        names.readers.push_back(role("_ro_" + reader.name));
    }
    return names;
}

bool is_to_be_repaired(const std::vector<Drift>& drift, Repair by) {
    return std::ranges::any_of(drift, [&](const Drift& one) { return one.repair == by; });
}

}  // namespace djdb
