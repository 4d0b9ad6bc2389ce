// sqlgen -- writes the list of all SQL into docs/access.md, from the builders of this folder.
//   sqlgen --write ROOT     writes it            sqlgen --check ROOT     exits 1 when it differs
//
// tests/e2e/statements compares the list with what the server logged, so a builder that is missing
// here is found.
#include "reconcilers/sql/catalog.hpp"
#include "reconcilers/sql/claim.hpp"
#include "reconcilers/sql/contents.hpp"
#include "reconcilers/sql/database.hpp"
#include "reconcilers/sql/inspect.hpp"
#include "reconcilers/sql/reader.hpp"
#include "reconcilers/sql/retire.hpp"
#include "reconcilers/sql/roles.hpp"
#include "reconcilers/sql/server.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

namespace {

using namespace djdb;

struct Section {
    const char* title;
    /// Who runs it, where, and when.
    const char* when;
    sql::Batch statements;
};

/// The tenant that the list is about: database shop of DjangoDatabase apps/shop.
const TenantNames kNames = tenant_names(DatabaseName("shop"), {{"reports", ""}});
const TenantSetup kSetup{
    Ownership::Schema,
    RuntimeAccess::ReadWrite,
    {"reports"},
    {"citext"},
    -1,
    "UTC",
    std::chrono::seconds{5}};
const Claimant kClaimant{"CLUSTER", ResourceUid("UID"), {Namespace("apps"), ObjectName("shop")}};
const sql::Verifiers kVerifiers{
    Sensitive("SCRAM-SHA-256$..."),
    Sensitive("SCRAM-SHA-256$..."),
    {Sensitive("SCRAM-SHA-256$...")}};
constexpr int kNewest = 180000;

sql::Batch installation() {
    sql::Batch batch{sql::missing_extensions(kSetup)};
    for (const auto& one : sql::create_extension(kNames, "citext", "", true)) {
        batch.push_back(one);
    }
    return batch;
}

std::vector<Section> sections() {
    const std::string ours = "djangodb_operator";
    return {
        {"Ask which server it is",
         "administrator, maintenance database or postgres, first on each session; the second where "
         "the first is forbidden",
         {sql::identify_server(true), sql::identify_ledger(true)}},
        {"Ask the same in a tenant's database",
         "any login, first on each session; the second where the first is forbidden",
         {sql::identify_server(false), sql::identify_ledger(false)}},
        {"Look at the server",
         "administrator, maintenance database or postgres; claims only where there is a ledger",
         {sql::inspect_server(ours), sql::count_claims()}},
        {"Look at a tenant",
         "administrator, maintenance database, at each visit",
         {sql::inspect_tenant(kNames, kSetup, kClaimant)}},
        {"Look at what is in its database",
         "administrator, the tenant's database, after changes and now and then",
         {sql::inspect_contents(kNames, kSetup)}},
        {"Look at the extensions that it asks for",
         "administrator, maintenance database",
         {sql::known_extensions(kSetup)}},
        {"Look at all tenants at once",
         "administrator, maintenance database, every 30 seconds",
         {sql::fingerprint_tenants({kNames.database})}},
        {"Make the maintenance database",
         "administrator, database postgres, when it is missing",
         {sql::create_maintenance_database(DatabaseName(ours))}},
        {"Open it",
         "administrator, database postgres, after that",
         sql::open_maintenance_database(DatabaseName(ours))},
        {"Make the ledger",
         "administrator, maintenance database, when it is missing; one transaction",
         sql::create_ledger()},
        {"Claim a database and make its roles",
         "administrator, maintenance database; one transaction",
         sql::claim_and_create_roles(kNames, kSetup, kClaimant, kVerifiers, kNewest)},
        {"Make the database",
         "administrator, maintenance database; unless the first finds that it was lost",
         {sql::find_lost_database(kNames), sql::create_database(kNames)}},
        {"Configure the database",
         "administrator, maintenance database; one transaction",
         sql::configure_database(kNames, kSetup, kClaimant)},
        {"Hand over the schema",
         "administrator, the tenant's database; one transaction",
         sql::hand_over_schema(kNames, kSetup, kNewest, true)},
        {"Arrange what is in it",
         "administrator, the tenant's database; in that transaction, with extra schemas, runtime: "
         "ReadWrite or readers",
         sql::arrange_contents(kNames, kSetup)},
        {"Install extensions",
         "administrator, the tenant's database; a trusted one as the owner role",
         installation()},
        {"Note that it is configured",
         "administrator, maintenance database",
         {sql::note_configured(kNames, kClaimant)}},
        {"Record an image whose migrations are in the database",
         "administrator, maintenance database; one transaction",
         {sql::require_claim(kNames, kClaimant),
          sql::record_passed_image(kNames, kClaimant, ImageRef("shop:1"))}},
        {"Remove a reader that is asked for no more",
         "administrator, maintenance database; one transaction",
         sql::shut_reader(kNames, kClaimant, kNames.readers[0])},
        {"Take what it has",
         "administrator, the tenant's database, after that",
         sql::disown_reader(kNames, kClaimant, kNames.readers[0])},
        {"Drop it",
         "administrator, maintenance database, after that; one transaction",
         sql::drop_reader(kNames, kClaimant, kNames.readers[0])},
        {"Shut the logins",
         "administrator, maintenance database; one transaction, when the resource is deleted",
         sql::retire(kNames, kClaimant)},
        {"End their sessions",
         "administrator, maintenance database, after that",
         {sql::end_sessions(kNames, kClaimant)}},
    };
}

/// A DO block's body is a literal when it is sent; for people it stands on lines of its own, dollar
/// quoted and with its own quotes single.
std::string readable(const std::string& text) {
    const std::string prefix = "DO ";
    const auto begin = text.find('\'');
    if (!text.starts_with(prefix) || begin == std::string::npos) {
        const auto first = text.find_first_not_of('\n');
        return text.substr(first, text.find_last_not_of('\n') - first + 1);
    }
    std::string body = "DO $$\n    ";
    for (auto at = begin + 1; at + 1 < text.size(); ++at) {
        body += text[at];
        if (text[at] == '\'' || text[at] == '\\') {
            ++at;  // doubled
        } else if (text[at] == ';' && text[at + 1] == ' ') {
            body += "\n   ";
        }
    }
    return body + "\n$$";
}

std::string list() {
    std::string out;
    for (const auto& section : sections()) {
        out += std::string("### ") + section.title + "\n\n" + section.when + "\n\n```sql\n";
        for (const auto& statement : section.statements) {
            out += readable(statement.text) + ";\n";
        }
        out += "```\n\n";
    }
    return out;
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> args(argv + 1, argv + argc);
    if (args.size() != 2 || (args[0] != "--write" && args[0] != "--check")) {
        std::cerr << "usage: sqlgen --write|--check ROOT\n";
        return 2;
    }
    const auto path = std::filesystem::path(args[1]) / "docs/access.md";
    const auto text = read_file(path);
    const std::string begin = "<!-- statements: generated by sqlgen -->\n";
    const std::string end = "<!-- end of statements -->";
    const auto from = text.find(begin);
    const auto to = text.find(end);
    if (from == std::string::npos || to == std::string::npos) {
        std::cerr << path.string() << " lacks the marks of the list of statements\n";
        return 1;
    }
    const auto wanted = text.substr(0, from + begin.size()) + "\n" + list() + text.substr(to);
    if (wanted == text) {
        return 0;
    }
    if (args[0] == "--check") {
        std::cerr << path.string() << " differs from what the builders say; run sqlgen --write\n";
        return 1;
    }
    std::ofstream(path, std::ios::binary) << wanted;
    std::cout << "wrote " << path.string() << "\n";
    return 0;
}
