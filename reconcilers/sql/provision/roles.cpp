#include "reconcilers/sql/provision/roles.hpp"

#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/ledger/role_names.hpp"
#include "reconcilers/sql/provision/attempt.hpp"
#include "reconcilers/sql/provision/role_model.hpp"
#include "reconcilers/sql/text/block.hpp"
#include "reconcilers/sql/text/quote.hpp"

#include <algorithm>
#include <iterator>
#include <map>

namespace djdb::sql {
namespace {

using Roles = std::vector<TenantRole>;

std::string quoted(const RoleName& role) {
    return quote_identifier(role.str());
}

/// One that appeared since they were looked at is somebody else's, so that each is asked for its
/// comment once more.
Statement create_absent(const Roles& roles, const std::string& comment) {
    std::string body = "BEGIN ";
    for (const auto& role : roles) {
        const auto exists =
            "EXISTS (SELECT FROM pg_roles WHERE rolname = " + quote_literal(role.name.str());
        body += "IF NOT " + exists + ") THEN CREATE ROLE " + quoted(role.name) +
                " NOLOGIN; ELSIF " + exists +
                " AND shobj_description(oid, 'pg_authid') IS DISTINCT FROM " +
                quote_literal(comment) + ") THEN " +
                raise(
                    kForeignRole,
                    quote_literal("role \"" + role.name.str() + "\" was made by somebody else")
                ) +
                " END IF; ";
    }
    return block(body + "END");
}

/// Rights that no tenant's role has, whoever gave them, and limits that were not asked for. Each is
/// taken only where it is found: a plain administrator may not even say NOSUPERUSER.
Statement correct_attributes(const Roles& roles) {
    Roles resting;
    std::ranges::copy_if(roles, std::back_inserter(resting), [](const TenantRole& role) {
        return !role.logs_in;
    });
    const std::string body =
        "DECLARE found record; BEGIN FOR found IN SELECT rolname, concat_ws(' ',"
        " CASE WHEN rolsuper THEN 'NOSUPERUSER' END, CASE WHEN rolcreatedb THEN 'NOCREATEDB' END,"
        " CASE WHEN rolcreaterole THEN 'NOCREATEROLE' END,"
        " CASE WHEN rolreplication THEN 'NOREPLICATION' END,"
        " CASE WHEN rolbypassrls THEN 'NOBYPASSRLS' END,"
        " CASE WHEN NOT rolinherit THEN 'INHERIT' END,"
        " CASE WHEN rolconnlimit <> -1 THEN 'CONNECTION LIMIT -1' END,"
        " CASE WHEN rolvaliduntil <> 'infinity' THEN 'VALID UNTIL ''infinity''' END,"
        " CASE WHEN rolcanlogin AND rolname IN (" +
        literals(resting) + ") THEN 'NOLOGIN' END) AS attributes FROM pg_roles WHERE rolname IN (" +
        literals(roles) +
        ") LOOP IF found.attributes <> '' THEN"
        " EXECUTE format('ALTER ROLE %I %s', found.rolname, found.attributes);"
        " END IF; END LOOP; END";
    return block(body);
}

/// Takes memberships that lead from the tenant to others or from others to the tenant. Whoever
/// administers roles could give them to itself anyway, so those are left and only told.
Statement correct_memberships(const Roles& roles, int server_version) {
    std::string wanted;
    for (const auto& role : roles) {
        if (role.member_of) {
            wanted += (wanted.empty() ? "(" : ", (") + quote_literal(role.member_of->str()) + ", " +
                      quote_literal(role.name.str()) + ")";
        }
    }
    const auto list = literals(roles);
    // From 16 on each grantor's grant is one of its own.
    const std::string by = server_version >= 160000 ? " GRANTED BY %I" : "";
    const std::string body =
        "DECLARE found record; BEGIN FOR found IN SELECT g.rolname AS group_name, u.rolname AS"
        " member, by.rolname AS grantor, (g.rolname, u.rolname) IN (" +
        wanted +
        ") AS is_wanted FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid"
        " JOIN pg_roles u ON u.oid = m.member LEFT JOIN pg_roles by ON by.oid = m.grantor"
        " WHERE (u.rolname IN (" +
        list + ") OR g.rolname IN (" + list +
        ") AND NOT (u.rolsuper OR u.rolcreaterole OR u.rolname = current_user))"
        " AND (m.admin_option OR (g.rolname, u.rolname) NOT IN (" +
        wanted +
        ")) LOOP EXECUTE format(CASE WHEN found.is_wanted THEN 'REVOKE ADMIN OPTION FOR %I FROM "
        "%I" +
        by + "' ELSE 'REVOKE %I FROM %I" + by +
        "' END, found.group_name, found.member, found.grantor); END LOOP; END";
    return block(body);
}

Batch grant_memberships(const Roles& roles, const std::string& options) {
    std::map<std::string, std::string> members;
    std::string all;
    for (const auto& role : roles) {
        all += (all.empty() ? "" : ", ") + quoted(role.name);
        if (role.member_of) {
            auto& list = members[quoted(*role.member_of)];
            list += (list.empty() ? "" : ", ") + quoted(role.name);
        }
    }
    Batch batch;
    for (const auto& [group, list] : members) {
        batch.emplace_back("GRANT " + group + " TO " + list + options);
    }
    batch.emplace_back("GRANT " + all + " TO CURRENT_USER" + options);
    return batch;
}

}  // namespace

Batch claim_and_create_roles(
    const TenantNames& names,
    const TenantSetup& setup,
    const Claimant& claimant,
    const Verifiers& verifiers,
    const AttemptCount& attempts,
    int server_version
) {
    const auto roles = tenant_roles(names, setup);
    // Without these options the administrator of 16 and later could neither REVOKE nor SET ROLE.
    const std::string options = server_version >= 160000 ? " WITH INHERIT TRUE, SET TRUE" : "";
    Batch batch{
        lock_tenant(names),
        refuse_deleted(names, claimant),
        refuse_foreign(names, setup, claimant),
        write_claim(names, claimant),
        count_attempts(names, attempts)};
    std::ranges::move(claim_role_names(names), std::back_inserter(batch));
    batch.push_back(create_absent(roles, role_comment(names, claimant)));
    for (const auto& role : roles) {
        batch.emplace_back(
            "COMMENT ON ROLE " + quoted(role.name) + " IS " +
            quote_literal(role_comment(names, claimant))
        );
    }
    batch.push_back(correct_attributes(roles));
    batch.push_back(correct_memberships(roles, server_version));
    std::ranges::move(grant_memberships(roles, options), std::back_inserter(batch));
    // Before the passwords: whoever else changes these roles is waited for here, where a session
    // that is ended has no verifier in the context that the server logs.
    for (const auto& role : roles) {
        if (role.logs_in) {
            batch.emplace_back("ALTER ROLE " + quoted(role.name) + " LOGIN");
        }
    }
    batch.push_back(count_revision());
    std::ranges::move(
        set_passwords(names, enabled_logins(names, setup), verifiers), std::back_inserter(batch)
    );
    return batch;
}

}  // namespace djdb::sql
