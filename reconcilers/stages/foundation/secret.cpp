// secret.cpp -- each Secret is published once a login with it has been proven.
//   a login refused after its password was set again -> Blocked(LoginRejected): tried again, not set
//   one of them Foreign            -> Blocked(SecretConflict)
//   one of them Absent | OutOfDate -> Act(prove and publish what is not UpToDate)
//   Secrets of removed readers     -> Act(RemoveReaderSecret, ForgetReaders)
//   all UpToDate                   -> Satisfied
#include "reconcilers/workflow.hpp"

namespace djdb {
namespace {

bool needs_publishing(SecretState state) {
    return state == SecretState::Absent || state == SecretState::OutOfDate;
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

Blocked refuse(const std::string& name, const std::string& field) {
    return {
        {Reason::SecretConflict,
         name +
             " exists and was not made for this resource. It was left as it is; choose another " +
             field + " or delete it."}};
}

}  // namespace

Verdict assess_secret(const Desired& desired, const Observed& observed) {
    const auto name = "Secret \"" + desired.secret_name.str() + "\"";
    if (!observed.inspection.refused_logins.empty()) {
        return explain_refused(observed.inspection.refused_logins);
    }
    if (observed.secrets.app == SecretState::Foreign) {
        return refuse(name, "spec.credentials.secretName");
    }
    auto publishing =
        act_and_stop({Reason::Progressing, "Proving the logins and publishing " + name + "."}, {});
    if (needs_publishing(observed.secrets.app)) {
        publishing.steps = {ProveLogins{}, PublishSecret{}};
    }
    for (std::size_t i = 0; i < observed.secrets.readers.size(); ++i) {
        if (observed.secrets.readers[i] == SecretState::Foreign) {
            return refuse(
                "Secret \"" + desired.reader_secrets[i].str() + "\"",
                "spec.access.readers[].secretName"
            );
        }
        if (needs_publishing(observed.secrets.readers[i])) {
            publishing.steps.emplace_back(ProveReader{i});
            publishing.steps.emplace_back(PublishReaderSecret{i});
        }
    }
    for (const auto& leftover : observed.secrets.leftovers) {
        publishing.steps.emplace_back(RemoveReaderSecret{leftover});
    }
    if (!observed.secrets.leftovers.empty()) {
        publishing.steps.emplace_back(ForgetReaders{});
    }
    if (!publishing.steps.empty()) {
        return publishing;
    }
    return Satisfied{{Reason::Succeeded, name + " is published; a login with it was proven."}};
}

}  // namespace djdb
