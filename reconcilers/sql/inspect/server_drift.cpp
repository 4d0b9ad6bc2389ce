#include "reconcilers/sql/inspect/server_drift.hpp"

#include "reconcilers/sql/inspect/facts_json.hpp"
#include "reconcilers/sql/provision/role_model.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <set>

namespace djdb::sql {
namespace {

using nlohmann::json;

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

std::string name_of(const std::string& setting) {
    return lower(setting.substr(0, setting.find('=')));
}

class Comparison {
  public:
    Comparison(
        const TenantNames& names,
        const TenantSetup& setup,
        const std::string& comment,
        const json& facts
    )
        : names_(names),
          setup_(setup),
          comment_(comment),
          facts_(facts),
          wanted_(tenant_roles(names, setup)) {}

    std::vector<Drift> run() {
        compare_names();
        for (const auto& role : wanted_) {
            compare_role(role);
        }
        compare_memberships();
        if (!part(facts_, "oid").is_null()) {
            compare_database();
            compare_privileges();
            compare_settings();
        }
        return std::move(found_);
    }

  private:
    void tell(DriftKind kind, std::string subject, std::vector<std::string> details = {}) {
        found_.push_back({kind, std::move(subject), std::move(details)});
    }
    const TenantRole* find_role(const std::string& name) const {
        const auto role = std::ranges::find_if(wanted_, [&](const TenantRole& one) {
            return one.name.str() == name;
        });
        return role == wanted_.end() ? nullptr : &*role;
    }

    /// Empty: none.
    static std::string group_of(const TenantRole& role) {
        return role.member_of ? role.member_of->str() : "";
    }

    /// A role of the tenant that is no longer requested, such as a reader's.
    bool is_leaving(const std::string& name) const {
        return find_role(name) == nullptr && has(part(facts_, "names"), name);
    }

    void compare_names() {
        for (const auto& name : all_names(names_)) {
            if (!has(part(facts_, "names"), name.str())) {
                tell(DriftKind::RoleNameNotKept, name.str());
            }
        }
    }

    void compare_role(const TenantRole& role) {
        const auto& name = role.name.str();
        const auto& row = part(part(facts_, "roles"), name);
        if (row.is_null()) {
            tell(DriftKind::RoleMissing, name);
            return;
        }
        if (row.at("mark") != json(comment_)) {
            tell(DriftKind::RoleCommentMissing, name);
        }
        static constexpr std::array<std::pair<const char*, const char*>, 5> kForbidden{
            {{"super", "SUPERUSER"},
             {"createdb", "CREATEDB"},
             {"createrole", "CREATEROLE"},
             {"replication", "REPLICATION"},
             {"bypassrls", "BYPASSRLS"}}};
        for (const auto& [key, word] : kForbidden) {
            if (row.at(key) == json(true)) {
                tell(DriftKind::RoleAttribute, name, {word});
            }
        }
        if (row.at("inherit") == json(false)) {
            tell(DriftKind::RoleAttribute, name, {"NOINHERIT"});
        }
        if (row.at("login") != json(role.logs_in)) {
            tell(role.logs_in ? DriftKind::RoleCannotLogIn : DriftKind::RoleMayLogIn, name);
        }
        if (row.at("limit") != json(-1)) {
            tell(DriftKind::RoleConnectionLimit, name, {row.at("limit").dump()});
        }
        if (!row.at("until").is_null()) {
            tell(DriftKind::RoleExpires, name, {row.at("until").get<std::string>()});
        }
        for (const auto& setting : part(row, "settings")) {
            tell(DriftKind::RoleSettingEverywhere, name, {name_of(setting.get<std::string>())});
        }
    }

    void compare_memberships() {
        const auto admin = facts_.value("admin", "");
        std::set<std::pair<std::string, std::string>> seen;
        for (const auto& edge : part(facts_, "edges")) {
            const auto group = edge.at("group").get<std::string>();
            const auto member = edge.at("member").get<std::string>();
            const bool is_full = edge.at("inherit") == json(true) && edge.at("set") == json(true);
            if (is_full) {
                seen.insert({group, member});
            }
            if (member != admin) {
                compare_membership(group, member, edge);
            }
        }
        for (const auto& role : wanted_) {
            const auto& name = role.name.str();
            const bool exists = !part(part(facts_, "roles"), name).is_null();
            if (exists && !seen.contains({name, admin})) {
                tell(DriftKind::AdministratorNotMember, name);
            }
            const auto group = group_of(role);
            if (exists && !group.empty() && !seen.contains({group, name})) {
                tell(DriftKind::MembershipMissing, name, {group});
            }
        }
    }

    void compare_membership(const std::string& group, const std::string& member, const json& edge) {
        const auto* role = find_role(member);
        const bool is_wanted = role != nullptr && group_of(*role) == group;
        if (is_wanted && edge.at("admin") == json(true)) {
            tell(DriftKind::MembershipGrantable, member, {group});
        }
        if (is_wanted || is_leaving(member) || (role == nullptr && find_role(group) == nullptr)) {
            return;
        }
        const bool is_left = role == nullptr && edge.at("administers") == json(true);
        tell(
            is_left ? DriftKind::MembershipOfAdministrator : DriftKind::MembershipAdded,
            member,
            {group}
        );
    }

    void compare_database() {
        const auto& database = names_.database.str();
        const auto owner = facts_.value("owner", "");
        const auto& wanted = setup_.ownership == Ownership::Database ? names_.owner.str()
                                                                     : facts_.value("admin", "");
        if (owner != wanted) {
            tell(DriftKind::DatabaseOwner, database, {owner, wanted});
        }
        if (facts_.at("open") != json(true)) {
            tell(DriftKind::DatabaseClosed, database);
        }
        if (facts_.at("limit") != json(setup_.connection_limit)) {
            tell(
                DriftKind::DatabaseConnectionLimit,
                database,
                {facts_.at("limit").dump(), std::to_string(setup_.connection_limit)}
            );
        }
        for (const auto& [role, count] : part(facts_, "strays").items()) {
            // An administrator's extensions, and what stays with it of public before 15.
            if (role != facts_.value("admin", "")) {
                tell(DriftKind::ForeignOwned, role, {count.dump(), database, names_.owner.str()});
            }
        }
    }

    void compare_privileges() {
        const auto& acl = part(facts_, "acl");
        for (const auto& role : wanted_) {
            for (const auto& privilege : role.database_privileges) {
                const auto& granted = part(acl, role.name.str());
                if (!has(granted, privilege) && !has(granted, privilege + "*")) {
                    tell(
                        DriftKind::DatabasePrivilegeMissing,
                        role.name.str(),
                        {privilege, names_.database.str()}
                    );
                }
            }
        }
        for (const auto& [grantee, privileges] : acl.items()) {
            for (const auto& one : privileges) {
                tell_extra(grantee, one.get<std::string>());
            }
        }
    }
    void tell_extra(const std::string& grantee, std::string privilege) {
        const auto& database = names_.database.str();
        std::erase(privilege, '*');
        if (grantee.empty()) {
            tell(DriftKind::DatabasePrivilegeOfPublic, database, {privilege});
            return;
        }
        const auto* role = find_role(grantee);
        const bool is_wanted =
            grantee == facts_.value("owner", "") || grantee == names_.read_write.str() ||
            grantee == names_.read_only.str() ||
            (role != nullptr && std::ranges::find(role->database_privileges, privilege) !=
                                    role->database_privileges.end());
        if (!is_wanted) {
            tell(DriftKind::DatabasePrivilegeAdded, grantee, {privilege, database});
        }
    }

    void compare_settings() {
        const auto& all = part(facts_, "settings");
        for (const auto& role : wanted_) {
            for (const auto& setting : role.settings) {
                if (knows(setting)) {
                    compare_setting(role.name.str(), setting, part(all, role.name.str()));
                }
            }
        }
        for (const auto& [role, settings] : all.items()) {
            for (const auto& one : settings) {
                tell_extra_setting(role, name_of(one.get<std::string>()));
            }
        }
    }

    [[nodiscard]] bool knows(const Setting& setting) const {
        return facts_.at("version").get<int>() >= setting.since;
    }

    void compare_setting(const std::string& role, const Setting& setting, const json& present) {
        const auto& [name, value, since] = setting;
        const auto lowered = lower(name);
        const auto same = std::ranges::find_if(present, [&](const json& one) {
            return name_of(one.get<std::string>()) == lowered;
        });
        const auto found =
            same == present.end() ? "" : same->get<std::string>().substr(name.size() + 1);
        if (found != value) {
            tell(
                DriftKind::SettingDiffers,
                role,
                {lowered, found.empty() ? "missing" : "\"" + found + "\"", value}
            );
        }
    }

    void tell_extra_setting(const std::string& name, const std::string& setting) {
        const auto* role = find_role(name);
        const bool is_wanted =
            is_leaving(name) ||
            (role != nullptr && std::ranges::any_of(role->settings, [&](const Setting& one) {
                 return lower(one.name) == setting;
             }));
        if (is_wanted) {
            return;
        }
        const auto& database = names_.database.str();
        if (name.empty()) {
            tell(DriftKind::DatabaseSettingAdded, database, {setting});
        } else {
            tell(DriftKind::RoleSettingAdded, name, {setting, database});
        }
    }

    const TenantNames& names_;
    const TenantSetup& setup_;
    const std::string& comment_;
    const json& facts_;
    std::vector<TenantRole> wanted_;
    std::vector<Drift> found_;
};

}  // namespace

std::vector<Drift> find_drift(
    const TenantNames& names,
    const TenantSetup& setup,
    const std::string& comment,
    const json& facts
) {
    return Comparison(names, setup, comment, facts).run();
}

}  // namespace djdb::sql
