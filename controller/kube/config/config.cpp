#include "controller/kube/config/config.hpp"

#include "controller/kube/config/text_file.hpp"

#include <charconv>
#include <cstdlib>
#include <utility>

namespace djdb::kube {
namespace {

std::string environment(const char* name) {
    const char* value =
        std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read at start, never set
    return value == nullptr ? std::string{} : std::string{value};
}

std::string read_file(const std::filesystem::path& file) {
    auto text = read_text_file(file);
    if (!text) {
        throw ConfigError("can't read " + file.string() + " of the Pod's service account");
    }
    return *std::move(text);
}

}  // namespace

bool is_in_cluster() {
    return !environment("KUBERNETES_SERVICE_HOST").empty();
}

ClusterConfig in_cluster_config(const std::filesystem::path& folder) {
    ClusterConfig config;
    config.host = environment("KUBERNETES_SERVICE_HOST");
    const auto port = environment("KUBERNETES_SERVICE_PORT");
    const auto parsed = std::from_chars(port.data(), port.data() + port.size(), config.port);
    if (config.host.empty() || parsed.ec != std::errc{}) {
        throw ConfigError(
            "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is not a Pod; "
            "give --kubeconfig"
        );
    }
    // cpprestsdk can't reach IPv6 literals; the DNS name stands for the same address.
    if (config.host.find(':') != std::string::npos) {
        config.host = "kubernetes.default.svc";
    }
    config.ca_file = folder / "ca.crt";
    config.ca_pem = read_file(config.ca_file);
    config.token_file = folder / "token";
    if (read_file(config.token_file).empty()) {
        throw ConfigError(config.token_file.string() + " is empty");
    }
    config.default_namespace = read_file(folder / "namespace");
    return config;
}

ClusterConfig find_config(const std::filesystem::path& explicit_file) {
    if (!explicit_file.empty()) {
        return kubeconfig(explicit_file);
    }
    if (const auto file = environment("KUBECONFIG"); !file.empty()) {
        if (file.find(':') != std::string::npos) {
            throw ConfigError("KUBECONFIG names several files, which is not supported; name one");
        }
        return kubeconfig(file);
    }
    if (is_in_cluster()) {
        return in_cluster_config();
    }
    return kubeconfig(std::filesystem::path(environment("HOME")) / ".kube" / "config");
}

}  // namespace djdb::kube
