#include "reconcilers/server_lookup.hpp"

#include <algorithm>

namespace djdb {
namespace {

bool is_allowed(const AllowedNamespaces& allowed, const Namespace& space, Cluster& cluster) {
    if (std::ranges::find(allowed.names, space.str()) != allowed.names.end()) {
        return true;
    }
    const auto labels =
        allowed.match_labels.empty() ? std::nullopt : cluster.find_namespace_labels(space);
    return labels && std::ranges::all_of(allowed.match_labels, [&](const auto& wanted) {
               const auto found = labels->find(wanted.first);
               return found != labels->end() && found->second == wanted.second;
           });
}

}  // namespace

ServerLookup look_up_server(
    const std::optional<PostgresServer>& server,
    const std::optional<Namespace>& space,
    Cluster& cluster
) {
    if (!server) {
        return {ServerReference::NotFound, {}, {}, {}};
    }
    const auto& spec = server->spec;
    if (space && !is_allowed(spec.allowed_namespaces, *space, cluster)) {
        return {ServerReference::NamespaceNotAllowed, {}, {}, {}};
    }
    const auto admin = cluster.find_operator_secret(ObjectName(spec.admin_secret_ref.name));
    if (!admin) {
        return {
            ServerReference::AdminSecretMissing, "\"" + spec.admin_secret_ref.name + "\"", {}, {}};
    }
    const auto user = admin->find("username");
    const auto password = admin->find("password");
    if (!user || !password) {
        return {
            ServerReference::AdminSecretInvalid, "\"" + spec.admin_secret_ref.name + "\"", {}, {}};
    }
    const auto& reference = spec.tls.ca_secret_ref;
    const auto ca_secret = cluster.find_operator_secret(ObjectName(reference.name));
    const auto ca = ca_secret ? ca_secret->find(reference.key) : std::nullopt;
    if (!ca) {
        return {
            ServerReference::CaMissing,
            "\"" + reference.name + "\" key \"" + reference.key + "\"",
            {},
            {}};
    }
    return {
        ServerReference::Found,
        {},
        ServerAccess{
            spec.host,
            spec.port,
            spec.maintenance_database,
            ca->reveal(),
            user->reveal(),
            *password,
            spec.tls.mode,
            {},
            {},
            spec.password_mode,
            static_cast<std::size_t>(spec.max_sessions)},
        {spec.allowed_extensions, spec.grants, spec.deletion.allow_drop}};
}

}  // namespace djdb
