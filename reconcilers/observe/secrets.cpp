#include "reconcilers/observe/secrets.hpp"

#include "reconcilers/execute/stored_passwords.hpp"
#include "reconcilers/manifests/ca_bundle.hpp"
#include "reconcilers/manifests/secret.hpp"

#include <algorithm>

namespace djdb {
namespace {

std::string held_ca(const Desired& desired, const std::optional<SecretFacts>& secret) {
    const bool is_ours = secret && secret->controller == desired.object.meta.uid;
    const auto found = is_ours ? secret->find(kCaKey) : std::nullopt;
    return found ? found->reveal() : "";
}

PublishedState judge_secret(
    const Desired& desired,
    const std::optional<SecretFacts>& secret,
    const ServerAccess& access,
    const RoleName& login,
    const std::optional<Sensitive>& password
) {
    if (!secret) {
        return PublishedState::Absent;
    }
    if (secret->controller != desired.object.meta.uid) {
        return PublishedState::Foreign;
    }
    if (!password) {
        return PublishedState::OutOfDate;
    }
    const auto wanted =
        render_secret_data(desired, access, login, *password, held_ca(desired, secret));
    const bool has_wanted = std::ranges::all_of(wanted, [&](const auto& entry) {
        const auto found = secret->data.find(entry.first);
        return found != secret->data.end() && found->second == entry.second;
    });
    // Keys of others stay, and a key that we wrote once and want no more is to be removed.
    const bool has_leftover = std::ranges::any_of(secret->own_keys, [&](const auto& key) {
        return !wanted.contains(key);
    });
    return has_wanted && !has_leftover ? PublishedState::UpToDate : PublishedState::OutOfDate;
}

PublishedState judge_ca(
    const Desired& desired, const std::optional<ConfigMapFacts>& found, const std::string& ca_pem
) {
    if (!found) {
        return PublishedState::Absent;
    }
    if (found->controller != desired.object.meta.uid) {
        return PublishedState::Foreign;
    }
    const auto held = found->data.find(kCaKey);
    return held != found->data.end() && held->second == ca_pem ? PublishedState::UpToDate
                                                               : PublishedState::OutOfDate;
}

/// Without a CA one from before is left: Pods mount it.
void observe_ca(
    const Desired& desired,
    const std::string& ca_pem,
    Cluster& cluster,
    const CallContext& call,
    ObservedSecrets& secrets
) {
    if (ca_pem.empty()) {
        return;
    }
    const auto found = cluster.read_config_map({desired.object.meta.key.ns, desired.ca_name}, call);
    secrets.versions[{PublishedKind::ConfigMap, desired.ca_name}] = found ? found->version : "";
    secrets.ca = judge_ca(desired, found, ca_pem);
}

}  // namespace

ObservedSecrets observe_secrets(
    const Desired& desired, const ServerAccess& access, Cluster& cluster, const CallContext& call
) {
    ObservedSecrets secrets;
    if (const auto stored = cluster.read_operator_secret(desired.credentials_name, call)) {
        secrets.stored = stored->data;
        secrets.stored_version = stored->version;
    }
    secrets.passwords = passwords_in(desired, secrets.stored);
    secrets.leftovers = leftover_secrets(desired, secrets.stored);
    const auto judge = [&](const ObjectName& name, const LoginId& login) {
        const auto secret = cluster.read_secret({desired.object.meta.key.ns, name}, call);
        secrets.versions[{PublishedKind::Secret, name}] = secret ? secret->version : "";
        secrets.held_ca[name] = held_ca(desired, secret);
        const auto& passwords = secrets.passwords;
        return judge_secret(
            desired,
            secret,
            access,
            desired.names.role(login),
            passwords ? std::optional(passwords->at(login)) : std::nullopt
        );
    };
    secrets.app = judge(desired.secret_name, desired.setup.active_login);
    for (std::size_t i = 0; i < desired.reader_secrets.size(); ++i) {
        secrets.readers.push_back(
            judge(desired.reader_secrets[i], LoginId::reader(desired.names.readers[i].name))
        );
    }
    observe_ca(desired, access.address.tls.ca_pem, cluster, call, secrets);
    return secrets;
}

}  // namespace djdb
