#include "reconcilers/sql/inspect/drift.hpp"

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
        const std::string& mark,
        const json& facts
    )
        : names_(names),
          setup_(setup),
          mark_(mark),
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
    void tell(Repair repair, std::string sentence) {
        found_.push_back({std::move(sentence), repair});
    }
    const TenantRole* find_role(const std::string& name) const {
        const auto role = std::ranges::find_if(wanted_, [&](const TenantRole& one) {
            return one.name.str() == name;
        });
        return role == wanted_.end() ? nullptr : &*role;
    }

    /// A role of the tenant that is needed no more, such as a reader's.
    bool is_leaving(const std::string& name) const {
        return find_role(name) == nullptr && has(part(facts_, "names"), name);
    }

    void compare_names() {
        for (const auto& name : all_names(names_)) {
            if (!has(part(facts_, "names"), name.str())) {
                tell(Repair::Roles, "The ledger does not keep the role name " + name.str() + ".");
            }
        }
    }

    void compare_role(const TenantRole& role) {
        const auto& name = role.name.str();
        const auto& row = part(part(facts_, "roles"), name);
        if (row.is_null()) {
            tell(Repair::Roles, "Role " + name + " is missing.");
            return;
        }
        if (row.at("mark") != json(mark_)) {
            tell(Repair::Roles, "Role " + name + " does not bear this resource's mark.");
        }
        static constexpr std::array<std::pair<const char*, const char*>, 5> kForbidden{
            {{"super", "SUPERUSER"},
             {"createdb", "CREATEDB"},
             {"createrole", "CREATEROLE"},
             {"replication", "REPLICATION"},
             {"bypassrls", "BYPASSRLS"}}};
        for (const auto& [key, word] : kForbidden) {
            if (row.at(key) == json(true)) {
                tell(Repair::Roles, "Role " + name + " has " + word + ".");
            }
        }
        if (row.at("inherit") == json(false)) {
            tell(Repair::Roles, "Role " + name + " has NOINHERIT.");
        }
        if (row.at("login") != json(role.logs_in)) {
            tell(Repair::Roles, "Role " + name + (role.logs_in ? " can't" : " may") + " log in.");
        }
        if (row.at("limit") != json(-1)) {
            tell(
                Repair::Roles,
                "Role " + name + " has the connection limit " + row.at("limit").dump() + "."
            );
        }
        if (!row.at("until").is_null()) {
            tell(
                Repair::Roles,
                "Role " + name + " is valid until " + row.at("until").get<std::string>() + " only."
            );
        }
        for (const auto& setting : part(row, "settings")) {
            tell(
                Repair::Nobody,
                "Role " + name + " has the setting " + name_of(setting.get<std::string>()) +
                    " in every database. It was left."
            );
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
                tell(Repair::Roles, "The administrator is no full member of " + name + ".");
            }
            if (exists && role.member_of && !seen.contains({role.member_of->str(), name})) {
                tell(
                    Repair::Roles,
                    "Role " + name + " is no full member of " + role.member_of->str() + "."
                );
            }
        }
    }

    void compare_membership(const std::string& group, const std::string& member, const json& edge) {
        const auto* role = find_role(member);
        const bool is_wanted =
            role != nullptr && role->member_of && role->member_of->str() == group;
        if (is_wanted && edge.at("admin") == json(true)) {
            tell(Repair::Roles, "Role " + member + " may grant membership in " + group + ".");
        }
        if (is_wanted || is_leaving(member) || (role == nullptr && find_role(group) == nullptr)) {
            return;
        }
        const bool is_left = role == nullptr && edge.at("administers") == json(true);
        tell(
            is_left ? Repair::Nobody : Repair::Roles,
            "Role " + member + " is a member of " + group +
                (is_left ? ". It was left: whoever administers roles could grant it to itself."
                         : ".")
        );
    }

    void compare_database() {
        const auto& database = names_.database.str();
        const auto owner = facts_.value("owner", "");
        const auto& wanted = setup_.ownership == Ownership::Database ? names_.owner.str()
                                                                     : facts_.value("admin", "");
        if (owner != wanted) {
            tell(
                Repair::Database,
                "Database " + database + " belongs to " + owner + " instead of " + wanted + "."
            );
        }
        if (facts_.at("open") != json(true)) {
            tell(Repair::Database, "Database " + database + " refuses connections.");
        }
        if (facts_.at("limit") != json(setup_.connection_limit)) {
            tell(
                Repair::Database,
                "Database " + database + " has the connection limit " + facts_.at("limit").dump() +
                    " instead of " + std::to_string(setup_.connection_limit) + "."
            );
        }
        for (const auto& [role, count] : part(facts_, "strays").items()) {
            // An administrator's extensions, and what stays with it of public before 15.
            if (role != facts_.value("admin", "")) {
                tell_strays(role, count.dump());
            }
        }
    }

    void tell_strays(const std::string& role, const std::string& count) {
        const auto& owner = names_.owner.str();
        tell(
            Repair::Nobody,
            count + " objects in database " + names_.database.str() + " belong to " + role +
                " instead of " + owner + ". They were left; give them to " + owner +
                " by ALTER .. OWNER TO."
        );
    }

    void compare_privileges() {
        const auto& acl = part(facts_, "acl");
        for (const auto& role : wanted_) {
            for (const auto& privilege : role.database_privileges) {
                const auto& granted = part(acl, role.name.str());
                if (!has(granted, privilege) && !has(granted, privilege + "*")) {
                    tell(
                        Repair::Database,
                        "Role " + role.name.str() + " lacks " + privilege + " on database " +
                            names_.database.str() + "."
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
        const auto on = " on database " + names_.database.str();
        std::erase(privilege, '*');
        if (grantee.empty()) {
            tell(Repair::Database, "PUBLIC has " + privilege + on + ".");
            return;
        }
        const auto* role = find_role(grantee);
        const bool is_wanted =
            grantee == facts_.value("owner", "") || grantee == names_.read_write.str() ||
            grantee == names_.read_only.str() ||
            (role != nullptr && std::ranges::find(role->database_privileges, privilege) !=
                                    role->database_privileges.end());
        if (!is_wanted) {
            tell(Repair::Nobody, "Role " + grantee + " has " + privilege + on + ". It was left.");
        }
    }

    void compare_settings() {
        const auto& all = part(facts_, "settings");
        for (const auto& role : wanted_) {
            for (const auto& setting : role.settings) {
                compare_setting(role.name.str(), setting, part(all, role.name.str()));
            }
        }
        for (const auto& [role, settings] : all.items()) {
            for (const auto& one : settings) {
                tell_extra_setting(role, name_of(one.get<std::string>()));
            }
        }
    }

    void compare_setting(const std::string& role, const Setting& setting, const json& present) {
        const auto& [name, value] = setting;
        const auto lowered = lower(name);
        const auto same = std::ranges::find_if(present, [&](const json& one) {
            return name_of(one.get<std::string>()) == lowered;
        });
        const auto found =
            same == present.end() ? "" : same->get<std::string>().substr(name.size() + 1);
        if (found != value) {
            tell(
                Repair::Database,
                "Setting " + lowered + " of role " + role + " is " +
                    (found.empty() ? "missing" : "\"" + found + "\"") + " instead of \"" + value +
                    "\"."
            );
        }
    }

    void tell_extra_setting(const std::string& name, const std::string& setting) {
        const auto* role = find_role(name);
        const bool is_wanted =
            is_leaving(name) ||
            (role != nullptr && std::ranges::any_of(role->settings, [&](const Setting& one) {
                 return lower(one.first) == setting;
             }));
        if (!is_wanted) {
            tell(
                Repair::Nobody,
                (name.empty() ? "Database " + names_.database.str() : "Role " + name) +
                    " has the setting " + setting +
                    (name.empty() ? "" : " in database " + names_.database.str()) + ". It was left."
            );
        }
    }

    const TenantNames& names_;
    const TenantSetup& setup_;
    const std::string& mark_;
    const json& facts_;
    std::vector<TenantRole> wanted_;
    std::vector<Drift> found_;
};

}  // namespace

std::vector<Drift> find_drift(
    const TenantNames& names, const TenantSetup& setup, const std::string& mark, const json& facts
) {
    return Comparison(names, setup, mark, facts).run();
}

}  // namespace djdb::sql
