// The ordered list of stages: the product on a dozen lines. assess() walks it and stops at the
// first stage that is not satisfied, so every run starts from facts and never from a remembered
// phase.
#pragma once

#include "crds/conditions/conditions.hpp"
#include "reconcilers/observe/observed.hpp"
#include "reconcilers/verdict.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace djdb {

struct Stage {
    ConditionType condition;
    /// Printed while this stage is the one that is worked on.
    std::string_view phase;
    Verdict (*assess)(const Desired&, const Observed&);
};

struct StageResult {
    ConditionType condition;
    std::string_view phase;
    Verdict verdict;
};

/// The verdicts up to the one that stopped; stages behind it have none.
struct Assessment {
    std::vector<StageResult> results;

    [[nodiscard]] std::vector<Step> steps() const;
    /// The first result that is not satisfied; none when everything is.
    [[nodiscard]] const StageResult* stopped_at() const;
};

std::span<const Stage> workflow();
std::span<const Stage> deletion_workflow();
Assessment assess(std::span<const Stage> stages, const Desired& desired, const Observed& observed);

// One file each in stages/, its truth table on top.
Verdict assess_spec(const Desired&, const Observed&);
Verdict assess_server(const Desired&, const Observed&);
Verdict assess_finalizer(const Desired&, const Observed&);
Verdict assess_claim(const Desired&, const Observed&);
Verdict assess_credentials(const Desired&, const Observed&);
Verdict assess_roles(const Desired&, const Observed&);
Verdict assess_database(const Desired&, const Observed&);
Verdict assess_grants(const Desired&, const Observed&);
Verdict assess_secret(const Desired&, const Observed&);
Verdict assess_drift(const Desired&, const Observed&);
Verdict assess_gate(const Desired&, const Observed&);
Verdict assess_migration(const Desired&, const Observed&);
Verdict assess_rollout(const Desired&, const Observed&);
Verdict assess_deletion(const Desired&, const Observed&);

/// Which field of the resource can't be read, and the repair.
std::string explain_undecodable(const Desired&);
/// For whoever can't wait until the server does what deletion asks of it.
std::string how_to_orphan(const Desired&);

}  // namespace djdb
