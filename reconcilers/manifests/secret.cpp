#include "reconcilers/manifests/secret.hpp"

#include "crds/text.hpp"
#include "reconcilers/manifests/ca_bundle.hpp"
#include "reconcilers/manifests/metadata.hpp"
#include "reconcilers/manifests/sslmode.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

namespace djdb {
namespace {

/// What the keys of a Secret are made of.
struct Parts {
    std::string name;
    std::string user;
    std::string password;
    std::string host;
    std::string port;
    std::string sslmode;
    std::string sslrootcert;
    std::string url;
};

struct Placeholder {
    std::string_view name;
    std::string Parts::*value;
};

constexpr std::array kPlaceholders{
    Placeholder{"name", &Parts::name},
    Placeholder{"user", &Parts::user},
    Placeholder{"password", &Parts::password},
    Placeholder{"host", &Parts::host},
    Placeholder{"port", &Parts::port},
    Placeholder{"sslmode", &Parts::sslmode},
    Placeholder{"sslrootcert", &Parts::sslrootcert},
    Placeholder{"url", &Parts::url},
};

/// @return nullopt when a placeholder is unknown
std::optional<std::string> expand(const std::string& text, const Parts& parts) {
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
        if (text[at] != '{') {
            out += text[at++];
            continue;
        }
        const auto end = text.find('}', at);
        const auto name = std::string_view(text).substr(at + 1, end - at - 1);
        const auto known = std::ranges::find(kPlaceholders, name, &Placeholder::name);
        if (end == std::string::npos || known == kPlaceholders.end()) {
            return std::nullopt;
        }
        out += parts.*known->value;
        at = end + 1;
    }
    return out;
}

std::string list_placeholders() {
    std::string list;
    for (const auto& placeholder : kPlaceholders) {
        list += " {";
        list += placeholder.name;
        list += '}';
    }
    return list;
}

std::string ssl_mode_of(const ServerAddress& server) {
    if (server.is_socket()) {
        return "disable";
    }
    return sslmode(server.tls.mode);
}

/// RFC 3986: an IPv6 literal stands in brackets, and the path of a socket is encoded.
std::string url_host_of(const ServerAddress& server) {
    if (server.is_socket()) {
        return percent_encode(server.host);
    }
    return server.host.find(':') == std::string::npos ? server.host : "[" + server.host + "]";
}

}  // namespace

SecretData render_secret_data(
    const Desired& desired,
    const ServerAccess& access,
    const RoleName& user,
    const Sensitive& password,
    const std::string& held_ca
) {
    const auto& credentials = desired.object.spec.credentials;
    const auto& server = access.address;
    const auto port = std::to_string(server.port);
    const auto& database = desired.names.database.str();
    const auto ssl_mode = ssl_mode_of(server);
    const auto& ca = server.tls.ca_pem;
    const auto ca_path = ca.empty() ? "" : credentials.ca_path;
    const auto url = "postgresql://" + percent_encode(user.str()) + ":" +
                     percent_encode(password.reveal()) + "@" + url_host_of(server) + ":" + port +
                     "/" + percent_encode(database) + "?sslmode=" + ssl_mode +
                     (ca_path.empty() ? "" : "&sslrootcert=" + percent_encode(ca_path));
    const Parts parts{
        .name = database,
        .user = user.str(),
        .password = password.reveal(),
        .host = server.host,
        .port = port,
        .sslmode = ssl_mode,
        .sslrootcert = ca_path,
        .url = url};
    std::map<std::string, std::string> templates{
        {"DB_NAME", "{name}"},
        {"DB_USER", "{user}"},
        {"DB_PASSWORD", "{password}"},
        {"DB_HOST", "{host}"},
        {"DB_PORT", "{port}"},
        {"DB_SSLMODE", "{sslmode}"},
        {"DB_CONN_MAX_AGE", "60"},
        {"DATABASE_URL", "{url}"}};
    SecretData data;
    if (!ca.empty()) {
        templates.emplace("DB_SSLROOTCERT", "{sslrootcert}");
    }
    const bool is_written = !ca.empty() && fits_into_secret(ca);
    if (const auto& kept = is_written ? ca : held_ca; !kept.empty()) {
        data.emplace(kCaKey, kept);
    }
    for (const auto* list : {&std::as_const(templates), &credentials.keys}) {
        for (const auto& [key, text] : *list) {
            // A template that can't be expanded is refused before: find_key_template_error.
            if (auto value = expand(text, parts)) {
                data.insert_or_assign(key, Sensitive(std::move(*value)));
            }
        }
    }
    return data;
}

std::optional<std::string> find_key_template_error(const CredentialsSpec& credentials) {
    for (const auto& [key, text] : credentials.keys) {
        if (!expand(text, {})) {
            return "spec.credentials.keys." + key +
                   " has an unknown placeholder. Nothing was changed; use" + list_placeholders() +
                   ".";
        }
    }
    return std::nullopt;
}

nlohmann::json render_secret(const Desired& desired, const ObjectName& name) {
    return {
        {"apiVersion", "v1"},
        {"kind", "Secret"},
        {"type", "Opaque"},
        {"metadata", render_metadata(desired, name.str())}};
}

}  // namespace djdb
