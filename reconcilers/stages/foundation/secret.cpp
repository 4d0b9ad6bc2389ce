// secret.cpp -- each Secret is published once a login with it has been proven, and the CA beside them.
//   a login refused after its password was set again -> Blocked(LoginRejected): tried again, not set
//   a Secret Foreign               -> Blocked(SecretConflict)
//   the ConfigMap Foreign, the CA too long for Secrets -> Blocked(SecretConflict): it is nowhere
//   a Secret Absent | OutOfDate, or the ConfigMap with a CA that is nowhere else
//                                  -> Act(prove and publish what is not UpToDate)
//   Secrets of removed readers     -> Act(RemoveReaderSecret, ForgetReaders)
//   all Secrets UpToDate, the CA in them, and the ConfigMap
//     Foreign                      -> Satisfied, doubted(SecretConflict): what runs needs it not
//     Absent | OutOfDate           -> Satisfied, and PublishCa beside
//   all UpToDate                   -> Satisfied; of a CA too long for Secrets with the mount to change
#include "crds/text.hpp"
#include "reconcilers/manifests/ca_bundle.hpp"
#include "reconcilers/workflow.hpp"

namespace djdb {
namespace {

bool needs_publishing(PublishedState state) {
    return state == PublishedState::Absent || state == PublishedState::OutOfDate;
}

Blocked explain_refused(const std::vector<RoleName>& logins) {
    return {
        {Reason::LoginRejected,
         "The server refuses the login of " + logins.front().str() +
             " although its password was just set again, so it is refused for another reason. The "
             "password is left as it is, and the login tried every few minutes; the server's log "
             "says why it refuses: look at the lines of pg_hba.conf for it, and at "
             "password_encryption, which has to be scram-sha-256 where they say so."}};
}

Finding explain_foreign(const std::string& name, const std::string& field) {
    return {
        Reason::SecretConflict,
        name + " exists and was not made for this resource. It was left as it is; choose another " +
            field + " or delete it."};
}

Finding explain_foreign_reader(const Desired& desired, std::size_t reader) {
    const auto name = "Secret \"" + desired.reader_secrets[reader].str() + "\"";
    if (desired.readers[reader].name != kBackupReader) {
        return explain_foreign(name, "spec.access.readers[].secretName");
    }
    return {
        Reason::SecretConflict,
        name +
            " exists and was not made for this resource. It was left as it is; the login of "
            "spec.backup needs that name: rename or delete the Secret, or set spec.backup.when "
            "to Never."};
}

const std::string& ca_of(const Observed& observed) {
    return known(observed.server.access).address.tls.ca_pem;
}

std::string config_map(const Desired& desired) {
    return "ConfigMap \"" + desired.ca_name.str() + "\"";
}

Finding explain_foreign_ca(const Desired& desired, const Observed& observed) {
    auto finding = explain_foreign(config_map(desired), "spec.credentials.secretName");
    finding.message += fits_into_secret(ca_of(observed))
                           ? " Meanwhile the server's CA is in the Secrets alone."
                           : " The server's CA is too long for a Secret, so apps have no other.";
    return finding;
}

std::vector<std::string> mounting_deployments(const Desired& desired, const Observed& observed) {
    std::vector<std::string> names;
    for (const auto& workload : observed.release.workloads) {
        if (mounts_ca_of(workload.pod_template, desired.secret_name)) {
            names.push_back("\"" + workload.meta.key.name.str() + "\"");
        }
    }
    return names;
}

std::string explain_long_ca(const Desired& desired, const Observed& observed) {
    const auto& secret = desired.secret_name.str();
    const auto held = observed.secrets.held_ca_of(desired.secret_name);
    const bool is_held = !held.empty();
    std::string text = " The server's CA has " + std::to_string(ca_of(observed).size()) +
                       " bytes, too many for an environment variable, which envFrom makes of each "
                       "key, so it is in " +
                       config_map(desired) +
                       " alone. Change the mount in the Pod templates: \"configMap: {name: " +
                       desired.ca_name.str() + "}\" in place of \"secret: {secretName: " + secret +
                       "}\".";
    if (is_held) {
        text += " For Pods that mount the Secret, ca.crt stays there as it was before, with " +
                std::to_string(held.size()) +
                " bytes: change them before the server gets a certificate of another CA, then "
                "remove it: kubectl -n " +
                desired.object.meta.key.ns.str() + " patch secret " + secret +
                R"( --type=json -p '[{"op":"remove","path":"/data/ca.crt"}]')";
    }
    if (const auto names = mounting_deployments(desired, observed); !names.empty()) {
        text += (is_held ? " Now this Secret is mounted by Deployment "
                         : " New Pods can't start with the mount of Deployment ") +
                join(names, ", ") + ".";
    }
    return text;
}

/// All Secrets are as they should be.
Satisfied satisfy(const Desired& desired, const Observed& observed) {
    if (observed.secrets.ca == PublishedState::Foreign) {
        return satisfied_with_warning(explain_foreign_ca(desired, observed));
    }
    Satisfied satisfied{
        {Reason::Succeeded,
         "Secret \"" + desired.secret_name.str() + "\" is published; a login with it was proven."}};
    if (!fits_into_secret(ca_of(observed))) {
        satisfied.finding.message += explain_long_ca(desired, observed);
    } else if (needs_publishing(observed.secrets.ca)) {
        satisfied.steps = {PublishCa{}};
    }
    return satisfied;
}

/// What is to be made or removed. The ConfigMap last: where it is refused, what mounts the Secret has it.
std::vector<Step> publishing(const Observed& observed) {
    const auto& secrets = observed.secrets;
    std::vector<Step> steps;
    if (needs_publishing(secrets.app)) {
        steps = {ProveLogins{}, PublishSecret{}};
    }
    for (std::size_t i = 0; i < secrets.readers.size(); ++i) {
        if (needs_publishing(secrets.readers[i])) {
            steps.emplace_back(ProveReader{i});
            steps.emplace_back(PublishReaderSecret{i});
        }
    }
    for (const auto& leftover : secrets.leftovers) {
        steps.emplace_back(RemoveReaderSecret{leftover});
    }
    if (!secrets.leftovers.empty()) {
        steps.emplace_back(ForgetReaders{});
    }
    const bool is_needed = !steps.empty() || !fits_into_secret(ca_of(observed));
    if (is_needed && needs_publishing(secrets.ca)) {
        steps.emplace_back(PublishCa{});
    }
    return steps;
}

}  // namespace

Verdict assess_secret(const Desired& desired, const Observed& observed) {
    const auto& secrets = observed.secrets;
    const auto name = "Secret \"" + desired.secret_name.str() + "\"";
    if (!observed.inspection.refused_logins.empty()) {
        return explain_refused(observed.inspection.refused_logins);
    }
    if (secrets.app == PublishedState::Foreign) {
        return Blocked{explain_foreign(name, "spec.credentials.secretName")};
    }
    for (std::size_t i = 0; i < secrets.readers.size(); ++i) {
        if (secrets.readers[i] == PublishedState::Foreign) {
            return Blocked{explain_foreign_reader(desired, i)};
        }
    }
    if (secrets.ca == PublishedState::Foreign && !fits_into_secret(ca_of(observed))) {
        return Blocked{explain_foreign_ca(desired, observed)};
    }
    if (auto steps = publishing(observed); !steps.empty()) {
        return act_and_stop(
            {Reason::Progressing, "Proving the logins and publishing " + name + "."},
            std::move(steps)
        );
    }
    return satisfy(desired, observed);
}

}  // namespace djdb
