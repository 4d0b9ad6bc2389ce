#include "tests/apiserver/live_api.hpp"

#include "controller/kube/client/http_failure.hpp"
#include "controller/kube/transport/beast_transport.hpp"
#include "controller/kube/transport/cpprest_transport.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <netinet/in.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace djdb::kube {
namespace {

using nlohmann::json;
const Resource kNamespaces{"", "v1", "namespaces", "Namespace", false};

std::filesystem::path state() {
    return require_variable("DJDB_API_DIR");
}

void run(std::vector<std::string> words) {
    std::vector<char*> arguments;
    for (auto& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    pid_t process = 0;
    int status = 0;
    if (posix_spawn(&process, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0 ||
        waitpid(process, &status, 0) != process || status != 0) {
        throw std::runtime_error(words[0] + " failed");
    }
}

/// One request in plain HTTP/1.0, as etcd's gateway takes it. @return the answer's first line
std::string post_plainly(const std::string& url, const std::string& path, const std::string& body) {
    const auto port = std::stoi(url.substr(url.rfind(':') + 1));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        ::close(socket);
        throw std::runtime_error("etcd does not answer at " + url);
    }
    const auto text = "POST " + path +
                      " HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: " +
                      std::to_string(body.size()) + "\r\n\r\n" + body;
    ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    std::string answer;
    std::array<char, 4096> bytes{};
    for (ssize_t size = 0; (size = ::recv(socket, bytes.data(), bytes.size(), 0)) > 0;) {
        answer.append(bytes.data(), static_cast<std::size_t>(size));
    }
    ::close(socket);
    return answer;
}

std::string first_word_of(const std::filesystem::path& file) {
    std::ifstream input(file);
    std::string word;
    input >> word;
    return word;
}

}  // namespace

std::string text_of(const std::filesystem::path& file) {
    std::ifstream input(file);
    return {std::istreambuf_iterator<char>(input), {}};
}

std::string require_variable(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): never set
    if (value == nullptr) {
        std::cerr << name << " is not set; run these tests by ctest -L apiserver\n";
        std::exit(1);
    }
    return value;
}

std::unique_ptr<Client> connect(
    const ClusterConfig& config, Library library, const std::string& user_agent
) {
    prepare_cpprest();
    return std::make_unique<Client>(
        library == Library::Beast ? make_beast_transport(config) : make_cpprest_transport(config),
        make_watch_transport(config),
        user_agent
    );
}

LiveApi::LiveApi()
    : transport_(make_beast_transport(admin_config())), admin_(connect(admin_config())) {
    static std::atomic<int> number = 0;
    space_ = "apitest-" + std::to_string(getpid()) + "-" + std::to_string(++number);
    admin_->create(
        kNamespaces,
        {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", space_}}}},
        {},
        call()
    );
}

LiveApi::~LiveApi() {
    try {
        admin_->remove(kNamespaces, {{}, ObjectName(space_)}, {}, call());
    } catch (const Error& error) {
        ADD_FAILURE() << "the namespace was left behind: " << error.what();
    }
}

ClusterConfig LiveApi::admin_config() {
    return kubeconfig(state() / "kubeconfig");
}

ClusterConfig LiveApi::token_config() {
    auto config = admin_config();
    config.client_certificate_pem.clear();
    config.client_key_pem = Sensitive();
    return config;
}

json LiveApi::config_map(const std::string& name, const json& data) const {
    return {
        {"apiVersion", "v1"},
        {"kind", "ConfigMap"},
        {"metadata", {{"name", name}, {"namespace", space_}}},
        {"data", data}};
}

json LiveApi::request(
    const std::string& method,
    const std::string& target,
    const std::string& body,
    const std::string& type
) {
    const auto answer = transport_->send(
        {.method = method, .target = target, .headers = {{"Content-Type", type}}, .body = body},
        call()
    );
    if (answer.status > 299) {
        throw status_error(answer, method + " " + target);
    }
    return json::parse(answer.body);
}

std::string LiveApi::current_schema(const std::string& plural) {
    return text_of(std::filesystem::path(require_variable("DJDB_CRDS")) / (plural + ".yaml"));
}

void LiveApi::apply_crd(const std::string& plural, const std::string& text) {
    request(
        "PATCH",
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + plural +
            ".djangodb.io?fieldManager=apitest&force=true",
        text,
        "application/apply-patch+yaml"
    );
}

bool LiveApi::is_served(const Resource& resource) {
    try {
        admin_->list(resource, {}, call());
        return true;
    } catch (const Error&) {
        return false;
    }
}

void LiveApi::remove_crds() {
    const Resource crds{
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        false};
    for (const auto* plural : {"djangodatabases", "postgresservers"}) {
        const ObjectKey crd{{}, ObjectName(std::string(plural) + ".djangodb.io")};
        admin_->remove(crds, crd, {}, call());
        // Its objects go first; what is applied meanwhile would go with it.
        EXPECT_TRUE(eventually([&] { return !admin_->read(crds, crd, call()); })) << plural;
    }
}

std::string LiveApi::issue_token(const std::string& account) {
    const json wanted{
        {"apiVersion", "authentication.k8s.io/v1"},
        {"kind", "TokenRequest"},
        {"spec", {{"expirationSeconds", 3600}}}};
    const auto target = "/api/v1/namespaces/" + space_ + "/serviceaccounts/" + account + "/token";
    return request("POST", target, wanted.dump()).at("status").at("token").get<std::string>();
}

void LiveApi::kill_server() {
    const auto process = std::stoi(first_word_of(state() / "run" / "kube-apiserver.pid"));
    ::kill(process, SIGKILL);
    const auto is_down = [] {
        try {
            connect(admin_config())->fetch("/version", call());
            return false;
        } catch (const Error& error) {
            return error.failure().code == "Connect";
        }
    };
    if (!eventually(is_down)) {
        throw std::runtime_error("the API server still answers");
    }
}

void LiveApi::start_server() {
    run({require_variable("DJDB_CLUSTER_UP"), "--profile", "apiserver", "--dir", state().string()});
    transport_ = make_beast_transport(admin_config());
    admin_ = connect(admin_config());
}

void LiveApi::compact() {
    const auto url = first_word_of(state() / "etcd-url");
    const auto range = post_plainly(url, "/v3/kv/range", R"({"key":"AA=="})");
    const auto body = json::parse(range.substr(range.find("\r\n\r\n") + 4));
    const auto revision = body.at("header").at("revision").get<std::string>();
    const auto answer = post_plainly(
        url, "/v3/kv/compaction", R"({"physical":true,"revision":")" + revision + "\"}"
    );
    if (answer.find(" 200 ") == std::string::npos) {
        throw std::runtime_error("etcd did not compact: " + answer);
    }
}

std::size_t LiveApi::audited(
    const std::string& user_agent, const std::string& verb, const std::string& resource
) {
    std::ifstream log(state() / "log" / "audit.log");
    std::size_t count = 0;
    for (std::string line; std::getline(log, line);) {
        const auto entry = json::parse(line, nullptr, false);
        if (entry.is_object() && entry.value("userAgent", "") == user_agent &&
            entry.value("verb", "") == verb &&
            entry.value("/objectRef/resource"_json_pointer, "") == resource &&
            entry.value("stage", "") == "ResponseComplete") {
            ++count;
        }
    }
    return count;
}

}  // namespace djdb::kube
