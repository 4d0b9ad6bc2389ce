// grants.cpp -- only the tenant may connect, its logins act as they are to, schemas, rights on rows
// and extensions are as asked for.
//   something differs, and an extension is unknown to the server  -> Blocked(ExtensionMissing)
//   .., and an extension is neither trusted nor allowed           -> Blocked(ExtensionNotAllowed)
//   something differs                                             -> Act(ConfigureDatabase)
//   a reader is no longer requested                               -> Act(RemoveReader)
//   else -> Satisfied, and says when public of 13 or 14 could not be handed over: only this tenant
//   may connect, so that no other can create in it
#include "reconcilers/workflow.hpp"

#include <algorithm>
#include <optional>

namespace djdb {
namespace {

std::optional<Blocked> refuse_extension(const Desired& desired, const Observed& observed) {
    const auto drift = all_drift(observed);
    for (const auto& extension : known(observed.tenant).extensions) {
        // One that somebody installed is as good.
        const bool is_there = known(observed.tenant).was_configured &&
                              !has_drift(drift, DriftKind::ExtensionMissing, extension.name);
        const auto& allowed = known(observed.server.access).allowed_extensions;
        if (is_there) {
            continue;
        }
        if (!extension.exists) {
            return Blocked{
                {Reason::ExtensionMissing,
                 "The server has no extension \"" + extension.name +
                     "\". Nothing was changed; install its package on the server, or correct "
                     "spec.database.extensions."}};
        }
        if (!extension.trusted && std::ranges::find(allowed, extension.name) == allowed.end()) {
            return Blocked{
                {Reason::ExtensionNotAllowed,
                 "Extension \"" + extension.name + "\" is not trusted, and PostgresServer \"" +
                     desired.object.spec.server_ref.name +
                     "\" does not allow it. Nothing was changed; ask its owner to add it to "
                     "spec.allowedExtensions, or take it out of spec.database.extensions."}};
        }
    }
    return std::nullopt;
}

Finding shared_public(const Desired& desired) {
    const auto& owner = desired.names.owner.str();
    return {
        Reason::PublicSchemaShared,
        "PUBLIC can't connect and the logins act as they are to, but schema public belongs to the "
        "server's superuser, and every login of this database may create in it: before PostgreSQL "
        "15 only a superuser can hand it over. The app works; to hand it over, run as superuser in "
        "the database: ALTER SCHEMA public OWNER TO \"" +
            owner + "\"; REVOKE CREATE ON SCHEMA public FROM PUBLIC;"};
}

}  // namespace

Verdict assess_grants(const Desired& desired, const Observed& observed) {
    const auto& tenant = known(observed.tenant);
    const auto& database = desired.names.database.str();
    if (tenant.database != DatabaseState::Open || !is_configured(observed)) {
        if (auto blocked = refuse_extension(desired, observed)) {
            return *blocked;
        }
        return act_and_continue(
            {Reason::Progressing, "Setting grants and defaults of " + database + "."},
            {ConfigureDatabase{}}
        );
    }
    if (!tenant.removed_readers.empty()) {
        auto removal =
            act_and_continue({Reason::Progressing, "Removing readers of " + database + "."}, {});
        for (const auto& role : tenant.removed_readers) {
            removal.steps.emplace_back(RemoveReader{role});
        }
        return removal;
    }
    if (tenant.shares_public_schema) {
        return Satisfied{shared_public(desired)};
    }
    const bool is_owner = desired.setup.runtime == RuntimeAccess::Owner;
    return Satisfied{
        {Reason::Succeeded,
         "PUBLIC can't connect; the app's login acts as " +
             (is_owner ? desired.names.owner.str() + ", which owns the schema"
                       : desired.names.read_write.str() + ", which reads and writes rows") +
             (desired.setup.ownership == Ownership::Schema
                  ? " and not the database."
                  : "; the owner role owns the database.")}};
}

}  // namespace djdb
