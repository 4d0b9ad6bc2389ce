// Where the API server is and who we are there: from the Pod's own files or from a kubeconfig. Read
// once at start; the files that it names are looked at again by TokenSource and TlsSource.
#pragma once

#include "crds/sensitive.hpp"

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace djdb::kube {

struct ClusterConfig {
    std::string host;
    std::uint16_t port = 443;
    /// Before every path; empty unless the server is reached below a path of a proxy.
    std::string base_path;
    /// PEM; the only roots that are trusted.
    std::string ca_pem;
    /// Where ca_pem was read from, if from a file: TlsSource reads it again.
    std::filesystem::path ca_file;
    /// At most one of these two is set. The file is read again as TokenSource says.
    Sensitive token;
    std::filesystem::path token_file;
    /// PEM; both or neither.
    std::string client_certificate_pem;
    Sensitive client_key_pem;
    /// As ca_file.
    std::filesystem::path client_certificate_file;
    std::filesystem::path client_key_file;
    std::string default_namespace = "default";
};

/// What is wrong in which file, for whom, and what to do.
class ConfigError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// The Pod's service account: KUBERNETES_SERVICE_HOST and _PORT, token, ca.crt and namespace below
/// `folder`.
/// @throws ConfigError
ClusterConfig in_cluster_config(
    const std::filesystem::path& folder = "/var/run/secrets/kubernetes.io/serviceaccount"
);
[[nodiscard]] bool is_in_cluster();

/// @param context empty: the file's current-context
/// @throws ConfigError; exec and auth-provider plugins, passwords, plain HTTP and
/// insecure-skip-tls-verify are refused
ClusterConfig kubeconfig(const std::filesystem::path& file, const std::string& context = {});

/// `explicit_file` if given, else $KUBECONFIG, else the Pod's files, else ~/.kube/config.
/// @throws ConfigError
ClusterConfig find_config(const std::filesystem::path& explicit_file = {});

}  // namespace djdb::kube
