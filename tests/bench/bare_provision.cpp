// The baseline of `make bench`: provisions tenants with the statements and logins of the operator,
// and with nothing else of it: no watch, no queue, no pool.
//
//   bare_provision TENANTS THREADS [KUBECONFIG]      needs DJDB_PG_*; prints the seconds from the first login on
//
// With KUBECONFIG also with the calls to the API server that can't be avoided (bare_api.hpp), for resources that
// somebody else makes meanwhile.
//
// What one tenant takes is written in provision(), in the operator's order up to the moment when it
// publishes the Secret (reconcilers/observe, execute and controller/postgres/database_port).
#include "controller/postgres/session/scram.hpp"
#include "reconcilers/sql/inspect/server.hpp"
#include "reconcilers/sql/inspect/tenant.hpp"
#include "reconcilers/sql/ledger/claim.hpp"
#include "reconcilers/sql/login/tenant_login.hpp"
#include "reconcilers/sql/provision/database.hpp"
#include "reconcilers/sql/provision/roles.hpp"
#include "tests/bench/bare_api.hpp"
#include "tests/bench/bare_session.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace djdb::bench {
namespace {

constexpr const char* kMaintenanceDatabase = "djangodb_operator";

std::string variable(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread
    if (value == nullptr) {
        throw std::runtime_error(
            std::string(name) + " is not set: eval \"$(tests/cluster/postgres env)\" sets it"
        );
    }
    return value;
}

std::string text_of(const std::string& path) {
    const std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

Server find_server() {
    std::ifstream file(variable("DJDB_PG_ADMIN_PASSWORD_FILE"));
    std::string password;
    std::getline(file, password);
    return {
        variable("DJDB_PG_HOST"),
        variable("DJDB_PG_PORT"),
        variable("DJDB_PG_CA"),
        variable("DJDB_PG_ADMIN_USER"),
        password};
}

Login admin_of(const Server& server, const std::string& database) {
    return {database, server.admin_user, server.admin_password, true};
}

/// Before the clock starts, as the operator has it done when its PostgresServer is Ready.
void prepare(const Server& server) {
    const DatabaseName name(kMaintenanceDatabase);
    {
        BareSession session(server, admin_of(server, "postgres"));
        session.run(sql::create_maintenance_database(name));
        session.run_batch(sql::open_maintenance_database(name));
    }
    BareSession(server, admin_of(server, kMaintenanceDatabase)).run_batch(sql::create_ledger());
}

/// @param api null: none
void provision(const Server& server, BareSession& admin, BareApi* api, int number) {
    const auto name = "tenant_" + std::to_string(number);
    const auto resource = "tenant-" + std::to_string(number);
    const auto uid = api != nullptr ? api->add_finalizer(resource) : "";
    const auto names = tenant_names(DatabaseName(name));
    const Claimant claimant{
        "00000000-0000-0000-0000-000000000000",
        ResourceUid("uid-" + std::to_string(number)),
        {Namespace("bench"), ObjectName(name)}};
    const TenantSetup setup;
    const Sensitive runtime("runtime0000000000000000000000000000000000" + std::to_string(number));
    const Sensitive migrate("migrate0000000000000000000000000000000000" + std::to_string(number));

    admin.run(sql::inspect_tenant(names, setup, claimant));
    admin.run(sql::inspect_server("djangodb_operator"));
    if (api != nullptr) {
        api->store_passwords(uid, runtime.reveal(), migrate.reveal());
    }
    const sql::Verifiers verifiers{
        {{LoginId::a(), postgres::scram_verifier(runtime)},
         {LoginId::migrate(), postgres::scram_verifier(migrate)}}};
    admin.run_batch(
        sql::claim_and_create_roles(names, setup, claimant, verifiers, {}, admin.version())
    );
    admin.run(sql::find_lost_database(names));
    admin.run(sql::create_database(names));
    admin.run_batch(sql::configure_database(names, setup, claimant, admin.version()));
    const auto hand_over = sql::hand_over_schema(names, setup, admin.version(), false);
    if (!hand_over.empty()) {
        BareSession(server, admin_of(server, name)).run_batch(hand_over);
    }
    admin.run(sql::note_configured(names, claimant));
    {
        BareSession session(server, {name, names.migrate.str(), migrate.reveal(), false});
        session.run(sql::who_am_i());
        session.run(sql::probe_schema());
    }
    BareSession(server, {name, names.login_a.str(), runtime.reveal(), false}).run(sql::who_am_i());
    if (api != nullptr) {
        api->publish(resource, uid, runtime.reveal(), text_of(server.ca_path));
        api->report(resource, uid);
    }
}

double measure(const Server& server, BareApi* api, int tenants, int threads) {
    std::atomic<int> next = 0;
    std::atomic<bool> has_failed = false;
    const auto work = [&] {
        try {
            BareSession admin(server, admin_of(server, kMaintenanceDatabase));
            for (int i = next++; i < tenants && !has_failed; i = next++) {
                provision(server, admin, api, i);
            }
        } catch (const std::exception& error) {
            has_failed = true;
            std::cerr << "bare_provision: " << error.what() << '\n';
        }
    };
    const auto start = std::chrono::steady_clock::now();
    {
        std::vector<std::jthread> workers;
        for (int i = 0; i < threads; ++i) {
            workers.emplace_back(work);
        }
    }
    const std::chrono::duration<double> span = std::chrono::steady_clock::now() - start;
    if (has_failed) {
        throw std::runtime_error("not all tenants were made, so there is no figure");
    }
    return span.count();
}

}  // namespace
}  // namespace djdb::bench

int main(int argc, char** argv) {
    try {
        if (argc != 3 && argc != 4) {
            throw std::runtime_error("usage: bare_provision TENANTS THREADS [KUBECONFIG]");
        }
        const auto server = djdb::bench::find_server();
        djdb::bench::prepare(server);
        const auto api = argc == 4 ? std::make_unique<djdb::bench::BareApi>(argv[3]) : nullptr;
        std::cout << djdb::bench::measure(server, api.get(), std::stoi(argv[1]), std::stoi(argv[2]))
                  << '\n';
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "bare_provision: " << error.what() << '\n';
        return 1;
    }
}
