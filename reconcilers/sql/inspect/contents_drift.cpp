// find_contents_drift: schemas, rights on rows and extensions.
#include "reconcilers/sql/inspect/facts_json.hpp"
#include "reconcilers/sql/inspect/server_drift.hpp"
#include "reconcilers/sql/provision/role_model.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace djdb::sql {
namespace {

using nlohmann::json;

class Comparison {
  public:
    Comparison(
        const TenantNames& names, const TenantSetup& setup, bool shares_public, const json& contents
    )
        : names_(names), setup_(setup), shares_public_(shares_public), contents_(contents) {}

    std::vector<Drift> run() {
        for (const auto& schema : managed_schemas(setup_)) {
            // Whose it is on 13 and 14 is the server's matter, that it is gone is not.
            const bool is_anothers =
                schema == "public" && shares_public_ && part(contents_, "schemas").contains(schema);
            if (!is_anothers) {
                compare_schema(schema);
            }
        }
        for (const auto& group : row_groups(names_, setup_)) {
            compare_group(group);
        }
        for (const auto& extension : setup_.extensions) {
            if (!has(part(contents_, "extensions"), extension)) {
                tell(DriftKind::ExtensionMissing, extension);
            }
        }
        return std::move(found_);
    }

  private:
    void tell(DriftKind kind, std::string subject, std::vector<std::string> details = {}) {
        found_.push_back({kind, std::move(subject), std::move(details)});
    }

    void compare_schema(const std::string& schema) {
        const auto& row = part(part(contents_, "schemas"), schema);
        if (row.is_null()) {
            tell(
                schema == "public" ? DriftKind::PublicSchemaMissing : DriftKind::SchemaMissing,
                schema
            );
            return;
        }
        const auto owner = row.at("owner").get<std::string>();
        if (owner != names_.owner.str()) {
            tell(DriftKind::SchemaOwner, schema, {owner, names_.owner.str()});
        }
        const auto groups = row_groups(names_, setup_);
        for (const auto& group : groups) {
            if (!has(part(row.at("acl"), group.name.str()), "USAGE")) {
                tell(DriftKind::SchemaUsageMissing, schema, {group.name.str()});
            }
        }
        for (const auto& [grantee, privileges] : row.at("acl").items()) {
            compare_grantee(schema, grantee, privileges);
        }
    }

    void compare_grantee(
        const std::string& schema, const std::string& grantee, const json& privileges
    ) {
        const bool is_group =
            grantee == names_.read_write.str() || grantee == names_.read_only.str();
        for (const auto& one : privileges) {
            const auto privilege = one.get<std::string>();
            if (grantee == names_.owner.str() ||
                ((is_group || grantee.empty()) && privilege == "USAGE")) {
                continue;
            }
            tell_of_right(schema, grantee, privilege);
        }
    }

    void tell_of_right(
        const std::string& schema, const std::string& grantee, const std::string& privilege
    ) {
        if (grantee.empty()) {
            tell(DriftKind::SchemaPrivilegeOfPublic, schema, {privilege});
        } else {
            tell(DriftKind::SchemaPrivilegeAdded, schema, {privilege, grantee});
        }
    }

    void compare_group(const RowGroup& group) {
        const auto& name = group.name.str();
        for (const auto& relation : part(part(contents_, "ungranted"), name)) {
            tell(DriftKind::RowRightsMissing, relation.get<std::string>(), {name});
        }
        for (const auto& relation : part(part(contents_, "writable_records"), name)) {
            tell(DriftKind::RecordWritable, relation.get<std::string>(), {name});
        }
        for (const auto& schema : managed_schemas(setup_)) {
            if (!part(part(contents_, "schemas"), schema).is_null()) {
                compare_defaults(schema, "r", "tables", name, group.table_privileges);
                compare_defaults(schema, "S", "sequences", name, group.sequence_privileges);
            }
        }
    }

    void compare_defaults(
        const std::string& schema,
        const std::string& kind,
        const std::string& objects,
        const std::string& group,
        const std::vector<std::string>& privileges
    ) {
        const bool is_complete = std::ranges::all_of(privileges, [&](const std::string& one) {
            return has(part(contents_, "defaults"), schema + " " + kind + " " + group + " " + one);
        });
        if (!is_complete) {
            tell(DriftKind::DefaultRightsMissing, schema, {group, objects});
        }
    }

    const TenantNames& names_;
    const TenantSetup& setup_;
    bool shares_public_;
    const json& contents_;
    std::vector<Drift> found_;
};

}  // namespace

std::vector<Drift> find_contents_drift(
    const TenantNames& names, const TenantSetup& setup, bool shares_public, const json& contents
) {
    return Comparison(names, setup, shares_public, contents).run();
}

}  // namespace djdb::sql
