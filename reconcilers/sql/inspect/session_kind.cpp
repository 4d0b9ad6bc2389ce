#include "reconcilers/sql/inspect/session_kind.hpp"

namespace djdb::sql {

std::vector<PinnedSetting> pinned_settings(SessionKind kind) {
    std::vector<PinnedSetting> all{
        {"statement_timeout", "30s"},
        {"lock_timeout", "5s"},
        {"idle_in_transaction_session_timeout", "30s"}};
    if (is_administrators(kind)) {
        all.insert(
            all.end(),
            {{"search_path", "pg_catalog,pg_temp"},
             {"role", "none"},
             {"client_min_messages", "notice"},
             {"standard_conforming_strings", "on"},
             {"jit", "off"},
             {"log_parameter_max_length_on_error", "0"},
             {"local_preload_libraries", ""}}
        );
    }
    if (kind == SessionKind::Admin) {
        all.push_back({"default_transaction_read_only", "off"});
    }
    return all;
}

}  // namespace djdb::sql
