#include "tests/postgres/pgbouncer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <netinet/in.h>
#include <pwd.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace djdb::postgres {
namespace {

namespace fs = std::filesystem;

/// PgBouncer refuses to be root; then it becomes the one that servers run as.
constexpr const char* kUser = "postgres";

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

std::uint16_t free_port() {
    auto address = loopback(0);
    socklen_t size = sizeof(address);
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    const bool is_bound =
        ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
        ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ::close(listener);
    if (!is_bound) {
        throw std::runtime_error("no free port on loopback");
    }
    return ntohs(address.sin_port);
}

bool answers(std::uint16_t port) {
    const auto address = loopback(port);
    const int client = ::socket(AF_INET, SOCK_STREAM, 0);
    const bool is_there =
        ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    ::close(client);
    return is_there;
}

/// Of a value inside quotes, as PgBouncer reads it.
std::string doubled(const std::string& text, char quote) {
    std::string result;
    for (const char c : text) {
        result += c == quote ? std::string(2, c) : std::string(1, c);
    }
    return result;
}

}  // namespace

PgBouncer::PgBouncer(const SpareServer& server, const PoolerSetup& setup)
    : access_(server.access()) {
    std::string name = (fs::temp_directory_path() / "djdb-pgbouncer-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("no folder for PgBouncer");
    }
    folder_ = name;
    const auto own = server.sign("DNS:localhost", 2);
    const auto upstream = std::to_string(access_.address.port);
    access_.address.port = free_port();
    // A pooler that ends TLS leaves no other way.
    access_.password_mode = PasswordMode::Plaintext;
    write("client.crt", own.certificate);
    write("client.key", own.key.reveal());
    write(
        "users",
        "\"" + access_.administrator.user + "\" \"" +
            doubled(access_.administrator.password.reveal(), '"') + "\"\n"
    );
    const auto at = [&](const char* file) { return (folder_ / file).string(); };
    write(
        "pgbouncer.ini",
        "[databases]\n* = host=127.0.0.1 port=" + upstream +
            (setup.connect_query.empty()
                 ? ""
                 : " connect_query='" + doubled(setup.connect_query, '\'') + "'") +
            "\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = " +
            std::to_string(access_.address.port) + "\nunix_socket_dir =\npool_mode = " +
            setup.pool_mode + "\nauth_type = scram-sha-256\nauth_file = " + at("users") +
            "\nclient_tls_sslmode = require\nclient_tls_cert_file = " + at("client.crt") +
            "\nclient_tls_key_file = " + at("client.key") +
            "\nserver_tls_sslmode = require\nlogfile = " + at("log") +
            // What the connect query has set would be lost with the first client.
            "\nserver_reset_query =\nignore_startup_parameters = extra_float_digits" +
            (setup.drops_options ? ",options" : "") +
            (::geteuid() == 0 ? std::string("\nuser = ") + kUser : "") + "\n"
    );
    start();
    await();
}

PgBouncer::~PgBouncer() {
    if (process_ > 0) {
        ::kill(process_, SIGTERM);  // at once, whoever is connected
        ::waitpid(process_, nullptr, 0);
    }
    fs::remove_all(folder_);
}

void PgBouncer::write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    fs::permissions(folder_ / name, fs::perms::owner_read | fs::perms::owner_write);
    const passwd* user = ::geteuid() == 0 ? ::getpwnam(kUser) : nullptr;
    for (const auto& path : {folder_, folder_ / name}) {
        if (user != nullptr && ::chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) {
            throw std::runtime_error("PgBouncer's files can't be given to its user");
        }
    }
}

void PgBouncer::start() {
    std::string program = "/usr/sbin/pgbouncer";
    std::string quiet = "--quiet";
    std::string configuration = (folder_ / "pgbouncer.ini").string();
    std::array<char*, 4> arguments{program.data(), quiet.data(), configuration.data(), nullptr};
    if (::posix_spawn(&process_, program.c_str(), nullptr, nullptr, arguments.data(), environ) !=
        0) {
        process_ = -1;
        throw std::runtime_error(program + " can't be run: tests/cluster/install-packages");
    }
}

void PgBouncer::await() const {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!answers(static_cast<std::uint16_t>(access_.address.port))) {
        if (std::chrono::steady_clock::now() > until) {
            std::ifstream log(folder_ / "log");
            ADD_FAILURE() << "PgBouncer did not start:\n"
                          << std::string(std::istreambuf_iterator<char>(log), {});
            return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
}

}  // namespace djdb::postgres
