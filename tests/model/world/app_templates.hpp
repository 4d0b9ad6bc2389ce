// What the ledger calls a Deployment's template, so that its rows and the world's Deployments meet.
#pragma once

#include <string>

namespace djdb::model {

/// As app_template_hash() names it. No resource of this world says which container is the app's.
std::string app_template_of(const std::string& pod_template);

}  // namespace djdb::model
