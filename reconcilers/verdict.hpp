// What a stage says: go on, do these steps, come back, or a person is needed.
#pragma once

#include "crds/conditions/conditions.hpp"
#include "reconcilers/step.hpp"

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace djdb {

/// A reason with a sentence that a Django developer understands.
struct Finding {
    Reason reason = Reason::Succeeded;
    std::string message;
};

/// How sure a stage is of its promise while the next one goes on: what its condition says.
enum class Confidence {
    Holds,    ///< True
    Doubted,  ///< False
    Unknown,  ///< Unknown: there is nothing yet that it could hold for
};

/// The next stage goes on.
struct Satisfied {
    Finding finding;
    Confidence confidence = Confidence::Holds;
    /// To be done beside: the promise is kept without them.
    std::vector<Step> steps = {};
};

/// What happens after the steps of a stage.
enum class AfterSteps {
    Stop,      ///< the next run looks at what they did
    Continue,  ///< the next stage plans as if they had succeeded: execution ends at the first failure
};

struct Act {
    Finding finding;
    std::vector<Step> steps;
    AfterSteps after = AfterSteps::Stop;
};

struct Wait {
    Finding finding;
    /// When to look again although nothing changed; none: the next change tells.
    std::optional<TimePoint> until;
};

struct Blocked {
    Finding finding;
};

using Verdict = std::variant<Satisfied, Act, Wait, Blocked>;

inline std::span<const Step> steps_of(const Verdict& verdict) {
    if (const auto* act = std::get_if<Act>(&verdict)) {
        return act->steps;
    }
    if (const auto* satisfied = std::get_if<Satisfied>(&verdict)) {
        return satisfied->steps;
    }
    return {};
}

/// The next stage goes on, but a person should know.
inline Satisfied satisfied_with_warning(Finding finding) {
    return {std::move(finding), Confidence::Doubted};
}
/// There is nothing yet that it could hold for.
inline Satisfied not_applicable(Finding finding) {
    return {std::move(finding), Confidence::Unknown};
}
inline Act act_and_stop(Finding finding, std::vector<Step> steps) {
    return {std::move(finding), std::move(steps), AfterSteps::Stop};
}
inline Act act_and_continue(Finding finding, std::vector<Step> steps) {
    return {std::move(finding), std::move(steps), AfterSteps::Continue};
}

}  // namespace djdb
