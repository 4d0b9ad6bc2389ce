// What the client makes of answers that a real API server does not give on demand.
#include "controller/kube/client/client.hpp"

#include "controller/kube/client/http_failure.hpp"
#include "tests/unit/controller/kube/scripted_api.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace djdb::kube {
namespace {

using std::chrono::seconds;
using support::http_answer;
using support::PeerConnection;
using support::TlsPeer;

const ObjectKey kKey{Namespace("s"), ObjectName("a")};

CallContext call() {
    return {{}, Deadline::in(seconds{20}), {}};
}

/// A client of a peer that gives these answers in turn.
class Answered {
  public:
    explicit Answered(std::vector<std::string> answers)
        : peer_({}, [this, answers = std::move(answers)](PeerConnection& connection) {
              while (!connection.read_request().empty()) {
                  const auto position = peer_.requests().size() - 1;
                  connection.write(answers.at(std::min(position, answers.size() - 1)));
              }
          }) {
        ClusterConfig config;
        config.host = "localhost";
        config.port = peer_.port();
        config.ca_pem = peer_.ca_pem();
        client_ = std::make_unique<Client>(
            make_beast_transport(config), make_watch_transport(config), "test"
        );
    }
    Client* operator->() { return client_.get(); }
    [[nodiscard]] std::vector<std::string> requests() const { return peer_.requests(); }

  private:
    TlsPeer peer_;
    std::unique_ptr<Client> client_;
};

std::string code_of(const std::function<void()>& work) {
    try {
        work();
    } catch (const Error& error) {
        return error.failure().code +
               (error.failure().kind == FailureClass::Transient ? " (Transient)" : "");
    }
    return "none";
}

std::string not_found(const std::string& name) {
    return http_answer(
        "404 Not Found",
        R"({"kind":"Status","reason":"NotFound","code":404,"details":{"name":")" + name + "\"}}"
    );
}

TEST(Client, OnlyTheServersOwnWordMeansThatAnObjectIsAbsent) {
    EXPECT_EQ(Answered({not_found("a")})->read(kPods, kKey, call()), std::nullopt);
    EXPECT_FALSE(Answered({not_found("a")})->remove(kPods, kKey, {}, call()));
    // The namespace, the kind, a proxy on the way, a server that has not read its kinds yet.
    for (const auto& answer :
         {not_found("s"),
          http_answer("404 Not Found", R"({"kind":"Status","reason":"NotFound","details":{}})"),
          http_answer("404 Not Found", "<html>not here</html>"),
          http_answer("404 Not Found", "404 page not found"),
          http_answer("404 Not Found", "")}) {
        EXPECT_THAT(
            code_of([&] { Answered({answer})->read(kPods, kKey, call()); }),
            ::testing::StartsWith("404")
        );
        EXPECT_THAT(
            code_of([&] { Answered({answer})->remove(kPods, kKey, {}, call()); }),
            ::testing::StartsWith("404")
        );
    }
}

TEST(Client, AnAnswerThatIsNoObjectIsAFailureOfTheCallAlone) {
    const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
    for (const auto& body :
         {std::string("<html>"),
          std::string(""),
          std::string("null"),
          std::string("[]"),
          std::string("{\"a\":\"\xff\"}"),
          std::string("{\"a\":1e400}"),
          "{\"a\":" + deep + "}"}) {
        EXPECT_EQ(
            code_of([&] { Answered({http_answer("200 OK", body)})->read(kPods, kKey, call()); }),
            "Read (Transient)"
        );
    }
}

TEST(Client, WaitsOutRetryAfterOnce) {
    const auto busy = http_answer("429 Too Many Requests", "", "Retry-After: 1\r\n");
    const auto fine = http_answer("200 OK", pod("a", "1"));
    Answered reading({busy, fine});
    EXPECT_TRUE(reading->read(kPods, kKey, call()).has_value());
    EXPECT_EQ(reading.requests().size(), 2U);
    Answered always_busy({busy});
    EXPECT_EQ(code_of([&] { always_busy->read(kPods, kKey, call()); }), "429 (Transient)");
    EXPECT_EQ(always_busy.requests().size(), 2U);
    Answered creating({busy, fine});
    const auto object = nlohmann::json::parse(pod("a", "1"));
    EXPECT_EQ(creating->create(kPods, object, {}, call()), object);
    EXPECT_EQ(creating.requests().size(), 2U);
}

TEST(Client, TextThatIsNotUtf8IsReplacedSoThatAStatusCanAlwaysBeWritten) {
    Answered api({http_answer("200 OK", "{}")});
    const nlohmann::json patch{{"status", {{"message", "caf\xe9"}}}};
    api->merge_patch(kPods, kKey, patch, {}, call());
    EXPECT_NE(api.requests().at(0).find("caf\xef\xbf\xbd"), std::string::npos);
}

std::string metadata_of(const std::string& kind) {
    return http_answer(
        "200 OK", R"({"kind":")" + kind + R"(","metadata":{"uid":"u","resourceVersion":"7"}})"
    );
}

TEST(Client, MetadataAloneIsAskedForAndNothingElseIsTaken) {
    Answered api({metadata_of("PartialObjectMetadata")});
    EXPECT_EQ(api->read_metadata(kPods, kKey, call())->at("metadata").at("uid"), "u");
    const auto sent = api.requests().at(0);
    const std::string accept =
        "Accept: application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1\r\n";
    EXPECT_NE(sent.find(accept), std::string::npos) << sent;
    EXPECT_EQ(sent.find("Accept: application/json\r\n"), std::string::npos) << sent;
    EXPECT_EQ(Answered({not_found("a")})->read_metadata(kPods, kKey, call()), std::nullopt);
    for (const auto& answer :
         {metadata_of("Pod"),
          not_found("s"),
          status_answer(406, "NotAcceptable"),
          status_answer(500, "InternalError")}) {
        EXPECT_NE(code_of([&] { Answered({answer})->read_metadata(kPods, kKey, call()); }), "none");
    }
}

/// As a real 1.36 words them.
TEST(Client, ARefusalOfTheContentIsNoLackOfRights) {
    const auto kind_of = [](int code, const std::string& reason, const std::string& message) {
        const nlohmann::json status{{"reason", reason}, {"message", message}};
        HttpResponse answer;
        answer.status = code;
        answer.body = status.dump();
        return status_error(answer, "POST").failure().kind;
    };
    const std::string name = R"(jobs.batch "shop-migrate-1" is forbidden: )";
    for (const auto& message :
         {name + "exceeded quota: none, requested: count/jobs.batch=1, used: 0, limited: 0",
          name + R"(violates PodSecurity "restricted:latest": privileged)",
          name +
              R"(ValidatingAdmissionPolicy 'p' with binding 'b' denied request: User "x" cannot)",
          std::string(R"(admission webhook "w" denied the request: no)")}) {
        EXPECT_EQ(kind_of(403, "Forbidden", message), FailureClass::Invalid) << message;
    }
    for (const auto& message :
         {std::string(R"(jobs.batch is forbidden: User "system:serviceaccount:a:b" cannot create )"
                      R"(resource "jobs" in API group "batch" in the namespace "x")"),
          std::string(R"(secrets "a" is forbidden: User "x" cannot get resource "secrets")")}) {
        EXPECT_EQ(kind_of(403, "Forbidden", message), FailureClass::Forbidden) << message;
    }
    EXPECT_EQ(kind_of(403, "", "a proxy's page"), FailureClass::Forbidden);
    EXPECT_EQ(kind_of(422, "Invalid", "a policy"), FailureClass::Invalid);
    EXPECT_EQ(kind_of(429, "TooManyRequests", "x"), FailureClass::Transient);
}

TEST(Client, AnExpiredPageIsAFailureOfTheWholeList) {
    const auto first = http_answer(
        "200 OK",
        R"({"kind":"PodList","metadata":{"resourceVersion":"5","continue":"to/ken"},"items":[)" +
            pod("a", "1") + "]}"
    );
    Answered api(
        {first,
         status_answer(410, "Expired"),
         first,
         http_answer("200 OK", pod_list("5", pod("b", "2")))}
    );
    EXPECT_EQ(code_of([&] { api->list(kPods, {}, call()); }), "410 Expired");
    EXPECT_NE(api.requests().at(1).find("&continue=to%2Fken"), std::string::npos);
    EXPECT_EQ(api->list(kPods, {}, call()).items.size(), 2U);
}

}  // namespace
}  // namespace djdb::kube
