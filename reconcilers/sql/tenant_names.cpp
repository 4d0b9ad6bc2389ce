#include "reconcilers/database_port.hpp"

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

}  // namespace djdb
