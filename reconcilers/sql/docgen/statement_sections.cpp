#include "reconcilers/sql/docgen/statement_sections.hpp"

#include "reconcilers/sql/adopt/adopt.hpp"
#include "reconcilers/sql/adopt/transfer.hpp"
#include "reconcilers/sql/docgen/release_sections.hpp"
#include "reconcilers/sql/inspect/catalog.hpp"
#include "reconcilers/sql/inspect/server.hpp"
#include "reconcilers/sql/inspect/tenant.hpp"
#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/login/tenant_login.hpp"
#include "reconcilers/sql/provision/attempt.hpp"
#include "reconcilers/sql/provision/contents.hpp"
#include "reconcilers/sql/provision/database.hpp"
#include "reconcilers/sql/provision/roles.hpp"
#include "reconcilers/sql/remove/disown.hpp"
#include "reconcilers/sql/remove/drop.hpp"
#include "reconcilers/sql/remove/reader.hpp"
#include "reconcilers/sql/remove/retire.hpp"

#include <algorithm>
#include <functional>

namespace djdb::sql {
namespace {

/// What the builders' statements depend on.
struct Variant {
    TenantNames names;
    TenantSetup setup;
    int server_version;
};

const TenantNames kNames = tenant_names(DatabaseName("shop"), {{"reports", ""}});
/// Everything that a resource can ask for.
const TenantSetup kSetup{
    Ownership::Schema,
    RuntimeAccess::ReadWrite,
    {"reports"},
    {"citext"},
    40,
    "UTC",
    std::chrono::seconds{5}};
const Claimant kClaimant{"CLUSTER", ResourceUid("UID"), {Namespace("apps"), ObjectName("shop")}};

const std::vector<RoleName> kFormerOwners{RoleName("legacy")};

std::vector<Variant> all_variants() {
    const auto plain = tenant_names(DatabaseName("shop"));
    std::vector<Variant> all;
    for (const int version : {180000, 140000}) {
        all.push_back({plain, {}, version});
        all.push_back({plain, {.ownership = Ownership::Database}, version});
        all.push_back({kNames, kSetup, version});
        all.push_back({plain, kSetup, version});
        all.push_back({kNames, {}, version});
    }
    return all;
}

Verifiers verifiers_for(const TenantNames& names) {
    const Sensitive verifier("SCRAM-SHA-256$...");
    Verifiers verifiers;
    for (const auto& login : enabled_logins(names, kSetup)) {
        verifiers.logins.emplace(login, verifier);
    }
    return verifiers;
}

/// Both, each statement once.
Batch with(Batch all, const Batch& more) {
    for (const auto& statement : more) {
        const bool is_known = std::ranges::any_of(all, [&](const Statement& known) {
            return known.text == statement.text;
        });
        if (!is_known) {
            all.push_back(statement);
        }
    }
    return all;
}

Batch variants(const std::function<Batch(const Variant&)>& build) {
    Batch all;
    for (const auto& variant : all_variants()) {
        all = with(std::move(all), build(variant));
    }
    return all;
}

Batch installation() {
    auto batch =
        with({missing_extensions(kSetup)}, create_extension(kNames, "citext", "public", true));
    return with(std::move(batch), create_extension(kNames, "hstore", "", false));
}

std::vector<Section> looking() {
    return {
        {"Ask which server it is",
         Where::OthersDatabase,
         "administrator, maintenance database or postgres, first on each session; the second where "
         "the first is forbidden",
         {identify_server(SessionKind::Maintenance), identify_ledger(SessionKind::Maintenance)}},
        {"Ask the same in a tenant's database",
         Where::OthersDatabase,
         "administrator, first on each session; the second where the first is forbidden",
         {identify_server(SessionKind::Admin), identify_ledger(SessionKind::Admin)}},
        {"Ask the same as a tenant",
         Where::OthersDatabase,
         "the other logins, first on each session; the second where the first is forbidden",
         {identify_server(SessionKind::Tenant), identify_ledger(SessionKind::Tenant)}},
        {"Name the session after the run",
         Where::OthersDatabase,
         "any login, when it goes on with another run",
         {name_session("djangodb-operator/VISIT")}},
        {"Look at the server",
         Where::OthersDatabase,
         "administrator, maintenance database or postgres; claims only where there is a ledger",
         {inspect_server("djangodb_operator"), count_claims()}},
        {"Wait until the ledger's revision is on disk",
         Where::OwnDatabase,
         "administrator, maintenance database, when it has grown",
         {find_end_of_wal(), is_flushed("0/0")}},
        {"Look at a tenant",
         Where::OwnDatabase,
         "administrator, maintenance database, at each run",
         variants([](const Variant& of) -> Batch {
             return {inspect_tenant(of.names, of.setup, kClaimant)};
         })},
        {"Look at what is in its database",
         Where::OthersDatabase,
         "administrator, the tenant's database, after changes and now and then",
         variants([](const Variant& of) -> Batch {
             return {inspect_contents(of.names, of.setup)};
         })},
        {"Look at the extensions that it asks for",
         Where::OwnDatabase,
         "administrator, maintenance database",
         {known_extensions(kSetup)}},
        {"Look at all tenants together",
         Where::OwnDatabase,
         "administrator, maintenance database, every 30 seconds",
         {fingerprint_tenants({kNames.database})}},
    };
}

std::vector<Section> making() {
    const std::string ours = "djangodb_operator";
    return {
        {"Make the maintenance database",
         Where::OthersDatabase,
         "administrator, database postgres, when it is missing",
         {take_time(), create_maintenance_database(DatabaseName(ours))}},
        {"Open it",
         Where::OthersDatabase,
         "administrator, database postgres, after that",
         open_maintenance_database(DatabaseName(ours))},
        {"Make the ledger",
         Where::OwnDatabase,
         "administrator, maintenance database, when it is missing; one transaction",
         create_ledger()},
        {"Claim a database and make its roles",
         Where::OwnDatabase,
         "administrator, maintenance database; one transaction",
         variants([](const Variant& of) {
             return claim_and_create_roles(
                 of.names, of.setup, kClaimant, verifiers_for(of.names), {4, 4}, of.server_version
             );
         })},
        {"Make the database",
         Where::OwnDatabase,
         "administrator, maintenance database; unless the third finds that it was lost",
         with(
             {begin_creating(kNames),
              require_claim(kNames, kClaimant),
              find_lost_database(kNames),
              create_database(kNames)},
             release_session()
         )},
        {"Configure the database",
         Where::OwnDatabase,
         "administrator, maintenance database; one transaction, but for the last one",
         variants([](const Variant& of) {
             return with(
                 configure_database(of.names, of.setup, kClaimant, of.server_version),
                 {find_noted_database(of.names, kClaimant)}
             );
         })},
    };
}

std::vector<Section> arranging() {
    return {
        {"Make sure that it is this one",
         Where::OthersDatabase,
         "administrator, the tenant's database, before what follows",
         {require_this_database("16400")}},
        {"Hand over the schema",
         Where::OthersDatabase,
         "administrator, the tenant's database; one transaction",
         variants([](const Variant& of) {
             return hand_over_schema(of.names, of.setup, of.server_version, true);
         })},
        {"Arrange what is in it",
         Where::OthersDatabase,
         "administrator, the tenant's database; in that transaction, with extra schemas, runtime: "
         "ReadWrite or readers",
         variants([](const Variant& of) { return arrange_contents(of.names, of.setup); })},
        {"Install extensions",
         Where::OthersDatabase,
         "administrator, the tenant's database; a trusted one as the owner role",
         installation()},
        {"Prove the migration login",
         Where::OthersDatabase,
         "migration login, the tenant's database; the table in one transaction",
         {who_am_i(), probe_schema()}},
        {"Read the migrations that are applied",
         Where::OthersDatabase,
         "migration login, the tenant's database, when a Job has succeeded; in the schema that "
         "it named",
         {who_am_i(), has_migrations("data"), read_migrations(""), read_migrations("data")}},
        {"Prove the app's login and the readers'",
         Where::OthersDatabase,
         "each of them, the tenant's database; the second by readers",
         {who_am_i(), is_read_only()}},
        {"Note that it is configured",
         Where::OwnDatabase,
         "administrator, maintenance database",
         {note_configured(kNames, kClaimant)}},
    };
}

std::vector<Section> migrating() {
    return {
        {"Count an attempt at a migration",
         Where::OwnDatabase,
         "administrator, maintenance database; one transaction, before its Job is made",
         count_attempt(kNames, kClaimant, {4, 5})},
        {"Give the migration login the password of this attempt",
         Where::OwnDatabase,
         "administrator, maintenance database; one transaction, after that",
         set_attempt_password(kNames, kSetup, kClaimant, verifiers_for(kNames), 5)},
        {"End what earlier attempts left, and wait for it",
         Where::OwnDatabase,
         "administrator, maintenance database, after that; the last one alone",
         with(
             end_migration_sessions(kNames, kClaimant, 5),
             {count_migration_sessions(kNames, kClaimant)}
         )},
    };
}

std::vector<Section> taking_over() {
    return {
        {"Remove a reader that is no longer requested",
         Where::OwnDatabase,
         "administrator, maintenance database; one transaction",
         disable_reader(kNames, kClaimant, kNames.readers[0].role)},
        {"Take what it has",
         Where::OthersDatabase,
         "administrator, the tenant's database, after that",
         with(
             {refuse_objects(kNames, kClaimant, kNames.readers[0].role)},
             disown(kNames, kClaimant, {kNames.readers[0].role})
         )},
        {"Drop it",
         Where::OwnDatabase,
         "administrator, maintenance database, after that; one transaction",
         drop_reader(kNames, kClaimant, kNames.readers[0].role)},
        {"Look whether a database can be adopted",
         Where::OwnDatabase,
         "administrator, maintenance database",
         {find_adoptable(kNames)}},
        {"Look what in it stands in the way",
         Where::OthersDatabase,
         "administrator, that database, after that",
         {list_obstacles_of_adoption(kNames, kFormerOwners)}},
        {"Claim a database that exists",
         Where::OwnDatabase,
         "administrator, maintenance database; one transaction, when both found nothing",
         variants([](const Variant& of) {
             return claim_existing(of.names, of.setup, kClaimant, "16400", kFormerOwners);
         })},
        {"Look whether it is still to be adopted",
         Where::OwnDatabase,
         "administrator, maintenance database",
         {find_adoption(kNames, kClaimant)}},
        {"Adopt it",
         Where::OthersDatabase,
         "administrator, that database; one transaction",
         adopt(kNames, "16400", "{legacy}")},
        {"Note that it is adopted",
         Where::OwnDatabase,
         "administrator, maintenance database; one transaction",
         note_adopted(kNames, kClaimant)},
        {"Take over the claim of another resource",
         Where::OwnDatabase,
         "administrator, maintenance database; one transaction, when the server grants the "
         "transfer",
         transfer(kNames, kClaimant)},
    };
}

std::vector<Section> ending() {
    return {
        {"Note that the resource is deleted",
         Where::OwnDatabase,
         "administrator, maintenance database; one transaction, before anything else of a deletion",
         note_deleted(kNames, kClaimant)},
        {"Retain: disable the logins",
         Where::OwnDatabase,
         "administrator, maintenance database; one transaction, when the resource is deleted",
         retire(kNames, kClaimant)},
        {"Wait for their sessions, then end them",
         Where::OwnDatabase,
         "administrator, maintenance database",
         {count_sessions(kNames, kClaimant), end_sessions(kNames, kClaimant)}},
        {"Find out whether they made something as themselves",
         Where::OwnDatabase,
         "administrator, maintenance database",
         {find_foreign_owners(kNames, kClaimant)}},
        {"Give it to the owner",
         Where::OthersDatabase,
         "administrator, the tenant's database, after that",
         disown(kNames, kClaimant, {kNames.login_a, kNames.login_b, kNames.migrate})},
        {"Drop the logins",
         Where::OwnDatabase,
         "administrator, maintenance database; the last one alone",
         with(drop_logins(kNames, kClaimant), {list_kept_logins(kNames, kClaimant)})},
        {"Attach again what was retained",
         Where::OwnDatabase,
         "administrator, maintenance database; one transaction",
         reattach(kNames, kClaimant)},
        {"Delete: disable all logins, end all sessions, look for obstacles",
         Where::OwnDatabase,
         "administrator, maintenance database; the first ones in one transaction",
         with(
             disable_logins(kNames, kClaimant),
             {end_all_sessions(kNames, kClaimant), list_obstacles_of_drop(kNames, kClaimant)}
         )},
        {"Close the database",
         Where::OwnDatabase,
         "administrator, maintenance database; one transaction",
         close(kNames, kClaimant)},
        {"Drop it",
         Where::OwnDatabase,
         "administrator, maintenance database, one database at a time",
         with(
             {begin_dropping(kNames), find_droppable(kNames, kClaimant), drop_database(kNames)},
             release_session()
         )},
        {"Drop its roles and the claim",
         Where::OwnDatabase,
         "administrator, maintenance database; one transaction",
         drop_roles_and_claim(kNames, kClaimant)},
    };
}

}  // namespace

std::vector<Section> statement_sections() {
    std::vector<Section> all;
    for (const auto& part :
         {looking(),
          making(),
          arranging(),
          migrating(),
          sections_of_releases(kNames, kClaimant),
          taking_over(),
          ending()}) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

}  // namespace djdb::sql
