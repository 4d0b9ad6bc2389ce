// Eleven verdicts on a connection that fails, each of a real server that refuses in that way; and the
// modes in which one that does not refuse is verified.
#include "tests/postgres/live_server.hpp"
#include "tests/postgres/spare_server.hpp"

#include <gmock/gmock.h>

#include <array>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace djdb::postgres {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A port of loopback that is bound, and listened on only when told to. Nobody ever accepts.
class DeafPort {
  public:
    DeafPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address_;
        EXPECT_EQ(::bind(socket_, generic(), size), 0);
        EXPECT_EQ(::getsockname(socket_, generic(), &size), 0);
    }
    DeafPort(const DeafPort&) = delete;
    DeafPort& operator=(const DeafPort&) = delete;
    ~DeafPort() {
        for (const int client : clients_) {
            ::close(client);
        }
        ::close(socket_);
    }

    [[nodiscard]] std::int64_t port() const { return ntohs(address_.sin_port); }
    /// The kernel accepts for it, and nobody answers.
    void listen() const { EXPECT_EQ(::listen(socket_, 16), 0); }
    /// Its queue is full, so that the kernel drops the packets of whoever comes next.
    void drop_packets() {
        EXPECT_EQ(::listen(socket_, 0), 0);
        for (int i = 0; i < 4; ++i) {
            clients_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
            static_cast<void>(::connect(clients_.back(), generic(), sizeof address_));
        }
    }

  private:
    sockaddr* generic() { return reinterpret_cast<sockaddr*>(&address_); }

    sockaddr_in address_{};
    int socket_;
    std::vector<int> clients_;
};

/// A port of loopback where each client is told this and left.
class TalkingPort {
  public:
    /// @param listens_first to whatever the client says
    TalkingPort(std::string words, bool listens_first)
        : words_(std::move(words)),
          listens_first_(listens_first),
          listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        socklen_t size = sizeof address;
        EXPECT_EQ(::bind(listener_, generic, size), 0);
        EXPECT_EQ(::listen(listener_, 16), 0);
        EXPECT_EQ(::getsockname(listener_, generic, &size), 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::jthread([this] { serve(); });
    }
    TalkingPort(const TalkingPort&) = delete;
    TalkingPort& operator=(const TalkingPort&) = delete;
    ~TalkingPort() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }

    [[nodiscard]] std::int64_t port() const { return port_; }

  private:
    void serve() const {
        for (int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC); client >= 0;
             client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) {
            std::array<char, 1024> said{};
            if (listens_first_) {
                static_cast<void>(::recv(client, said.data(), said.size(), 0));
            }
            static_cast<void>(::send(client, words_.data(), words_.size(), MSG_NOSIGNAL));
            ::shutdown(client, SHUT_WR);
            while (::recv(client, said.data(), said.size(), 0) > 0) {
            }
            ::close(client);
        }
    }

    std::string words_;
    bool listens_first_;
    int listener_;
    std::int64_t port_ = 0;
    std::jthread thread_;
};

class Diagnosis : public LiveServer {
  protected:
    Diagnosis() { there_ = spare().access(); }
    ~Diagnosis() override { spare().show_its_own(); }

    Failure look(
        const ServerAccess& access, std::chrono::seconds within = std::chrono::seconds{60}
    ) {
        PostgresDatabase fresh;  // whose breaker remembers nothing
        return failure_of([&] { fresh.inspect_server(access, call_for(within)); });
    }
    void expect_reached(const ServerAccess& access) {
        PostgresDatabase fresh;
        EXPECT_NO_THROW(fresh.inspect_server(access, call_for()));
    }

    /// The spare server's.
    ServerAccess there_;
};

TEST_F(Diagnosis, Refused) {
    const DeafPort nobody;
    access_.address.port = nobody.port();
    const auto failure = look(access_);
    EXPECT_EQ(failure.reason, Reason::TCPUnreachable);
    EXPECT_THAT(failure.message, HasSubstr("refused"));
    EXPECT_THAT(failure.message, HasSubstr("network policies"));
    EXPECT_THAT(failure.message, HasSubstr("listen_addresses"));
}

TEST_F(Diagnosis, TimedOut) {
    DeafPort dropping;
    dropping.drop_packets();
    access_.address.host = "127.0.0.1";
    access_.address.port = dropping.port();
    const auto failure = look(access_, std::chrono::seconds{2});
    EXPECT_EQ(failure.reason, Reason::TCPUnreachable);
    EXPECT_THAT(failure.message, HasSubstr("timed out"));
}

TEST_F(Diagnosis, AcceptedAndNeverAnswered) {
    const DeafPort deaf;
    deaf.listen();
    access_.address.host = "127.0.0.1";
    access_.address.port = deaf.port();
    const auto began = std::chrono::steady_clock::now();
    const auto failure = look(access_);
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{30})
        << "our own deadline ends it, not the call's";
    EXPECT_EQ(failure.reason, Reason::TCPUnreachable);
    EXPECT_THAT(failure.message, HasSubstr("nobody answers"));
}

TEST_F(Diagnosis, WhoeverAnswersIsNotPostgres) {
    struct Listener {
        std::string words;
        bool listens_first;
    };
    const std::vector<Listener> listeners{
        {"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", true},
        {"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", false},
        {"220 mail.example ESMTP\r\n", false},
        {std::string(
             "\x4a\0\0\0\x0a"
             "8.0.36\0",
             12
         ),
         false},
        {"-ERR unknown command\r\n", true},
        {"Nobody is at home.", true},
        {std::string("\0\xff\x80\x7f", 4), true}};
    access_.address.host = "127.0.0.1";
    for (const auto& listener : listeners) {
        const TalkingPort port(listener.words, listener.listens_first);
        access_.address.port = port.port();
        const auto failure = look(access_);
        EXPECT_EQ(failure.reason, Reason::TLSNotOffered) << listener.words;
        EXPECT_THAT(failure.message, HasSubstr("is not PostgreSQL"));
        EXPECT_THAT(failure.message, HasSubstr("Check that host and port are PostgreSQL's"));
    }
    for (const bool listens_first : {false, true}) {
        const TalkingPort mute("", listens_first);
        access_.address.port = mute.port();
        const auto failure = look(access_);
        EXPECT_EQ(failure.reason, Reason::TLSNotOffered);
        EXPECT_THAT(failure.message, HasSubstr("hangs up when asked for TLS"));
        EXPECT_THAT(failure.message, HasSubstr("Check that host and port are PostgreSQL's"));
    }
}

TEST_F(Diagnosis, TlsNotOffered) {
    spare().set("ssl", "off");
    const auto failure = look(there_);
    spare().set("ssl", "on");
    EXPECT_EQ(failure.reason, Reason::TLSNotOffered);
    EXPECT_EQ(failure.kind, FailureClass::Transient);
    EXPECT_THAT(failure.message, HasSubstr("ssl = on"));
}

TEST_F(Diagnosis, CertificateOfAnotherCa) {
    there_.address.tls.ca_pem = foreign_ca();
    for (const auto mode : {TlsMode::VerifyFull, TlsMode::VerifyCA}) {
        there_.address.tls.mode = mode;
        const auto failure = look(there_);
        EXPECT_EQ(failure.reason, Reason::TLSVerifyFailed);
        EXPECT_THAT(failure.message, HasSubstr("not signed by the given CA but by"));
        EXPECT_THAT(failure.message, HasSubstr("djdb-postgres"));
    }
    there_.address.tls.mode = TlsMode::Require;
    there_.address.tls.ca_pem.clear();
    expect_reached(there_);
}

TEST_F(Diagnosis, CertificateThatHasExpired) {
    spare().show(spare().sign("DNS:localhost", -1));
    for (const auto mode : {TlsMode::VerifyFull, TlsMode::VerifyCA}) {
        there_.address.tls.mode = mode;
        const auto failure = look(there_);
        EXPECT_EQ(failure.reason, Reason::TLSVerifyFailed);
        EXPECT_THAT(failure.message, HasSubstr("the server's certificate has expired"));
        EXPECT_THAT(failure.message, Not(HasSubstr("not signed")));
    }
}

TEST_F(Diagnosis, CaThatHasExpired) {
    spare().show(spare().sign("DNS:localhost", 30));
    there_.address.tls.ca_pem = spare().expired_ca();
    for (const auto mode : {TlsMode::VerifyFull, TlsMode::VerifyCA}) {
        there_.address.tls.mode = mode;
        const auto failure = look(there_);
        EXPECT_EQ(failure.reason, Reason::TLSVerifyFailed);
        EXPECT_THAT(failure.message, HasSubstr("the CA \"/CN=djdb-postgres\" has expired"));
        EXPECT_THAT(failure.message, HasSubstr("Correct what spec.tls names"));
        EXPECT_THAT(failure.message, Not(HasSubstr("not signed")));
        EXPECT_THAT(failure.message, Not(HasSubstr("the server's certificate has")));
    }
}

TEST_F(Diagnosis, CertificateOfAnotherName) {
    spare().show(spare().sign("DNS:elsewhere.example,IP:192.0.2.7", 30));
    const auto failure = look(there_);
    EXPECT_EQ(failure.reason, Reason::TLSVerifyFailed);
    EXPECT_THAT(failure.message, HasSubstr("\"localhost\" but elsewhere.example, 192.0.2.7"));
    there_.address.tls.mode = TlsMode::VerifyCA;
    expect_reached(there_);
}

TEST_F(Diagnosis, ClientCertificate) {
    const auto pair = spare().sign("DNS:operator", 30);
    spare().set("ssl_ca_file", "server.crt");  // trusts nobody but itself
    spare().set_access_rules("hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca");
    there_.address.host = "127.0.0.1";
    EXPECT_EQ(look(there_).reason, Reason::AccessRuleRejected) << "none was sent";
    there_.administrator.certificate.pem = pair.certificate;
    there_.administrator.certificate.key_pem = pair.key;
    const auto refused = look(there_);
    EXPECT_EQ(refused.reason, Reason::TLSVerifyFailed);
    EXPECT_THAT(refused.message, HasSubstr("refused the client certificate"));
    spare().trust_its_own_ca();
    expect_reached(there_);
    there_.administrator.certificate.key_pem = spare().sign("DNS:operator", 30).key;
    EXPECT_EQ(look(there_).reason, Reason::ClientCertificateInvalid);
    spare().reset("ssl_ca_file");
    spare().restart();  // which writes pg_hba.conf anew
}

TEST_F(Diagnosis, AccessRuleRejects) {
    access_.administrator.user = "postgres";  // rejected by a line of pg_hba.conf
    const auto failure = look(access_);
    EXPECT_EQ(failure.reason, Reason::AccessRuleRejected);
    EXPECT_EQ(failure.kind, FailureClass::Forbidden);
    EXPECT_THAT(failure.message, HasSubstr("28000"));
    EXPECT_THAT(failure.message, HasSubstr("pg_hba.conf"));
}

TEST_F(Diagnosis, RoleWithoutLogin) {
    spare().as_superuser("ALTER ROLE " + there_.administrator.user + " NOLOGIN");
    const auto failure = look(there_);
    spare().as_superuser("ALTER ROLE " + there_.administrator.user + " LOGIN");
    EXPECT_EQ(failure.reason, Reason::AccessRuleRejected);
    EXPECT_THAT(failure.message, HasSubstr("ALTER ROLE .. LOGIN"));
}

TEST_F(Diagnosis, WrongPassword) {
    there_.administrator.password = fresh_password();
    const auto failure = look(there_);
    EXPECT_EQ(failure.reason, Reason::AuthRejected);
    EXPECT_THAT(failure.message, Not(HasSubstr(there_.administrator.password.reveal())));
}

TEST_F(Diagnosis, MissingDatabase) {
    const auto failure = failure_of([&] {
        Connection::open(postgres::admin_endpoint(there_, "no_such_database"), call_for());
    });
    EXPECT_EQ(failure.reason, Reason::DatabaseMissing);
}

TEST_F(Diagnosis, ServerWithoutAFreeConnection) {
    spare().set("max_connections", "8");
    spare().restart();
    there_ = spare().access();
    std::vector<std::unique_ptr<Connection>> sessions;
    const auto full = failure_of([&] {
        while (sessions.size() < 8) {
            sessions.push_back(
                Connection::open(postgres::admin_endpoint(there_, "postgres"), call_for())
            );
        }
    });
    EXPECT_EQ(full.reason, Reason::TooManyConnections);
    const auto failure = look(there_);
    EXPECT_EQ(failure.reason, Reason::TooManyConnections);
    EXPECT_EQ(failure.kind, FailureClass::Transient);
    sessions.clear();
    spare().reset("max_connections");
    spare().restart();
}

TEST_F(Diagnosis, ServerThatOnlyReads) {
    spare().set("default_transaction_read_only", "on");
    const auto failure = look(there_);
    spare().reset("default_transaction_read_only");
    EXPECT_EQ(failure.reason, Reason::ReadOnlyServer);
    EXPECT_EQ(failure.kind, FailureClass::Transient);
    expect_reached(there_);
}

TEST_F(Diagnosis, StandbyThatReadsAndStandbyThatDoesNot) {
    spare().stop();
    const SpareServer standby("standby", spare(), SpareServer::Copy::Standby);
    spare().start();
    // It replays what there is before it lets readers in.
    const auto until = Deadline::in(std::chrono::seconds{30});
    auto failure = look(standby.access());
    while (failure.reason == Reason::ServerStarting && !until.has_passed()) {
        failure = look(standby.access());
    }
    EXPECT_EQ(failure.reason, Reason::ReadOnlyServer);
    EXPECT_THAT(failure.message, HasSubstr("primary"));

    standby.set_in_file("hot_standby = off");
    standby.restart();
    failure = look(standby.access());
    EXPECT_EQ(failure.reason, Reason::ServerStarting);
    EXPECT_EQ(failure.kind, FailureClass::Transient);
}

TEST_F(Diagnosis, SocketInPlaceOfTheNetwork) {
    there_.address.host = spare().socket();
    there_.address.tls.ca_pem.clear();
    PostgresDatabase fresh;
    const auto facts = fresh.inspect_server(there_, call_for());
    EXPECT_EQ(facts.tls_version, "");
    EXPECT_EQ(facts.certificate_expiry, "");
    there_.address.port = 1;
    const auto failure = look(there_);
    EXPECT_EQ(failure.reason, Reason::TCPUnreachable);
    EXPECT_THAT(failure.message, HasSubstr("no such socket"));
}

TEST_F(Diagnosis, TlsInForceIsTold) {
    const auto facts = database_.inspect_server(access_, call_for());
    EXPECT_EQ(
        facts.tls_version,
        Connection::open(admin_endpoint("postgres"), call_for())
            ->run({"SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"}, call_for())
            .at(0)
            .at(0)
    );
    const auto expiry = output_of(
        "date -u -d \"$(openssl x509 -noout -enddate -in " + require_variable("DJDB_PG_STATE") +
        "/postgres/server.crt | cut -d= -f2)\" +%Y-%m-%dT%H:%M:%SZ"
    );
    EXPECT_EQ(facts.certificate_expiry, expiry);
}

}  // namespace
}  // namespace djdb::postgres
