#include "reconcilers/stages/release/evidence.hpp"

#include "reconcilers/crc32.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>

namespace djdb {
namespace {

/// What the Job says is applied and the database does not show; empty when all is there.
std::string missing_from(const AppliedMigrations& applied, const Answered& answer) {
    std::string missing;
    for (const auto* list : {&answer.leaves, &answer.applied}) {
        for (const auto& name : *list) {
            if (std::ranges::find(applied.names, name) == applied.names.end()) {
                missing += (missing.empty() ? "" : ", ") + name;
            }
        }
    }
    std::set<std::uint32_t> recorded;
    for (const auto& name : applied.names) {
        recorded.insert(crc32(name));
    }
    const auto unknown = std::ranges::count_if(answer.leaf_hashes, [&](std::uint32_t hash) {
        return !recorded.contains(hash);
    });
    if (unknown != 0) {
        missing += (missing.empty() ? "" : ", ") + std::to_string(unknown) + " of " +
                   std::to_string(answer.leaf_hashes.size()) + " leaf migrations";
    }
    return missing;
}

Verdict disbelieve(Reason reason, const JobRun& job, const std::string& why) {
    return Blocked{
        {reason,
         "Job \"" + job.name + "\" reported success, but " + why +
             ". New Pods are held and the old ones serve."}};
}

/// The table, where the Job says that the app has it.
std::string name_table(const Answered& answer) {
    return (answer.recorded_in.empty() ? "" : answer.recorded_in + ".") + "django_migrations";
}

/// Nothing can be looked for in the database, so what counts is that the app was in it as the role
/// that its migrations would have, and that no release before it had any.
std::optional<Verdict> doubt_of_none(
    const Desired& desired,
    const JobRun& job,
    const Answered& answer,
    const AppliedMigrations& applied
) {
    const auto& names = desired.names;
    if (answer.database != names.database.str() || answer.user != names.owner.str()) {
        return disbelieve(
            Reason::WrongDatabaseOrUser,
            job,
            "the app was in database \"" + answer.database + "\" as \"" + answer.user +
                "\" instead of \"" + names.database.str() + "\" as \"" + names.owner.str() +
                "\"; read DB_* from the Secret"
        );
    }
    if (!applied.names.empty()) {
        return disbelieve(
            Reason::UnappliedRemain,
            job,
            "the image has no migrations while " + name_table(answer) + " has " +
                std::to_string(applied.names.size()) +
                "; check which settings the image uses, or delete those rows if none is needed "
                "any more"
        );
    }
    return std::nullopt;
}

std::optional<Verdict> doubt_of_leaves(
    const JobRun& job, const Answered& answer, const AppliedMigrations& applied
) {
    if (answer.leaves.empty() && answer.leaf_hashes.empty()) {
        return disbelieve(
            Reason::UnappliedRemain,
            job,
            "its answer names no migration that could be looked for in the database: there are "
            "more than fit into 4096 bytes, or it is not the operator's; check which settings the "
            "image uses"
        );
    }
    const auto missing = applied.table_exists ? missing_from(applied, answer) : "everything";
    if (!missing.empty()) {
        return disbelieve(
            Reason::UnappliedRemain,
            job,
            name_table(answer) + " lacks " + missing + "; check which database the image uses"
        );
    }
    return std::nullopt;
}

}  // namespace

std::optional<Verdict> doubt_of(
    const Desired& desired,
    const JobRun& job,
    const Answered& answer,
    const AppliedMigrations& applied
) {
    return answer.has_no_migrations ? doubt_of_none(desired, job, answer, applied)
                                    : doubt_of_leaves(job, answer, applied);
}

}  // namespace djdb
