#include "reconcilers/desired.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace djdb {
namespace {

constexpr std::size_t kMaxDatabaseName = 55;  // 63 bytes less "_migrate"
constexpr std::size_t kMaxReaderName = 59;    // with the database's; 63 less "_ro_"
constexpr std::size_t kMaxResourceName = 52;  // leaves room for the Job's revision and attempt

bool is_plain(std::string_view name) {
    const auto first_ok = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    return !name.empty() && first_ok(name.front()) &&
           std::ranges::all_of(name, [&](char c) { return first_ok(c) || (c >= '0' && c <= '9'); });
}

bool is_reserved(std::string_view name) {
    static constexpr std::array<std::string_view, 8> kReserved{
        "postgres",
        "template0",
        "template1",
        "djangodb_operator",
        "rdsadmin",
        "cloudsqladmin",
        "azure_maintenance",
        "azure_sys"};
    return std::ranges::find(kReserved, name) != kReserved.end() || name.starts_with("pg_");
}

std::string usual_secret(const DjangoDatabase& object, std::string reader) {
    std::ranges::replace(reader, '_', '-');
    return object.meta.key.name.str() + "-" + reader;
}

std::string reader_secret(const DjangoDatabase& object, const ReaderSpec& reader) {
    return reader.secret_name.empty() ? usual_secret(object, reader.name) : reader.secret_name;
}

/// Beside the app's Secret; a name has at most 253 bytes, and ends in a letter or digit.
std::string ca_name(const std::string& secret) {
    auto start = secret.substr(0, 250);
    start.erase(start.find_last_not_of("-.") + 1);
    return start + "-ca";
}

std::vector<ReaderSpec> all_readers(const DjangoDatabase& object) {
    auto readers = object.spec.access.readers;
    if (object.spec.backup.when != BackupWhen::Never) {
        readers.push_back({kBackupReader, ""});
    }
    return readers;
}

bool is_asked_for_by_name(const DjangoDatabase& object, const ReaderSpec& reader) {
    const auto& asked = object.spec.access.readers;
    return std::ranges::find(asked, reader.name, &ReaderSpec::name) != asked.end();
}

/// Of two Secrets with one name each would overwrite the other.
std::optional<std::string> find_reader_error(const DjangoDatabase& object) {
    const auto& name = object.meta.key.name.str();
    const auto& app = object.spec.credentials.secret_name;
    std::set<std::string> taken{app.empty() ? name + "-database" : app, name + "-migrate"};
    std::set<std::string> readers;
    for (const auto& reader : all_readers(object)) {
        const bool is_asked_for = is_asked_for_by_name(object, reader);
        const auto field = is_asked_for ? "spec.access.readers \"" + reader.name + "\""
                                        : std::string("spec.backup, whose login is \"backup\",");
        const auto secret = reader_secret(object, reader);
        if (!is_plain(reader.name) || !readers.insert(reader.name).second) {
            return field +
                   " is no plain name, or is taken: it stands there twice, or is \"backup\", the "
                   "login "
                   "of spec.backup. Nothing was made; rename it.";
        }
        if (object.spec.database.name.size() + reader.name.size() > kMaxReaderName) {
            return field +
                   " makes a role name of more than 63 bytes, where PostgreSQL cuts. Nothing was "
                   "made; choose a shorter name.";
        }
        if (!taken.insert(secret).second || secret.ends_with('-')) {
            return field + " would be published in Secret \"" + secret +
                   "\", which is taken or no name. Nothing was made; give it a secretName of its "
                   "own.";
        }
    }
    return std::nullopt;
}

std::optional<std::string> find_name_error(const DjangoDatabase& object) {
    const auto& name = object.spec.database.name;
    if (object.meta.key.name.str().size() > kMaxResourceName) {
        return "metadata.name has more than 52 bytes, so the names of its Jobs would not fit. "
               "Nothing was made; "
               "choose a shorter name.";
    }
    if (name.size() > kMaxDatabaseName) {
        return "spec.database.name has more than 55 bytes; PostgreSQL cuts names at 63 and two "
               "tenants could meet. "
               "Nothing was made; choose a shorter name.";
    }
    if (!is_plain(name)) {
        return "spec.database.name may hold a-z, 0-9 and _ and may not start with a digit. Nothing "
               "was made; "
               "choose another name.";
    }
    if (is_reserved(name)) {
        return "spec.database.name \"" + name +
               "\" is reserved. Nothing was made; choose another name.";
    }
    return find_reader_error(object);
}

}  // namespace

std::optional<ObjectName> usual_reader_secret(const Desired& desired, const RoleName& role) {
    const auto before = desired.names.read_only.str() + "_";
    if (!role.str().starts_with(before)) {
        return std::nullopt;
    }
    const ObjectName name(usual_secret(desired.object, role.str().substr(before.size())));
    const bool is_anothers =
        name == desired.secret_name || name == desired.migration_name ||
        std::ranges::find(desired.reader_secrets, name) != desired.reader_secrets.end();
    return is_anothers ? std::nullopt : std::optional(name);
}

Desired derive_desired(const DjangoDatabase& object, const std::string& cluster_id) {
    const auto& name = object.meta.key.name.str();
    const auto& asked = object.spec.credentials.secret_name;
    const auto secret = asked.empty() ? name + "-database" : asked;
    auto readers = all_readers(object);
    std::vector<ObjectName> reader_secrets;
    reader_secrets.reserve(readers.size());
    for (const auto& reader : readers) {
        reader_secrets.emplace_back(reader_secret(object, reader));
    }
    return Desired{
        .object = object,
        .names = tenant_names(DatabaseName(object.spec.database.name), readers),
        .setup =
            {object.spec.access.ownership,
             object.spec.access.runtime,
             object.spec.database.schemas,
             object.spec.database.extensions,
             object.spec.database.connection_limit,
             object.spec.database.time_zone,
             object.spec.migrations.lock_timeout,
             object.spec.migrations.deadline},
        .claimant = Claimant{cluster_id, object.meta.uid, object.meta.key},
        .secret_name = ObjectName(secret),
        .readers = std::move(readers),
        .reader_secrets = std::move(reader_secrets),
        .ca_name = ObjectName(ca_name(secret)),
        .migration_name = ObjectName(name + "-migrate"),
        .credentials_name = ObjectName("djangodb-" + object.meta.uid.str()),
        .name_error = object.undecodable.empty() ? find_name_error(object)
                                                 : std::optional(object.undecodable),
    };
}

}  // namespace djdb
