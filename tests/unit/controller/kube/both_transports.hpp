// The fixture of the conformance suite: each test runs once for each transport.
#pragma once

#include "controller/kube/transport/beast_transport.hpp"
#include "controller/kube/transport/cpprest_transport.hpp"
#include "reconcilers/ports/failure.hpp"
#include "tests/support/tls_peer.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

namespace djdb::kube {

enum class Library { Cpprest, Beast };

inline std::string name_of(const ::testing::TestParamInfo<Library>& row) {
    return row.param == Library::Beast ? "Beast" : "Cpprest";
}

class BothTransports : public ::testing::TestWithParam<Library> {
  protected:
    static void SetUpTestSuite() { prepare_cpprest(); }
    void SetUp() override {
        std::string pattern = std::filesystem::temp_directory_path() / "transport-XXXXXX";
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    static ClusterConfig config_for(
        const support::TlsPeer& peer, const std::string& host = "localhost"
    ) {
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
    static CallContext call(
        std::chrono::seconds limit = std::chrono::seconds{20}, std::stop_token stop = {}
    ) {
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
    std::filesystem::path write(const std::string& name, const std::string& text) const {
        std::ofstream(folder_ / name) << text;
        return folder_ / name;
    }

    std::filesystem::path folder_;
};

inline void answer_all(support::PeerConnection& connection) {
    while (!connection.read_request().empty()) {
        connection.write(support::http_answer("200 OK", "fine"));
    }
}

inline void stay_silent(support::PeerConnection& connection) {
    connection.read_request();
    connection.wait_for_close();
}

}  // namespace djdb::kube
