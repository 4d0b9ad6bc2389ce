#include "reconcilers/manifests/secret.hpp"

#include "crds/api.hpp"
#include "crds/text.hpp"
#include "reconcilers/sslmode.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <utility>

namespace djdb {
namespace {

using Values = std::map<std::string, std::string>;

/// @return nullopt when a placeholder is not among the values
std::optional<std::string> expand(const std::string& text, const Values& values) {
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
        if (text[at] != '{') {
            out += text[at++];
            continue;
        }
        const auto end = text.find('}', at);
        const auto value = end == std::string::npos
                               ? values.end()
                               : values.find(text.substr(at + 1, end - at - 1));
        if (value == values.end()) {
            return std::nullopt;
        }
        out += value->second;
        at = end + 1;
    }
    return out;
}

std::string ssl_mode_of(const ServerAccess& access) {
    if (access.is_socket()) {
        return "disable";
    }
    return sslmode(access.tls);
}

/// RFC 3986: an IPv6 literal stands in brackets, and the path of a socket is encoded.
std::string url_host_of(const ServerAccess& access) {
    if (access.is_socket()) {
        return percent_encode(access.host);
    }
    return access.host.find(':') == std::string::npos ? access.host : "[" + access.host + "]";
}

}  // namespace

SecretData render_secret_data(
    const Desired& desired,
    const ServerAccess& access,
    const RoleName& user,
    const Sensitive& password
) {
    const auto& credentials = desired.object.spec.credentials;
    const auto port = std::to_string(access.port);
    const auto& database = desired.names.database.str();
    const auto ssl_mode = ssl_mode_of(access);
    const auto ca_path = access.ca_pem.empty() ? "" : credentials.ca_path;
    const auto url = "postgresql://" + percent_encode(user.str()) + ":" +
                     percent_encode(password.reveal()) + "@" + url_host_of(access) + ":" + port +
                     "/" + percent_encode(database) + "?sslmode=" + ssl_mode +
                     (ca_path.empty() ? "" : "&sslrootcert=" + percent_encode(ca_path));
    const Values values{
        {"name", database},
        {"user", user.str()},
        {"password", password.reveal()},
        {"host", access.host},
        {"port", port},
        {"sslmode", ssl_mode},
        {"sslrootcert", ca_path},
        {"url", url}};
    Values templates{
        {"DB_NAME", "{name}"},
        {"DB_USER", "{user}"},
        {"DB_PASSWORD", "{password}"},
        {"DB_HOST", "{host}"},
        {"DB_PORT", "{port}"},
        {"DB_SSLMODE", "{sslmode}"},
        {"DB_CONN_MAX_AGE", "60"},
        {"DATABASE_URL", "{url}"}};
    SecretData data;
    if (!access.ca_pem.empty()) {
        templates.emplace("DB_SSLROOTCERT", "{sslrootcert}");
        data.emplace("ca.crt", access.ca_pem);
    }
    for (const auto* list : {&std::as_const(templates), &credentials.keys}) {
        for (const auto& [key, text] : *list) {
            // A template that can't be expanded is refused before: find_key_template_error.
            if (auto value = expand(text, values)) {
                data.insert_or_assign(key, Sensitive(std::move(*value)));
            }
        }
    }
    return data;
}

std::optional<std::string> find_key_template_error(const CredentialsSpec& credentials) {
    static const Values kKnown{
        {"name", ""},
        {"user", ""},
        {"password", ""},
        {"host", ""},
        {"port", ""},
        {"sslmode", ""},
        {"sslrootcert", ""},
        {"url", ""}};
    for (const auto& [key, text] : credentials.keys) {
        if (!expand(text, kKnown)) {
            return "spec.credentials.keys." + key +
                   " has an unknown placeholder. Nothing was changed; use {name} {user} {password} "
                   "{host} {port} {sslmode} {sslrootcert} {url}.";
        }
    }
    return std::nullopt;
}

nlohmann::json render_metadata(const Desired& desired, const std::string& name) {
    const auto& meta = desired.object.meta;
    return {
        {"name", name},
        {"namespace", meta.key.space.str()},
        {"labels",
         {{std::string(api::kManagedByLabel), std::string(api::kOperator)},
          {std::string(api::kOwnedByLabel), meta.key.name.str()}}},
        {"ownerReferences",
         {{{"apiVersion", std::string(api::kGroupVersion)},
           {"kind", "DjangoDatabase"},
           {"name", meta.key.name.str()},
           {"uid", meta.uid.str()},
           {"controller", true}}}}};
}

nlohmann::json render_secret(const Desired& desired, const ObjectName& name) {
    return {
        {"apiVersion", "v1"},
        {"kind", "Secret"},
        {"type", "Opaque"},
        {"metadata", render_metadata(desired, name.str())}};
}

}  // namespace djdb
