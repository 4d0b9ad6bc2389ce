// What both transports promise, against a scripted TLS peer.
#include "controller/kube/beast_transport.hpp"
#include "controller/kube/cpprest_transport.hpp"
#include "reconcilers/failure.hpp"
#include "tests/support/tls_peer.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace djdb::kube {
namespace {

using std::chrono::seconds;
using support::http_answer;
using support::PeerCertificate;
using support::PeerConnection;
using support::TlsPeer;

enum class Library { Cpprest, Beast };

void answer_all(PeerConnection& connection) {
    while (!connection.read_request().empty()) {
        connection.write(http_answer("200 OK", "fine"));
    }
}

class TransportConformance : public ::testing::TestWithParam<Library> {
  protected:
    static void SetUpTestSuite() { limit_cpprest_threads(); }

    static ClusterConfig config_for(const TlsPeer& peer, const std::string& host = "localhost") {
        ClusterConfig config;
        config.host = host;
        config.port = peer.port();
        config.ca_pem = peer.ca_pem();
        config.token = Sensitive("first");
        return config;
    }
    static std::unique_ptr<Transport> connect(const ClusterConfig& config) {
        return GetParam() == Library::Beast ? make_beast_transport(config)
                                            : make_cpprest_transport(config);
    }
    static CallContext call(seconds limit = seconds{20}, std::stop_token stop = {}) {
        return {std::move(stop), Deadline::in(limit), {}};
    }
    static HttpRequest request(const std::string& method, const std::string& body = {}) {
        return {.method = method, .target = "/path?a=b%20c", .headers = {}, .body = body};
    }
    static std::string failure_of(
        Transport& transport, const HttpRequest& sent, const CallContext& context
    ) {
        try {
            transport.send(sent, context);
        } catch (const Error& error) {
            EXPECT_EQ(error.failure().kind, FailureClass::Transient);
            return error.failure().code;
        }
        return "none";
    }
    static std::string verdict_on(const PeerCertificate& certificate, const std::string& host) {
        const TlsPeer peer(certificate, answer_all);
        return failure_of(*connect(config_for(peer, host)), request("GET"), call());
    }
};

TEST_P(TransportConformance, SendsTargetTokenAndBodyAsTheyAre) {
    const TlsPeer peer({}, answer_all);
    const auto answer = connect(config_for(peer))->send(request("POST", "{\"a\":1}"), call());
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "fine");
    EXPECT_EQ(answer.headers.at("content-length"), "4");
    const auto sent = peer.requests().at(0);
    EXPECT_NE(sent.find("POST /path?a=b%20c HTTP/1.1"), std::string::npos) << sent;
    // cpprestsdk writes no blank behind the colon; HTTP allows both.
    EXPECT_TRUE(
        sent.find("\r\nAuthorization: Bearer first\r\n") != std::string::npos ||
        sent.find("\r\nAuthorization:Bearer first\r\n") != std::string::npos
    ) << sent;
    EXPECT_NE(sent.find("{\"a\":1}"), std::string::npos);
}

TEST_P(TransportConformance, AcceptsAlternativeNamesOfBothKinds) {
    EXPECT_EQ(verdict_on({.alternative_name = "DNS:localhost"}, "localhost"), "none");
    EXPECT_EQ(verdict_on({.alternative_name = "IP:127.0.0.1"}, "127.0.0.1"), "none");
}

TEST_P(TransportConformance, RefusesTheCommonName) {
    EXPECT_EQ(verdict_on({.alternative_name = "", .common_name = "localhost"}, "localhost"), "Tls");
    EXPECT_EQ(verdict_on({.alternative_name = "", .common_name = "127.0.0.1"}, "127.0.0.1"), "Tls");
}

TEST_P(TransportConformance, RefusesWrongNamesAndExpiredCertificates) {
    EXPECT_EQ(verdict_on({.alternative_name = "DNS:other"}, "localhost"), "Tls");
    EXPECT_EQ(verdict_on({.alternative_name = "IP:127.0.0.2"}, "127.0.0.1"), "Tls");
    EXPECT_EQ(verdict_on({.expired = true}, "localhost"), "Tls");
}

TEST_P(TransportConformance, RefusesAnotherCaAndSendsNothing) {
    const TlsPeer peer({}, answer_all);
    const TlsPeer other({}, answer_all);
    auto config = config_for(peer);
    config.ca_pem = other.ca_pem();
    EXPECT_EQ(failure_of(*connect(config), request("GET"), call()), "Tls");
    EXPECT_TRUE(peer.requests().empty());
}

TEST_P(TransportConformance, DoesNotFollowRedirects) {
    const TlsPeer target({}, answer_all);
    const auto location = "Location: https://localhost:" + std::to_string(target.port()) + "/\r\n";
    const TlsPeer peer({}, [&](PeerConnection& connection) {
        while (!connection.read_request().empty()) {
            connection.write(http_answer("307 Temporary Redirect", "", location));
        }
    });
    EXPECT_EQ(connect(config_for(peer))->send(request("GET"), call()).status, 307);
    EXPECT_TRUE(target.requests().empty());
}

/// Answers one request per connection and closes it although it was to be kept.
void answer_once(PeerConnection& connection) {
    if (!connection.read_request().empty()) {
        connection.write(http_answer("200 OK", "fine"));
    }
}

TEST_P(TransportConformance, AGetSurvivesAStaleConnection) {
    const TlsPeer peer({}, answer_once);
    const auto transport = connect(config_for(peer));
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(transport->send(request("GET"), call()).status, 200);
    }
}

TEST_P(TransportConformance, APostOnAStaleConnectionIsNeverDoneTwice) {
    const TlsPeer peer({}, answer_once);
    const auto transport = connect(config_for(peer));
    EXPECT_EQ(transport->send(request("GET"), call()).status, 200);
    const auto code = failure_of(*transport, request("POST", "once"), call());
    std::size_t posts = 0;
    for (const auto& sent : peer.requests()) {
        posts += sent.starts_with("POST") ? 1U : 0U;
    }
    EXPECT_LE(posts, 1U) << code;
    if (code == "none") {
        EXPECT_EQ(posts, 1U);
    }
}

TEST_P(TransportConformance, ATruncatedBodyIsNoAnswer) {
    const TlsPeer peer({}, [](PeerConnection& connection) {
        connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    });
    EXPECT_EQ(failure_of(*connect(config_for(peer)), request("POST", "x"), call()), "Read");
}

void stay_silent(PeerConnection& connection) {
    connection.read_request();
    connection.wait_for_close();
}

TEST_P(TransportConformance, TheDeadlineEndsACallToASilentPeer) {
    const TlsPeer peer({}, stay_silent);
    EXPECT_EQ(failure_of(*connect(config_for(peer)), request("GET"), call(seconds{1})), "Timeout");
}

TEST_P(TransportConformance, StopEndsACallToASilentPeer) {
    std::stop_source stop;
    const TlsPeer peer({}, [&](PeerConnection& connection) {
        connection.read_request();
        stop.request_stop();
        connection.wait_for_close();
    });
    EXPECT_EQ(
        failure_of(*connect(config_for(peer)), request("GET"), call(seconds{60}, stop.get_token())),
        "Stopped"
    );
}

TEST_P(TransportConformance, A401MakesTheTokenFileBeReadAgain) {
    const auto file =
        std::filesystem::temp_directory_path() /
        ("token-" + std::to_string(getpid()) + (GetParam() == Library::Beast ? "b" : "c"));
    std::ofstream(file) << "old\n";
    // One request for each connection: the peer serves them in turn, and cpprestsdk may send the
    // second request on a new connection while the first is still on its way back to the pool.
    const TlsPeer peer({}, [&](PeerConnection& connection) {
        const bool renewed = connection.read_request().find("Bearer new") != std::string::npos;
        std::ofstream(file) << "new\n";
        connection.write(
            http_answer(renewed ? "200 OK" : "401 Unauthorized", "", "Connection: close\r\n")
        );
    });
    auto config = config_for(peer);
    config.token = Sensitive();
    config.token_file = file;
    EXPECT_EQ(connect(config)->send(request("POST", "x"), call()).status, 200);
    EXPECT_EQ(peer.requests().size(), 2U);
    std::filesystem::remove(file);
}

TEST_P(TransportConformance, NobodyListening) {
    ClusterConfig config;
    {
        const TlsPeer peer({}, answer_all);
        config = config_for(peer);
    }
    EXPECT_EQ(failure_of(*connect(config), request("GET"), call()), "Connect");
}

INSTANTIATE_TEST_SUITE_P(
    Both,
    TransportConformance,
    ::testing::Values(Library::Cpprest, Library::Beast),
    [](const auto& row) { return row.param == Library::Beast ? "Beast" : "Cpprest"; }
);

}  // namespace
}  // namespace djdb::kube
