// What both transports promise, against a scripted TLS peer.
#include "tests/unit/controller/kube/both_transports.hpp"

namespace djdb::kube {
namespace {

using std::chrono::seconds;
using support::http_answer;
using support::PeerConnection;
using support::PeerSetup;
using support::TlsPeer;

class TransportConformance : public BothTransports {
  protected:
    static std::string verdict_on(const PeerSetup& setup, const std::string& host) {
        const TlsPeer peer(setup, answer_all);
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

TEST_P(TransportConformance, RefusesTlsBelow12) {
    EXPECT_EQ(verdict_on({.old_tls = true}, "localhost"), "Tls");
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
    const auto file = write("token", "old\n");
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
}

TEST_P(TransportConformance, AReplacedCaFileIsTrustedWithoutARestart) {
    TlsPeer peer({}, answer_once);
    auto config = config_for(peer);
    config.ca_file = write("ca.crt", peer.ca_pem());
    const auto transport = connect(config);
    EXPECT_EQ(transport->send(request("GET"), call()).status, 200);
    peer.rotate();
    EXPECT_EQ(failure_of(*transport, request("GET"), call()), "Tls");
    write("ca.crt", peer.ca_pem());
    EXPECT_EQ(failure_of(*transport, request("GET"), call()), "none");
}

TEST_P(TransportConformance, HalfARotationLeavesTheLastCertificateInPlace) {
    const TlsPeer peer({}, [](PeerConnection& connection) {
        connection.read_request();
        connection.write(http_answer("401 Unauthorized", "", "Connection: close\r\n"));
    });
    const auto before = support::make_client("before");
    const auto after = support::make_client("after");
    auto config = config_for(peer);
    config.client_certificate_pem = before.certificate;
    config.client_key_pem = Sensitive(before.key);
    config.client_certificate_file = write("tls.crt", before.certificate);
    config.client_key_file = write("tls.key", before.key);
    const auto transport = connect(config);
    const auto ask = [&] { EXPECT_EQ(transport->send(request("GET"), call()).status, 401); };
    ask();
    write("tls.crt", after.certificate);
    ask();  // the key does not belong to it yet
    write("tls.key", after.key);
    ask();
    EXPECT_EQ(peer.client_names(), (std::vector<std::string>{"before", "before", "after"}));
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
    Both, TransportConformance, ::testing::Values(Library::Cpprest, Library::Beast), name_of
);

}  // namespace
}  // namespace djdb::kube
