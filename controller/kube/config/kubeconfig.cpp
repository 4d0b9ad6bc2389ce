// The parts of a kubeconfig that need no program of the user's to run: what we can't do is refused,
// never ignored.
#include "controller/kube/config/config.hpp"
#include "controller/kube/config/text_file.hpp"

#include <openssl/evp.h>
#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <regex>
#include <system_error>
#include <utility>
#include <vector>

namespace djdb::kube {
namespace {

class Kubeconfig {
  public:
    explicit Kubeconfig(std::filesystem::path file) : file_(std::move(file)), document_(load()) {}

    ClusterConfig resolve(std::string context_name) {
        if (context_name.empty()) {
            context_name = text(document_, "current-context");
        }
        if (context_name.empty()) {
            refuse("has no current-context");
        }
        const auto context = named("contexts", context_name, "context");
        ClusterConfig config;
        if (const auto ns = text(context, "namespace"); !ns.empty()) {
            config.default_namespace = ns;
        }
        const auto cluster_name = text(context, "cluster");
        read_cluster(named("clusters", cluster_name, "cluster"), cluster_name, config);
        const auto user_name = text(context, "user");
        read_user(named("users", user_name, "user"), user_name, config);
        return config;
    }

  private:
    [[noreturn]] void refuse(const std::string& what) const {
        throw ConfigError("kubeconfig " + file_.string() + " " + what);
    }

    YAML::Node load() const {
        try {
            std::error_code failed;
            constexpr auto kLargest = std::uintmax_t{1024} * 1024;
            if (std::filesystem::file_size(file_, failed) > kLargest && !failed) {
                refuse("is above 1 MiB");
            }
            const auto document = YAML::LoadFile(file_.string());
            if (!document.IsMap()) {
                refuse("is not a YAML mapping");
            }
            return document;
        } catch (const YAML::BadFile&) {
            refuse("can't be read");
        } catch (const YAML::Exception& error) {
            refuse("is not YAML: line " + std::to_string(error.mark.line + 1));
        }
    }

    std::string text(const YAML::Node& node, const char* key) const {
        const auto value = node[key];
        if (!value || value.IsNull()) {
            return {};
        }
        if (!value.IsScalar()) {
            refuse(std::string("has a field ") + key + " that is not text");
        }
        return value.Scalar();
    }

    YAML::Node named(const char* list, const std::string& name, const char* member) const {
        const auto entries = document_[list];
        for (const auto& entry : entries) {
            if (entry.IsMap() && text(entry, "name") == name && entry[member] &&
                entry[member].IsMap()) {
                return entry[member];
            }
        }
        refuse(std::string("has no ") + member + " \"" + name + "\"");
    }

    void read_cluster(const YAML::Node& cluster, const std::string& name, ClusterConfig& config)
        const {
        const auto server = text(cluster, "server");
        static const std::regex kUrl(
            R"(https://(\[[0-9a-fA-F:.]+\]|[^/:\[\]]+)(?::([0-9]{1,5}))?(/.*)?)"
        );
        std::smatch parts;
        if (!std::regex_match(server, parts, kUrl)) {
            refuse(
                "names server \"" + server + "\" in cluster \"" + name +
                "\"; only https is supported"
            );
        }
        config.host = parts[1].str();
        if (config.host.front() == '[') {
            config.host = config.host.substr(1, config.host.size() - 2);
        }
        const int port = parts[2].matched ? std::stoi(parts[2].str()) : 443;
        if (port < 1 || port > 65535) {
            refuse("names port " + std::to_string(port) + " in cluster \"" + name + "\"");
        }
        config.port = static_cast<std::uint16_t>(port);
        config.base_path = parts[3].str();
        while (!config.base_path.empty() && config.base_path.back() == '/') {
            config.base_path.pop_back();
        }
        if (text(cluster, "insecure-skip-tls-verify") == "true") {
            refuse(
                "sets insecure-skip-tls-verify in cluster \"" + name +
                "\", which is not supported; give certificate-authority instead"
            );
        }
        for (const auto* key : {"tls-server-name", "proxy-url"}) {
            if (!text(cluster, key).empty()) {
                refuse(
                    std::string("sets ") + key + " in cluster \"" + name +
                    "\", which is not supported"
                );
            }
        }
        config.ca_pem = inline_or_file(cluster, "certificate-authority", config.ca_file);
        if (config.ca_pem.empty()) {
            refuse("has no certificate-authority in cluster \"" + name + "\"");
        }
    }

    void read_user(const YAML::Node& user, const std::string& name, ClusterConfig& config) const {
        for (const auto* key : {"exec", "auth-provider", "username", "password", "as"}) {
            if (user[key]) {
                refuse(
                    std::string("uses ") + key + " for user \"" + name +
                    "\", which is not supported; use a token or a client certificate"
                );
            }
        }
        config.token = Sensitive(text(user, "token"));
        if (const auto file = text(user, "tokenFile"); !file.empty() && config.token.empty()) {
            config.token_file = beside(file);
        }
        config.client_certificate_pem =
            inline_or_file(user, "client-certificate", config.client_certificate_file);
        config.client_key_pem =
            Sensitive(inline_or_file(user, "client-key", config.client_key_file));
        if (config.client_certificate_pem.empty() != config.client_key_pem.empty()) {
            refuse("has only one of client-certificate and client-key for user \"" + name + "\"");
        }
        if (config.token.empty() && config.token_file.empty() && config.client_key_pem.empty()) {
            refuse("has neither token nor client certificate for user \"" + name + "\"");
        }
    }

    std::filesystem::path beside(const std::filesystem::path& file) const {
        return file.is_absolute() ? file : file_.parent_path() / file;
    }

    /// "KEY-data" in base64 wins over the file in "KEY", as for kubectl.
    /// @param path the file, if it was one
    std::string inline_or_file(
        const YAML::Node& node, const std::string& key, std::filesystem::path& path
    ) const {
        if (const auto data = text(node, (key + "-data").c_str()); !data.empty()) {
            return decode_base64(data, key);
        }
        const auto file = text(node, key.c_str());
        if (file.empty()) {
            return {};
        }
        path = beside(file);
        auto content = read_text_file(path);
        if (!content) {
            refuse("names " + path.string() + " as " + key + ", which can't be read");
        }
        return *std::move(content);
    }

    std::string decode_base64(std::string data, const std::string& key) const {
        std::erase_if(data, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
        std::vector<unsigned char> bytes(data.size() / 4 * 3 + 3);
        const int size = EVP_DecodeBlock(
            bytes.data(),
            reinterpret_cast<const unsigned char*>(data.data()),
            static_cast<int>(data.size())
        );
        if (size < 0 || data.size() % 4 != 0) {
            refuse("has " + key + "-data that is not base64");
        }
        auto length = static_cast<std::size_t>(size);
        // OpenSSL counts the padding as bytes.
        for (auto last = data.rbegin(); last != data.rend() && *last == '=' && length > 0; ++last) {
            --length;
        }
        return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)};
    }

    std::filesystem::path file_;
    YAML::Node document_;
};

}  // namespace

ClusterConfig kubeconfig(const std::filesystem::path& file, const std::string& context) {
    return Kubeconfig(file).resolve(context);
}

}  // namespace djdb::kube
