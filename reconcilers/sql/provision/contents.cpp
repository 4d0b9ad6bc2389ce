#include "reconcilers/sql/provision/contents.hpp"

#include "crds/text.hpp"
#include "reconcilers/sql/inspect/catalog.hpp"
#include "reconcilers/sql/provision/role_model.hpp"
#include "reconcilers/sql/text/block.hpp"
#include "reconcilers/sql/text/quote.hpp"

namespace djdb::sql {
namespace {

constexpr const char* kTableKinds = "('{r,p,v,m,f}'::pg_catalog.\"char\"[])";

/// Right hand of a name that has to be one of the words.
std::string is_any_of(const std::vector<std::string>& words) {
    std::string list;
    for (const auto& word : words) {
        list += (list.empty() ? "" : ", ") + quote_literal(word);
    }
    return " OPERATOR(pg_catalog.=) ANY (ARRAY[" + list + "])";
}

/// Tables and sequences `c` of schemas `n` that the owner role has made.
std::string managed_relations(const TenantNames& names, const TenantSetup& setup) {
    return "FROM pg_catalog.pg_class c"
           " JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
           " JOIN pg_catalog.pg_roles o ON o.oid OPERATOR(pg_catalog.=) c.relowner"
           " WHERE o.rolname OPERATOR(pg_catalog.=) " +
           quote_literal(names.owner.str()) + " AND n.nspname" + is_any_of(managed_schemas(setup));
}

/// Django's record of migrations is written by migrations only.
std::string is_record() {
    return "c.relname OPERATOR(pg_catalog.=) 'django_migrations'";
}

std::string lacks(const RowGroup& group, const char* function, const std::string& privilege) {
    return std::string("NOT pg_catalog.") + function + "(" + quote_literal(group.name.str()) +
           ", c.oid, " + quote_literal(privilege) + ")";
}

/// Tables `c` on which the group lacks something.
std::string is_ungranted(const RowGroup& group) {
    std::string on_tables;
    for (const auto& privilege : group.table_privileges) {
        const auto one = lacks(group, "has_table_privilege", privilege);
        on_tables += on_tables.empty() ? one : " OR NOT " + is_record() + " AND " + one;
    }
    std::string on_sequences;
    for (const auto& privilege : group.sequence_privileges) {
        on_sequences += (on_sequences.empty() ? "" : " OR ") +
                        lacks(group, "has_sequence_privilege", privilege);
    }
    // CASE: has_sequence_privilege refuses what is no sequence.
    return "CASE WHEN c.relkind OPERATOR(pg_catalog.=) ANY " + std::string(kTableKinds) + " THEN " +
           on_tables + " WHEN c.relkind OPERATOR(pg_catalog.=) 'S' THEN " + on_sequences +
           " ELSE false END";
}

/// Records `c` that the group may write, although only migrations do.
std::string is_writable_record(const RowGroup& group) {
    return is_record() +
           " AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}'::pg_catalog.\"char\"[])"
           " AND pg_catalog.has_table_privilege(" +
           quote_literal(group.name.str()) + ", c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')";
}

Batch make_schema(const TenantNames& names, const std::string& schema) {
    const auto owner = quote_identifier(names.owner.str());
    return {
        block(
            "DECLARE holder pg_catalog.text; BEGIN SELECT o.rolname INTO holder"
            " FROM pg_catalog.pg_namespace n"
            " JOIN pg_catalog.pg_roles o ON o.oid OPERATOR(pg_catalog.=) n.nspowner"
            " WHERE n.nspname OPERATOR(pg_catalog.=) " +
            quote_literal(schema) + " AND o.rolname OPERATOR(pg_catalog.<>) ALL (ARRAY[" +
            quote_literal(names.owner.str()) + ", current_user]); IF FOUND THEN " +
            raise(
                kForeignSchema,
                R"(pg_catalog.format('schema "%s" belongs to "%s"', )" + quote_literal(schema) +
                    ", holder)"
            ) +
            " END IF; END"
        ),
        {"CREATE SCHEMA IF NOT EXISTS " + quote_identifier(schema) + " AUTHORIZATION " + owner},
        {"ALTER SCHEMA " + quote_identifier(schema) + " OWNER TO " + owner}};
}

/// Statement by statement, since GRANT .. ON ALL TABLES would warn of those that are not the
/// owner's, such as an extension's.
Statement grant_existing(
    const TenantNames& names, const TenantSetup& setup, const RowGroup& group
) {
    const auto to = " TO " + quote_identifier(group.name.str());
    const auto loop = [](const std::string& query, const std::string& command) {
        return "FOR found IN " + query + " LOOP EXECUTE pg_catalog.format(" + command +
               "); END LOOP; ";
    };
    std::string body = "DECLARE found pg_catalog.record; BEGIN ";
    body += loop(
        "SELECT n.nspname FROM pg_catalog.pg_namespace n"
        " JOIN pg_catalog.pg_roles o ON o.oid OPERATOR(pg_catalog.=) n.nspowner"
        " WHERE o.rolname OPERATOR(pg_catalog.=) " +
            quote_literal(names.owner.str()) + " AND n.nspname" + is_any_of(managed_schemas(setup)),
        quote_literal("GRANT USAGE ON SCHEMA %I" + to) + ", found.nspname"
    );
    body += loop(
        "SELECT n.nspname, c.relname, c.relkind, " + is_record() + " AS is_record " +
            managed_relations(names, setup) + " AND " + is_ungranted(group),
        "CASE WHEN found.relkind OPERATOR(pg_catalog.=) 'S' THEN " +
            quote_literal(
                "GRANT " + join(group.sequence_privileges, ", ") + " ON SEQUENCE %I.%I" + to
            ) +
            " WHEN found.is_record THEN " + quote_literal("GRANT SELECT ON TABLE %I.%I" + to) +
            " ELSE " +
            quote_literal("GRANT " + join(group.table_privileges, ", ") + " ON TABLE %I.%I" + to) +
            " END, found.nspname, found.relname"
    );
    body += loop(
        "SELECT n.nspname, c.relname " + managed_relations(names, setup) + " AND " +
            is_writable_record(group),
        quote_literal(
            "REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON TABLE %I.%I FROM " +
            quote_identifier(group.name.str())
        ) + ", found.nspname, found.relname"
    );
    return block(body + "END");
}

std::string grant_future_of(
    const TenantNames& names,
    const RowGroup& group,
    const std::string& schema,
    const std::vector<std::string>& privileges,
    const char* kind
) {
    return "ALTER DEFAULT PRIVILEGES FOR ROLE " + quote_identifier(names.owner.str()) +
           " IN SCHEMA " + quote_identifier(schema) + " GRANT " + join(privileges, ", ") + " ON " +
           kind + " TO " + quote_identifier(group.name.str()) + ";";
}

Batch grant_future(const TenantNames& names, const TenantSetup& setup, const RowGroup& group) {
    Batch batch;
    for (const auto& schema : managed_schemas(setup)) {
        batch.push_back(where_schema_exists(
            schema,
            grant_future_of(names, group, schema, group.table_privileges, "TABLES") + " " +
                grant_future_of(names, group, schema, group.sequence_privileges, "SEQUENCES")
        ));
    }
    return batch;
}

std::string ungranted_of(
    const TenantNames& names, const TenantSetup& setup, const RowGroup& group, bool records
) {
    // A group that is still to be made lacks nothing yet, and may not be asked about.
    return "CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_roles"
           " WHERE rolname OPERATOR(pg_catalog.=) " +
           quote_literal(group.name.str()) +
           ") THEN (SELECT coalesce(pg_catalog.jsonb_agg(name), '[]') FROM (SELECT"
           " pg_catalog.format('%I.%I', n.nspname, c.relname) AS name " +
           managed_relations(names, setup) + " AND " +
           (records ? is_writable_record(group) : is_ungranted(group)) +
           " ORDER BY 1 LIMIT 5) x) ELSE '[]' END";
}

}  // namespace

Batch arrange_contents(const TenantNames& names, const TenantSetup& setup) {
    Batch batch;
    const auto add = [&batch](Batch more) { batch.insert(batch.end(), more.begin(), more.end()); };
    for (const auto& schema : setup.schemas) {
        add(make_schema(names, schema));
    }
    for (const auto& group : row_groups(names, setup)) {
        batch.push_back(grant_existing(names, setup, group));
        add(grant_future(names, setup, group));
    }
    return batch;
}

namespace {

/// Of those that name no schema: public or, where that was dropped, the first of the extra ones.
std::string home_of_extensions(const TenantSetup& setup) {
    if (setup.schemas.empty()) {
        return "'public'";
    }
    return "CASE WHEN pg_catalog.to_regnamespace('public') IS NULL THEN " +
           quote_literal(setup.schemas.front()) + " ELSE 'public' END";
}

}  // namespace

Statement missing_extensions(const TenantSetup& setup) {
    return {
        "SELECT w.name, v.trusted, CASE WHEN v.schema IS NULL THEN " + home_of_extensions(setup) +
            " ELSE '' END"
            " FROM pg_catalog.unnest($1::pg_catalog.text[]) WITH ORDINALITY w(name, place)"
            " JOIN pg_catalog.pg_available_extensions e ON e.name OPERATOR(pg_catalog.=) w.name"
            " JOIN pg_catalog.pg_available_extension_versions v"
            " ON v.name OPERATOR(pg_catalog.=) e.name"
            " AND v.version OPERATOR(pg_catalog.=) e.default_version"
            " WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_extension x"
            " WHERE x.extname OPERATOR(pg_catalog.=) w.name) ORDER BY w.place",
        {array_parameter(setup.extensions)}};
}

Batch create_extension(
    const TenantNames& names, const std::string& name, const std::string& schema, bool as_owner
) {
    Batch batch;
    if (as_owner) {
        batch.push_back({"SELECT pg_catalog.set_config('role', $1, true)", {names.owner.str()}});
    }
    batch.emplace_back(
        "CREATE EXTENSION IF NOT EXISTS " + quote_identifier(name) +
        (schema.empty() ? "" : " SCHEMA " + quote_identifier(schema))
    );
    return batch;
}

Statement known_extensions(const TenantSetup& setup) {
    return {
        "SELECT w.name, v.name IS NOT NULL, coalesce(v.trusted, false) FROM unnest($1::text[])"
        " w(name) LEFT JOIN pg_available_extensions e ON e.name = w.name"
        " LEFT JOIN pg_available_extension_versions v ON v.name = e.name AND v.version ="
        " e.default_version",
        {array_parameter(setup.extensions)}};
}

Statement inspect_contents(const TenantNames& names, const TenantSetup& setup) {
    std::string groups;
    std::string records;
    for (const auto& group : row_groups(names, setup)) {
        const auto key = (groups.empty() ? "" : ", ") + quote_literal(group.name.str()) + ", ";
        groups += key + ungranted_of(names, setup, group, false);
        records += key + ungranted_of(names, setup, group, true);
    }
    return {
        "SELECT pg_catalog.jsonb_build_object('schemas', (SELECT"
        " pg_catalog.jsonb_object_agg(n.nspname, pg_catalog.jsonb_build_object('owner',"
        " pg_catalog.pg_get_userbyid(n.nspowner), 'acl', (SELECT"
        " pg_catalog.jsonb_object_agg(grantee, privileges) FROM (SELECT"
        " CASE WHEN a.grantee OPERATOR(pg_catalog.=) 0 THEN ''"
        " ELSE pg_catalog.pg_get_userbyid(a.grantee)::pg_catalog.text END AS grantee,"
        " pg_catalog.jsonb_agg(DISTINCT a.privilege_type) AS privileges"
        " FROM pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) a"
        " GROUP BY 1) x))) FROM pg_catalog.pg_namespace n WHERE n.nspname" +
            is_any_of(managed_schemas(setup)) +
            "), 'defaults', (SELECT pg_catalog.jsonb_agg(pg_catalog.format('%s %s %s %s', "
            "n.nspname,"
            " d.defaclobjtype, pg_catalog.pg_get_userbyid(a.grantee), a.privilege_type))"
            " FROM pg_catalog.pg_default_acl d"
            " JOIN pg_catalog.pg_roles o ON o.oid OPERATOR(pg_catalog.=) d.defaclrole"
            " AND o.rolname OPERATOR(pg_catalog.=) $1"
            " JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) d.defaclnamespace,"
            " pg_catalog.aclexplode(d.defaclacl) a),"
            " 'extensions', (SELECT pg_catalog.jsonb_agg(extname) FROM pg_catalog.pg_extension),"
            " 'ungranted', pg_catalog.jsonb_build_object(" +
            groups + "), 'writable_records', pg_catalog.jsonb_build_object(" + records + "))",
        {names.owner.str()}};
}

}  // namespace djdb::sql
