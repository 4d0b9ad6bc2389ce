#include "reconcilers/database_port.hpp"

namespace djdb {

TenantNames tenant_names(const DatabaseName& database) {
    const auto role = [&](const char* suffix) { return RoleName(database.str() + suffix); };
    return {database, role("_owner"), role("_a"), role("_b"), role("_migrate")};
}

}  // namespace djdb
