#include "tests/bench/bare_session.hpp"

#include <stdexcept>
#include <utility>
#include <vector>

namespace djdb::bench {
namespace {

constexpr const char* kTenantOptions =
    "-c statement_timeout=30s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s";
constexpr const char* kAdminOptions =
    "-c statement_timeout=30s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"
    " -c search_path=pg_catalog,pg_temp -c default_transaction_read_only=off"
    " -c standard_conforming_strings=on -c jit=off";

PGconn* connect(const Server& server, const Login& login) {
    const std::vector<std::pair<const char*, std::string>> settings{
        {"host", server.host},
        {"port", server.port},
        {"dbname", login.database},
        {"user", login.user},
        {"password", login.password},
        {"sslmode", "verify-full"},
        {"sslrootcert", server.ca_path},
        {"ssl_min_protocol_version", "TLSv1.2"},
        {"channel_binding", "require"},
        {"gssencmode", "disable"},
        {"target_session_attrs", "read-write"},
        {"client_encoding", "UTF8"},
        {"application_name", "bare-provision"},
        {"options", login.is_admin ? kAdminOptions : kTenantOptions},
    };
    std::vector<const char*> names;
    std::vector<const char*> values;
    for (const auto& [name, value] : settings) {
        names.push_back(name);
        values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    return PQconnectdbParams(names.data(), values.data(), 0);
}

bool is_failure(const PGresult* result) {
    const auto status = PQresultStatus(result);
    return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_PIPELINE_SYNC;
}

std::vector<const char*> parameters_of(const sql::Statement& statement) {
    std::vector<const char*> values;
    for (const auto& value : statement.parameters) {
        values.push_back(value.c_str());
    }
    return values;
}

}  // namespace

BareSession::BareSession(const Server& server, const Login& login)
    : raw_(connect(server, login), &PQfinish) {
    if (PQstatus(raw_.get()) != CONNECTION_OK) {
        throw std::runtime_error(PQerrorMessage(raw_.get()));
    }
}

const std::string& BareSession::prepare(const std::string& text) {
    const auto known = prepared_.find(text);
    if (known != prepared_.end()) {
        return known->second;
    }
    const auto name = "kept_" + std::to_string(prepared_.size());
    const Result result(PQprepare(raw_.get(), name.c_str(), text.c_str(), 0, nullptr), &PQclear);
    require_success(result);
    return prepared_.emplace(text, name).first->second;
}

void BareSession::run(const sql::Statement& statement) {
    const auto values = parameters_of(statement);
    const auto count = static_cast<int>(values.size());
    auto* raw = raw_.get();
    const Result result(
        statement.is_kept
            ? PQexecPrepared(
                  raw, prepare(statement.text).c_str(), count, values.data(), nullptr, nullptr, 0
              )
            : PQexecParams(
                  raw, statement.text.c_str(), count, nullptr, values.data(), nullptr, nullptr, 0
              ),
        &PQclear
    );
    require_success(result);
}

void BareSession::require_success(const Result& result) const {
    if (is_failure(result.get())) {
        throw std::runtime_error(PQerrorMessage(raw_.get()));
    }
}

void BareSession::run_batch(const sql::Batch& batch) {
    auto* raw = raw_.get();
    bool is_sent = PQenterPipelineMode(raw) == 1;
    for (const auto& statement : batch) {
        const auto values = parameters_of(statement);
        is_sent = is_sent && PQsendQueryParams(
                                 raw,
                                 statement.text.c_str(),
                                 static_cast<int>(values.size()),
                                 nullptr,
                                 values.data(),
                                 nullptr,
                                 nullptr,
                                 0
                             ) == 1;
    }
    if (!is_sent || PQpipelineSync(raw) == 0) {
        throw std::runtime_error(PQerrorMessage(raw));
    }
    for (bool is_over = false; !is_over;) {
        const Result result(PQgetResult(raw), &PQclear);
        if (result && is_failure(result.get())) {
            throw std::runtime_error(PQresultErrorMessage(result.get()));
        }
        is_over = result && PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC;
    }
    PQexitPipelineMode(raw);
}

}  // namespace djdb::bench
