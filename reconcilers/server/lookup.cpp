#include "reconcilers/server/lookup.hpp"

#include "crds/api.hpp"
#include "reconcilers/server/identity.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace djdb {
namespace {

bool is_allowed(const AllowedNamespaces& allowed, const Namespace& ns, Cluster& cluster) {
    if (std::ranges::find(allowed.names, ns.str()) != allowed.names.end()) {
        return true;
    }
    const auto labels =
        allowed.match_labels.empty() ? std::nullopt : cluster.find_namespace_labels(ns);
    return labels && std::ranges::all_of(allowed.match_labels, [&](const auto& wanted) {
               const auto found = labels->find(wanted.first);
               return found != labels->end() && found->second == wanted.second;
           });
}

std::string quoted(const std::string& name) {
    return "\"" + name + "\"";
}

std::string quoted(const KeyRef& reference) {
    return quoted(reference.name) + " key " + quoted(reference.key);
}

ServerLookup missing(ServerReference reference, std::string detail) {
    return {reference, std::move(detail), {}, {}};
}

bool needs_ca(const PostgresServerSpec& spec) {
    return !spec.host.starts_with('/') && spec.tls.mode != TlsMode::Require;
}

const KeyRef& ca_reference(const TlsSpec& tls) {
    return tls.ca_config_map_ref.name.empty() ? tls.ca_secret_ref : tls.ca_config_map_ref;
}

std::optional<std::string> find_ca(const TlsSpec& tls, Cluster& cluster) {
    const auto& reference = ca_reference(tls);
    if (tls.ca_config_map_ref.name.empty()) {
        const auto secret = cluster.find_operator_secret(ObjectName(reference.name));
        const auto value = secret ? secret->find(reference.key) : std::nullopt;
        return value ? std::optional(value->reveal()) : std::nullopt;
    }
    const auto map = cluster.find_operator_config_map(ObjectName(reference.name));
    if (!map || !map->contains(reference.key) || map->at(reference.key).empty()) {
        return std::nullopt;
    }
    return map->at(reference.key);
}

ServerIdentity remembered(const PostgresServerStatus& status) {
    return {status.system_identifier, status.timeline, status.ledger_revision};
}

ServerIdentity accepted(const ObjectMeta& meta) {
    const auto found = meta.annotations.find(std::string(api::kAcceptServerAnnotation));
    return found == meta.annotations.end() ? ServerIdentity{} : read_acknowledgement(found->second);
}

ServerAccess access_of(const PostgresServer& server, bool is_own_reconciler) {
    const auto& spec = server.spec;
    ServerAccess access;
    access.address = {
        .host = spec.host,
        .port = spec.port,
        .tls = {spec.tls.mode},
        .max_sessions = static_cast<std::size_t>(spec.max_sessions),
        .identity = {
            remembered(server.status),
            is_own_reconciler ? accepted(server.meta) : ServerIdentity{}}};
    access.maintenance_database = spec.maintenance_database;
    access.password_mode = spec.password_mode;
    access.allowed_extensions = spec.allowed_extensions;
    return access;
}

template <class Grant>
const Grant* find_grant(
    const std::vector<Grant>& grants, const DatabaseName& database, const ObjectKey& resource
) {
    const auto found = std::ranges::find_if(grants, [&](const Grant& grant) {
        return grant.database == database.str() && grant.ns == resource.ns.str() &&
               grant.name == resource.name.str();
    });
    return found == grants.end() ? nullptr : &*found;
}

/// @returns whether what spec.tls names is whole
bool add_client_certificate(const std::string& name, Cluster& cluster, Login& administrator) {
    const auto secret = cluster.find_operator_secret(ObjectName(name));
    const auto certificate = secret ? secret->find("tls.crt") : std::nullopt;
    const auto key = secret ? secret->find("tls.key") : std::nullopt;
    if (certificate && key) {
        administrator.certificate = {certificate->reveal(), *key};
    }
    return certificate && key;
}

ServerLookup find_access(
    const PostgresServer& server,
    const std::optional<Namespace>& ns,
    Cluster& cluster,
    bool is_leaving
) {
    if (!server.undecodable.empty()) {
        return missing(ServerReference::Undecodable, server.undecodable);
    }
    const auto& spec = server.spec;
    if (ns && !is_leaving && !is_allowed(spec.allowed_namespaces, *ns, cluster)) {
        return missing(ServerReference::NamespaceNotAllowed, {});
    }
    auto access = access_of(server, !ns);
    const auto& login = spec.admin_secret_ref.name;
    const auto admin = cluster.find_operator_secret(ObjectName(login));
    if (!admin) {
        return missing(ServerReference::AdminSecretMissing, quoted(login));
    }
    const auto user = admin->find("username");
    const auto password = admin->find("password");
    if (!user || !password) {
        return missing(ServerReference::AdminSecretInvalid, quoted(login));
    }
    access.administrator = {user->reveal(), *password};
    if (needs_ca(spec)) {
        const auto ca = find_ca(spec.tls, cluster);
        if (!ca) {
            return missing(ServerReference::CaMissing, quoted(ca_reference(spec.tls)));
        }
        access.address.tls.ca_pem = *ca;
    }
    const auto& pair = spec.tls.client_certificate_ref.name;
    if (!pair.empty() && !add_client_certificate(pair, cluster, access.administrator)) {
        return missing(ServerReference::ClientCertificateInvalid, quoted(pair));
    }
    return {ServerReference::Found, {}, std::move(access), {}};
}

}  // namespace

const AdoptGrant* find_adopt_grant(
    const ServerPolicy& policy, const DatabaseName& database, const ObjectKey& resource
) {
    return find_grant(policy.grants.adopt, database, resource);
}

const TransferGrant* find_transfer_grant(
    const ServerPolicy& policy, const DatabaseName& database, const ObjectKey& resource
) {
    return find_grant(policy.grants.transfer, database, resource);
}

ServerPolicy policy_of(const PostgresServer& server) {
    return {server.spec.grants, server.spec.deletion.allow_drop};
}

ServerLookup look_up_server(
    const std::optional<PostgresServer>& server,
    const std::optional<Namespace>& ns,
    Cluster& cluster,
    bool is_leaving
) {
    if (!server) {
        return missing(ServerReference::NotFound, {});
    }
    auto lookup = find_access(*server, ns, cluster, is_leaving);
    lookup.policy = policy_of(*server);
    lookup.uid = server->meta.uid;
    lookup.version = server->status.version;
    return lookup;
}

Finding explain_reference(const ServerLookup& lookup, const std::string& server_name) {
    const auto server = "PostgresServer \"" + server_name + "\"";
    switch (lookup.reference) {
        case ServerReference::Undecodable:
            return {
                Reason::Undecodable,
                server + " can't be read: " + lookup.detail +
                    ". It was stored under another schema; nothing was changed. Correct it by "
                    "kubectl edit."};
        case ServerReference::AdminSecretMissing:
            return {
                Reason::AdminSecretMissing,
                server + ": the administrator's Secret " + lookup.detail +
                    " does not exist. Nothing was changed; create it with the keys username and "
                    "password."};
        case ServerReference::AdminSecretInvalid:
            return {
                Reason::AdminSecretInvalid,
                server + ": the administrator's Secret " + lookup.detail +
                    " lacks the key username or password. Nothing was changed; add it."};
        case ServerReference::CaMissing:
            return {
                Reason::CaSecretMissing,
                server + ": the CA certificate " + lookup.detail +
                    " was not found. Nothing was changed; create the Secret or ConfigMap with that "
                    "key in PEM form."};
        case ServerReference::ClientCertificateInvalid:
            return {
                Reason::ClientCertificateInvalid,
                server + ": the client certificate " + lookup.detail +
                    " is missing or no key pair. Nothing was changed; create the Secret with the "
                    "keys tls.crt and tls.key in PEM form."};
        case ServerReference::NotFound:
        case ServerReference::NamespaceNotAllowed:
        case ServerReference::Found:
            break;
    }
    return {Reason::ServerNotFound, server + " can't be judged."};
}

}  // namespace djdb
