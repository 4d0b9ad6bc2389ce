#include "tests/postgres/spare_server.hpp"

#include "tests/postgres/live_server.hpp"

#include <libpq-fe.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <utility>

namespace djdb::postgres {
namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Owner and rights stay: the server refuses a key that others may read.
void overwrite(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::trunc) << text;
}

std::string without_line_end(std::string text) {
    while (!text.empty() && text.back() == '\n') {
        text.pop_back();
    }
    return text;
}

}  // namespace

std::string output_of(const std::string& command) {
    FILE* pipe = popen(command.c_str(), "r");
    std::string text;
    std::array<char, 4096> part{};
    while (pipe != nullptr && std::fgets(part.data(), part.size(), pipe) != nullptr) {
        text += part.data();
    }
    EXPECT_EQ(pipe == nullptr ? -1 : pclose(pipe), 0) << command << "\n" << text;
    return without_line_end(text);
}

SpareServer::SpareServer(std::string name)
    : name_(std::move(name)),
      folder_(fs::path(require_variable("DJDB_PG_STATE")) / ("postgres-" + name_)) {
    run("down");  // of a run that crashed
    run("up --port 0 --major " +
        std::to_string(std::stoi(djdb::postgres::as_superuser("SHOW server_version_num")) / 10000));
    read_settings();
}

SpareServer::SpareServer(std::string name, const SpareServer& source, Copy copy)
    : name_(std::move(name)), folder_(source.folder_.parent_path() / ("postgres-" + name_)) {
    static const std::map<Copy, std::string> kWords{
        {Copy::Cold, "cold"},
        {Copy::Standby, "standby"},
        {Copy::Frozen, "frozen"},
        {Copy::Backup, "backup"}};
    run("down");
    run("copy --port 0 --of " + source.name_ + " --how " + kWords.at(copy));
    read_settings();
}

void SpareServer::restore(const SpareServer& source, const std::string& moment) const {
    run("restore --of " + source.name_ + " --moment " + moment);
}

SpareServer::~SpareServer() {
    run("down");
}

void SpareServer::run(const std::string& verb_and_options) const {
    output_of(
        require_variable("DJDB_PG_TOOL") + " " + verb_and_options + " --dir " +
        require_variable("DJDB_PG_STATE") + " --name " + name_ + " 2>&1"
    );
}

void SpareServer::read_settings() {
    const std::string prefix = "export ";
    std::istringstream lines(output_of(
        require_variable("DJDB_PG_TOOL") + " env --dir " + require_variable("DJDB_PG_STATE") +
        " --name " + name_
    ));
    for (std::string line; std::getline(lines, line);) {
        const auto equals = line.find('=');
        settings_[line.substr(prefix.size(), equals - prefix.size())] = line.substr(equals + 1);
    }
}

void SpareServer::stop() const {
    run("stop");
}

void SpareServer::start() const {
    run("start");
}

void SpareServer::restart() const {
    stop();
    start();
}

std::string SpareServer::socket() const {
    return settings_.at("DJDB_PG_SOCKET");
}

std::string SpareServer::as_superuser(const std::string& sql, const std::string& database) const {
    return ask_as_superuser(socket(), settings_.at("DJDB_PG_PORT"), sql, database);
}

void SpareServer::set(const std::string& name, const std::string& value) const {
    as_superuser("ALTER SYSTEM SET " + name + " = '" + value + "'");
    as_superuser("SELECT pg_reload_conf()");
}

void SpareServer::reset(const std::string& name) const {
    as_superuser("ALTER SYSTEM RESET " + name);
    as_superuser("SELECT pg_reload_conf()");
}

void SpareServer::set_password(const Sensitive& password) const {
    as_superuser(
        "ALTER ROLE " + settings_.at("DJDB_PG_ADMIN_USER") + " PASSWORD '" + password.reveal() + "'"
    );
}

void SpareServer::set_in_file(const std::string& line) const {
    const auto home = fs::path(socket()).parent_path();
    std::ofstream(home / "data/postgresql.auto.conf", std::ios::app) << line << "\n";
}

void SpareServer::set_access_rules(const std::string& lines) const {
    const auto file = as_superuser("SHOW hba_file");
    overwrite(file, lines + "\n" + content_of(file));
    as_superuser("SELECT pg_reload_conf()");
}

ServerAccess SpareServer::access() const {
    ServerAccess access;
    access.address.host = "localhost";
    access.address.port = std::stoi(settings_.at("DJDB_PG_PORT"));
    access.maintenance_database = "djangodb";
    access.address.tls.ca_pem = content_of(folder_ / "ca.crt");
    access.administrator.user = settings_.at("DJDB_PG_ADMIN_USER");
    access.administrator.password = Sensitive(content_of(folder_ / "admin-password"));
    return access;
}

KeyPair SpareServer::sign(const std::string& names, int days) const {
    const auto work = folder_ / "signed";
    fs::create_directories(work);
    const auto at = work.string();
    output_of(
        "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout " + at +
        "/key -out " + at + "/request -subj /CN=signed 2>/dev/null"
    );
    overwrite(work / "extensions", "subjectAltName=" + names + "\n");
    output_of(
        "openssl x509 -req -in " + at + "/request -CA " + (folder_ / "ca.crt").string() +
        " -CAkey " + (folder_ / "ca.key").string() + " -CAcreateserial -CAserial " + at +
        "/serial -extfile " + at + "/extensions -days " + std::to_string(days) + " -out " + at +
        "/certificate 2>/dev/null"
    );
    KeyPair pair{content_of(work / "certificate"), Sensitive(content_of(work / "key"))};
    fs::remove_all(work);
    return pair;
}

std::string SpareServer::expired_ca() const {
    return output_of(
        "openssl x509 -in " + (folder_ / "ca.crt").string() + " -signkey " +
        (folder_ / "ca.key").string() + " -days -1 2>/dev/null"
    );
}

void SpareServer::show(const KeyPair& pair) const {
    const fs::path data = as_superuser("SHOW data_directory");
    overwrite(data / "server.crt", pair.certificate);
    overwrite(data / "server.key", pair.key.reveal());
    as_superuser("SELECT pg_reload_conf()");
}

void SpareServer::show_its_own() const {
    show({content_of(folder_ / "server.crt"), Sensitive(content_of(folder_ / "server.key"))});
}

void SpareServer::trust_its_own_ca() const {
    const fs::path data = as_superuser("SHOW data_directory");
    overwrite(data / "trusted.crt", content_of(folder_ / "ca.crt"));
    fs::permissions(data / "trusted.crt", fs::perms::others_read, fs::perm_options::add);
    set("ssl_ca_file", "trusted.crt");
}

SpareServer& spare() {
    static SpareServer server("spare");
    return server;
}

}  // namespace djdb::postgres
