// What has passed: in the ledger, one row for what a Deployment's app is started with.
#pragma once

#include "crds/names.hpp"

#include <optional>
#include <string>

namespace djdb {

struct PassedTemplate {
    /// As app_template_hash() names it.
    std::string app_template;
    /// The versions that the ConfigMaps and Secrets which it names had then, as text.
    std::string configs;
    ImageRef image;
    /// What django_migrations held then, as name_of() names it.
    std::string applied;
    /// The schema of that table; empty: the one in which the login finds it.
    std::string recorded_in;
    /// UID of the Job that proved it; empty: the version before let its image pass.
    ResourceUid job;
    /// What was proven of it once it had rolled out, in words; empty: it is to be proven. None: nobody asks for it, or it
    /// passed under a version that proved nothing.
    std::optional<std::string> verified = std::nullopt;
    friend bool operator==(const PassedTemplate&, const PassedTemplate&) = default;
};

}  // namespace djdb
