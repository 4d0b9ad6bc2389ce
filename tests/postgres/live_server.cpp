#include "tests/postgres/live_server.hpp"

#include "controller/postgres/session/scram.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <random>

namespace djdb::postgres {
namespace {

std::string content_of(const std::string& path) {
    std::ifstream file(path);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (text.empty()) {
        std::cerr << "Cannot read " << path << ", which DJDB_PG_* names.\n";
        std::exit(1);
    }
    while (text.back() == '\n') {
        text.pop_back();
    }
    return text;
}

std::string random_word(std::size_t length, const std::string& alphabet) {
    static std::mt19937_64 random{std::random_device{}()};
    std::string word;
    while (word.size() < length) {
        word += alphabet[random() % alphabet.size()];
    }
    return word;
}

}  // namespace

std::string require_variable(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') {
        std::cerr << name
                  << " is not set: run this program by tests/postgres/with-server or ctest.\n";
        std::exit(1);
    }
    return value;
}

CallContext call_for(std::chrono::seconds span) {
    return {{}, Deadline::in(span), "test"};
}

std::string as_superuser(const std::string& sql, const std::string& database) {
    static const auto kSocket = require_variable("DJDB_PG_SOCKET");
    static const auto kPort = require_variable("DJDB_PG_PORT");
    return ask_as_superuser(kSocket, kPort, sql, database);
}

std::string ask_as_superuser(
    const std::string& socket,
    const std::string& port,
    const std::string& sql,
    const std::string& database
) {
    const std::array<const char*, 7> names{
        "host", "port", "user", "dbname", "connect_timeout", "options", nullptr};
    const std::array<const char*, 7> values{
        socket.c_str(),
        port.c_str(),
        "postgres",
        database.c_str(),
        "30",
        "-c statement_timeout=120s",
        nullptr};
    const std::unique_ptr<PGconn, decltype(&PQfinish)> raw(
        PQconnectdbParams(names.data(), values.data(), 0), &PQfinish
    );
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(
        PQexec(raw.get(), sql.c_str()), &PQclear
    );
    const auto status = PQresultStatus(result.get());
    EXPECT_TRUE(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        << PQerrorMessage(raw.get());
    return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

std::string server_log(std::size_t from) {
    return content_of(require_variable("DJDB_PG_LOG")).substr(from);
}

std::string end_state(const TenantNames& names, const Superuser& ask) {
    const auto name = names.database.str();
    const auto quoted = "'" + name + "'";
    auto state = ask(
        "SELECT string_agg(line, E'\n' ORDER BY line) FROM ("
        " SELECT concat_ws(' ', 'role', rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb,"
        " rolcanlogin, rolreplication, rolbypassrls, rolconnlimit, left(rolpassword, 14),"
        " shobj_description(oid, 'pg_authid')) AS line"
        " FROM pg_authid WHERE starts_with(rolname, " +
            quoted +
            ")"
            " UNION ALL SELECT concat_ws(' ', 'member', m.roleid::regrole, m.member::regrole,"
            " m.grantor::regrole, to_jsonb(m) - 'oid' - 'roleid' - 'member' - 'grantor')"
            " FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid"
            " WHERE starts_with(r.rolname, " +
            quoted +
            ")"
            " UNION ALL SELECT concat_ws(' ', 'database', datname, datdba::regrole, datallowconn,"
            " datconnlimit, (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(datacl) a),"
            " encoding) FROM pg_database WHERE datname = " +
            quoted +
            " UNION ALL SELECT concat_ws(' ', 'setting', s.setrole::regrole, s.setconfig)"
            " FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase"
            " WHERE d.datname = " +
            quoted +
            " UNION ALL SELECT concat_ws(' ', 'claim', to_jsonb(c) - 'database_oid' - "
            "'configured_at'"
            " - 'claimed_at', c.database_oid = (SELECT oid::bigint FROM pg_database WHERE datname ="
            " c.database), c.configured_at IS NOT NULL) FROM djangodb.claim c WHERE database = " +
            quoted + ") lines",
        "djangodb"
    );
    const auto open =
        ask("SELECT 1 FROM pg_database WHERE datallowconn AND datname = " + quoted, "postgres");
    if (open == "1") {
        state += ask(
            "SELECT concat_ws(' ', E'\nschema', nspowner::regrole, nspacl) FROM pg_namespace WHERE "
            "nspname = 'public'",
            name
        );
    }
    for (auto at = state.find(name); at != std::string::npos; at = state.find(name, at)) {
        state.replace(at, name.size(), "TENANT");
    }
    return state;
}

Sensitive fresh_password() {
    return Sensitive(
        "canary" + random_word(26, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    );
}

TenantPasswords fresh_passwords() {
    return {{LoginId::a(), fresh_password()}, {LoginId::migrate(), fresh_password()}};
}

sql::Verifiers verifiers_of(const TenantPasswords& passwords) {
    sql::Verifiers verifiers;
    for (const auto& [login, password] : passwords) {
        verifiers.logins.emplace(login, scram_verifier(password));
    }
    return verifiers;
}

std::string foreign_ca() {
    const std::unique_ptr<FILE, decltype(&pclose)> pipe(
        popen(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "
            "/dev/null -out - "
            "-subj /CN=another-authority -days 2 2>/dev/null",
            "r"
        ),
        &pclose
    );
    std::string pem;
    std::array<char, 4096> part{};
    while (std::fgets(part.data(), part.size(), pipe.get()) != nullptr) {
        pem += part.data();
    }
    EXPECT_NE(pem.find("BEGIN CERTIFICATE"), std::string::npos) << "openssl made no certificate";
    return pem;
}

LiveServer::LiveServer() : passwords_(fresh_passwords()) {
    access_.address.host = require_variable("DJDB_PG_HOST");
    access_.address.port = std::stoi(require_variable("DJDB_PG_PORT"));
    access_.maintenance_database = "djangodb";
    access_.address.tls.ca_pem = content_of(require_variable("DJDB_PG_CA"));
    access_.administrator.user = require_variable("DJDB_PG_ADMIN_USER");
    access_.administrator.password =
        Sensitive(content_of(require_variable("DJDB_PG_ADMIN_PASSWORD_FILE")));
}

TenantNames LiveServer::fresh_tenant() {
    return tenant_names(DatabaseName("t_" + random_word(12, "abcdefghijklmnopqrstuvwxyz")));
}

Claimant LiveServer::claimant_of(const TenantNames& names, const std::string& uid) const {
    return {"cluster-1", ResourceUid(uid), {Namespace("shop"), ObjectName(names.database.str())}};
}

std::unique_ptr<TenantDatabase> LiveServer::database_of(
    const TenantNames& names, const std::optional<Claimant>& claimant
) {
    return database_.of(access_, {names, setup_, claimant.value_or(claimant_of(names))});
}

void LiveServer::provision(const TenantNames& names, const Claimant& claimant) {
    const auto call = call_for();
    database_of(names, claimant)->claim_and_create_roles(passwords_, {}, call);
    database_of(names, claimant)->create(call);
    database_of(names, claimant)->configure(call);
}

int LiveServer::server_version() {
    return std::stoi(as_superuser("SHOW server_version_num"));
}

bool LiveServer::admin_is_superuser() const {
    return as_superuser(
               "SELECT rolsuper FROM pg_roles WHERE rolname = '" + access_.administrator.user + "'"
           ) == "t";
}

Endpoint LiveServer::tenant_endpoint(
    const TenantNames& names, const RoleName& login, const Sensitive& password
) const {
    auto to = postgres::tenant_endpoint(access_, names.database, login, password);
    if (std::ranges::find(names.readers, login, &ReaderRole::role) != names.readers.end()) {
        to.kind = SessionKind::Reader;
    }
    return to;
}

Endpoint LiveServer::admin_endpoint(const std::string& database) const {
    return postgres::admin_endpoint(access_, database);
}

void LiveServer::cut_everywhere(
    const sql::Batch& batch,
    const std::string& database,
    const TenantNames& names,
    const std::function<void()>& expect
) {
    const auto before = end_state(names);
    for (std::size_t done = 0; done <= batch.size(); ++done) {
        sql::Batch cut(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(done));
        cut.emplace_back("SELECT pg_terminate_backend(pg_backend_pid())");
        const auto session = Connection::open(admin_endpoint(database), call_for());
        const auto failure = failure_of([&] { session->run_batch(cut, call_for()); });
        EXPECT_EQ(failure.code, "ConnectionLost") << done << ": " << failure.message;
        EXPECT_EQ(end_state(names), before) << "cut after statement " << done;
        expect();
    }
}

}  // namespace djdb::postgres
