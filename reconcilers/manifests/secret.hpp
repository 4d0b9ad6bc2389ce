// The Secrets that the app and its migration Job read: the DB_* contract of the deployment guide,
// DATABASE_URL, the CA if it is short (ca_bundle.hpp), and the user's own key templates. Pure.
#pragma once

#include "crds/sensitive.hpp"
#include "reconcilers/desired.hpp"
#include "reconcilers/ports/cluster.hpp"
#include "reconcilers/ports/database.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>

namespace djdb {

/// What is wrong with a template of spec.credentials.keys; the schema refuses it first.
std::optional<std::string> find_key_template_error(const CredentialsSpec& credentials);

/// Keys whose template has an error are left out.
/// @param held_ca the ca.crt that this Secret has already; empty: none
SecretData render_secret_data(
    const Desired& desired,
    const ServerAccess& access,
    const RoleName& user,
    const Sensitive& password,
    const std::string& held_ca
);

/// Without data: the adapter adds it on the way out.
nlohmann::json render_secret(const Desired& desired, const ObjectName& name);

}  // namespace djdb
