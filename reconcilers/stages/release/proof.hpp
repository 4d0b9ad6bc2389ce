// How far each labelled Deployment's template is proven, and which Job is to prove what is left. Pure.
//
// the ledger has the template | its ConfigMaps and Secrets | django_migrations holds | proof
// ----------------------------|----------------------------|-------------------------|----------------
// no                          | any                        | any                     | None
// yes                         | any                        | something else          | DatabaseChanged
// yes                         | have other versions        | what it held, unknown   | ConfigChanged
// yes                         | are as they were           | what it held, unknown   | Passed
#pragma once

#include "reconcilers/app_template.hpp"
#include "reconcilers/desired.hpp"
#include "reconcilers/observe/observed.hpp"

#include <string>
#include <vector>

namespace djdb {

/// A release is the set of templates. Each opens when it has passed, so that a restart of one does not wait for another.
enum class Proof {
    None,             ///< it never passed on this database
    ConfigChanged,    ///< it did, with other versions of the ConfigMaps and Secrets that it names
    DatabaseChanged,  ///< it did, and django_migrations holds something else now
    Passed,
};
Proof proof_of(const Desired&, const Observed&, const Workload&);
bool has_passed(const Desired&, const Observed&, const Workload&);

/// It has to be proven before anything else rolls. A ConfigMap that changes alone can't be held: what runs already has
/// it, or gets it with the next template, which is held.
bool is_to_be_proven(const Desired&, const Observed&, const Workload&);

/// No release was ever let through on this database, by this version or an earlier one.
bool has_nothing_passed(const Observed&);

/// What the ledger has of this template, whatever has changed since; nullptr: nothing.
const PassedTemplate* find_pass(const Desired&, const Observed&, const Workload&);

/// The version before let its image pass and noted no template of it, and it has rolled out.
bool passed_before_templates(const Desired&, const Observed&, const Workload&);

/// The versions of the ConfigMaps and Secrets that it names, as the ledger has them.
std::string config_versions(const Desired&, const Observed&, const Workload&);
/// Those that differ from the ones it passed with, such as ConfigMap "web".
std::string changed_configs(const Desired&, const Observed&, const Workload&);

/// The row that says that it passed with what is observed now, and that it is to be verified if the spec asks for it.
/// @param job empty: the version before let its image pass
PassedTemplate a_pass_of(
    const Desired&,
    const Observed&,
    const Workload&,
    const std::string& recorded_in,
    const ResourceUid& job
);

/// Names what a Job made from this template runs the app's code with, the versions of ConfigMaps and Secrets included.
/// What it says is true of each template with the same name, whichever command that starts. It stands on the Job.
std::string proof_name(const Desired&, const Observed&, const Workload&);

/// Names all that django_migrations holds.
std::string name_of(const AppliedMigrations&);

/// The Deployment whose Pod template migrates: the first one that is to be proven, else the first one. By label
/// djangodb.io/order, then by name.
const Workload* migration_source(const Desired&, const Observed&);

/// What the spec says of the Pods of Jobs, as text; empty: nothing. Another one takes another Job, since it may be the
/// repair of one that failed.
std::string job_shape(const Desired&);

/// Names an attempt to prove: by the resource, the image, the whole Pod template and the versions of what it names.
Revision revision_of(const Desired&, const Observed&, const Workload& source);

/// The last Job of this kind for this revision; nullptr if there is none.
const JobRun* latest_attempt(
    const std::vector<JobRun>& jobs, JobKind kind, const Revision& revision
);

/// A migration has the word first: it runs, or what it said is still to be recorded.
bool is_migrating(const Desired&, const Observed&);

/// What it said is in the ledger: what is to be proven since then takes another Job.
bool is_spent(const Observed&, const JobRun&);

}  // namespace djdb
